/** How weights are kept that come as floats, as vqa.h numbers it. @type {Record<string, number>} */
export const PRECISIONS = { f32: 0, q8: 1, q4: 2 };
