// A very small model, which comes with the package: bundlers find it by this line.

/** The address of its pack, 1.4 MB. Drawings of circles, rectangles, triangles, stars and crosses are its world. */
const shapes = new URL('./shapes.q8.safetensors', import.meta.url);

export default shapes;
