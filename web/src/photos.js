// The model of the demo page, which comes with the package: bundlers find it by this line.

/** The address of its pack, 6.5 MB. Photos and drawings of common things are its world; for research only, see its model card. */
const photos = new URL('./photos.q8.safetensors', import.meta.url);

export default photos;
