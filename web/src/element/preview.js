// A picture as people see it, drawn on a canvas: unlike an <img> with a blob: address, every Content-Security-Policy allows that.

import { expectSize } from '../check.js';
import { foreignFormat, toldSize } from '../header.js';

/** The longest side of a preview, in pixels: the memory of a canvas is its pixels'. */
const MAX_SIDE = 1280;

/**
 * @param {import('../index.js').PictureSource} picture  no address
 * @returns {Promise<ImageBitmap>}  to be painted; rejects where it is too large, or the browser can't decode it
 */
export async function decodePreview(picture) {
  const source = drawable(picture);
  if (source instanceof Blob) {
    const bytes = new Uint8Array(await source.arrayBuffer());
    expectSize(...toldSize(bytes, foreignFormat(bytes)));
  }
  return createImageBitmap(source);
}

/**
 * Paint it on a canvas, which takes its shape, and close it.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} bitmap
 */
export function paintPreview(canvas, bitmap) {
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}

/**
 * Bytes and pixels in the form that browsers draw.
 * @param {any} picture
 * @returns {ImageBitmapSource}
 */
function drawable(picture) {
  if (picture instanceof ArrayBuffer || ArrayBuffer.isView(picture)) return new Blob([/** @type {BlobPart} */ (picture)]);
  if (picture.data && !(picture instanceof ImageData)) {
    return new ImageData(Uint8ClampedArray.from(picture.data), picture.width, picture.height);
  }
  return picture;
}
