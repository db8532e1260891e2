// Pictures in every form a page has them, made into what the engine takes: file bytes or pixels.

import { bytesOf, joined, pieces } from './bytes.js';
import { expectSize, expectWhole } from './check.js';
import { VqaError, reason } from './errors.js';
import { fetchFile } from './fetch.js';

/**
 * @typedef {{ data: ArrayLike<number>, width: number, height: number }} Pixels
 *   [height, width, 4] bytes of red, green, blue and alpha, not premultiplied; ImageData is one
 * @typedef {string | URL | Blob | ArrayBuffer | ArrayBufferView | Pixels | ImageBitmap | HTMLCanvasElement |
 *           OffscreenCanvas | HTMLImageElement | HTMLVideoElement | VideoFrame} PictureSource
 *   Files in JPEG and PNG and Pixels give the same scores everywhere. What the browser decodes or draws (GIF, BMP,
 *   WebP, AVIF, ImageBitmap, canvas, img, video) may differ a little from browser to browser: its decoder, its
 *   colors, and a canvas that keeps pixels premultiplied with alpha.
 * @typedef {'engine' | 'browser' | 'caller'} DecodedBy  who turned the picture into pixels; 'engine' does it the same everywhere
 * @typedef {{ decodedBy: DecodedBy } & ({ call: 'encode', args: [Uint8Array] } |
 *           { call: 'encodePixels', args: [Uint8Array, number, number] })} EngineCall
 */

/**
 * Read a picture.
 * @param {PictureSource} picture
 * @param {AbortSignal} [signal]
 * @returns {Promise<EngineCall>} the call that encodes it
 */
export async function readPicture(picture, signal) {
  const source = /** @type {any} */ (picture);
  if (typeof source === 'string' || source instanceof URL) {
    const name = `picture ${source}`;
    const bytes = bytesOf(await fetchFile(source, 'picture', signal), name);
    return fromFile(new Uint8Array(await joined(pieces(bytes, name, [], signal))));
  }
  if (source instanceof Blob) return fromFile(await blobBytes(source));
  if (source instanceof ArrayBuffer) return fromFile(new Uint8Array(source));
  if (ArrayBuffer.isView(source)) return fromFile(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  if (source?.data && 'width' in source && 'height' in source) {
    expectWhole(source.width, 'width');
    expectWhole(source.height, 'height');
    return { decodedBy: 'caller', call: 'encodePixels', args: [Uint8Array.from(source.data), source.width, source.height] };
  }
  const size = drawableSize(source);
  if (size) return fromDrawable(source, size);
  throw new VqaError('E_CALL', 'the picture must be a Blob, URL, bytes, ImageData, ImageBitmap, canvas, img, video or VideoFrame');
}

/** @param {Blob} blob */
async function blobBytes(blob) {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new VqaError('E_PICTURE', `the picture can't be read: ${reason(error)}`);
  }
}

/**
 * The engine decodes JPEG and PNG itself, the same everywhere. The browser is asked only for formats it may know
 * beyond those.
 * @param {Uint8Array} bytes
 * @returns {Promise<EngineCall>}
 */
async function fromFile(bytes) {
  const format = foreignFormat(bytes);
  if (!format) return { decodedBy: 'engine', call: 'encode', args: [bytes] };
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([/** @type {BlobPart} */ (bytes)]), { premultiplyAlpha: 'none' });
  } catch {
    throw new VqaError('E_PICTURE', `the ${format} picture can't be decoded here; use JPEG or PNG`);
  }
  try {
    return await fromDrawable(bitmap, [bitmap.width, bitmap.height]);
  } finally {
    bitmap.close();
  }
}

/**
 * The name of a picture format that the engine does not decode, told by the first bytes.
 * @param {Uint8Array} bytes
 * @returns {string | undefined}
 */
function foreignFormat(bytes) {
  const start = String.fromCharCode(...bytes.subarray(0, 18));
  if (/^GIF8[79]a/.test(start)) return 'GIF';
  if (/^BM.{12}[\x0c-\x80]\0\0\0/s.test(start)) return 'BMP';
  if (/^RIFF.{4}WEBP/s.test(start)) return 'WebP';
  if (/^.{4}ftyp(avif|avis)/s.test(start)) return 'AVIF';
  if (/^.{4}ftyp(heic|heix|mif1)/s.test(start)) return 'HEIC';
  if (/^(II\*\0|MM\0\*)/.test(start)) return 'TIFF';
  if (/^(\xff\x0a|\0\0\0\x0cJXL )/.test(start)) return 'JPEG XL';
  if (/^\0\0\x01\0/.test(start)) return 'ICO';
  return undefined;
}

/**
 * Width and height of something that a canvas can draw; undefined for anything else.
 * @param {any} source
 * @returns {[number, number] | undefined}
 */
function drawableSize(source) {
  /** @param {string} name */
  const is = (name) => {
    const constructor = /** @type {any} */ (globalThis)[name];
    return constructor !== undefined && source instanceof constructor;
  };
  if (is('HTMLImageElement')) return [source.naturalWidth, source.naturalHeight];
  if (is('HTMLVideoElement')) return [source.videoWidth, source.videoHeight];
  if (is('VideoFrame')) return [source.displayWidth, source.displayHeight];
  if (is('ImageBitmap') || is('HTMLCanvasElement') || is('OffscreenCanvas')) return [source.width, source.height];
  return undefined;
}

/**
 * @param {any} drawable
 * @param {[number, number]} size
 * @returns {Promise<EngineCall>}
 */
async function fromDrawable(drawable, [width, height]) {
  if (!width || !height) throw new VqaError('E_PICTURE', 'the picture is empty or has not loaded yet');
  expectSize(width, height);
  try {
    const canvas = 'document' in globalThis
      ? Object.assign(document.createElement('canvas'), { width, height })
      : new OffscreenCanvas(width, height); // in a worker of the caller's
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
    context.drawImage(drawable, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { decodedBy: 'browser', call: 'encodePixels', args: [new Uint8Array(data.buffer), width, height] };
  } catch (error) {
    throw new VqaError('E_PICTURE', `the picture's pixels can't be read: ${reason(error)}`);
  }
}
