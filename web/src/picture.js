// Pictures in every form a page has them, made into what the engine takes: file bytes or pixels.

import { throwIfAborted } from './abort.js';
import { bytesOf, joined, pieces } from './bytes.js';
import { expectSize, expectWhole } from './check.js';
import { VqaError, reason } from './errors.js';
import { fetchFile } from './fetch.js';
import { arrived } from './later.js';

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
 * @returns {Promise<EngineCall>} the call that encodes it; its bytes are nobody else's
 */
export async function readPicture(picture, signal) {
  try {
    return await read(picture, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw error instanceof VqaError ? error : new VqaError('E_PICTURE', `the picture can't be read: ${reason(error)}`);
  }
}

/**
 * The file at an address.
 * @param {string | URL} address
 * @param {AbortSignal} [signal]
 */
export async function fetchPicture(address, signal) {
  const name = `picture ${address}`;
  return joined(pieces(bytesOf(await fetchFile(address, 'picture', signal), name), name, [], signal));
}

/**
 * @param {any} source
 * @param {AbortSignal} [signal]
 * @returns {Promise<EngineCall>}
 */
async function read(source, signal) {
  if (typeof source === 'string' || source instanceof URL) return fromFile(new Uint8Array(await fetchPicture(source, signal)));
  if (source instanceof Blob) return fromFile(new Uint8Array(await source.arrayBuffer()));
  if (source instanceof ArrayBuffer) return fromFile(new Uint8Array(source).slice());
  if (ArrayBuffer.isView(source)) return fromFile(new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice());
  if (source?.data && 'width' in source && 'height' in source) {
    expectWhole(source.width, 'width');
    expectWhole(source.height, 'height');
    return { decodedBy: 'caller', call: 'encodePixels', args: [Uint8Array.from(source.data), source.width, source.height] };
  }
  const size = drawableSize(source);
  if (size) return fromDrawable(source, size);
  throw new VqaError('E_CALL', 'the picture must be a Blob, URL, bytes, ImageData, ImageBitmap, canvas, img, video or VideoFrame');
}

/**
 * The engine decodes JPEG and PNG itself, the same everywhere. The browser is asked only for formats it may know
 * beyond those.
 * @param {Uint8Array} bytes
 * @returns {Promise<EngineCall>}
 */
async function fromFile(bytes) {
  const isOurs = [0xffd8, 0x8950].includes(bytes[0] << 8 | bytes[1]);
  const header = isOurs ? undefined : await arrived('header.js', import('./header.js'));
  const format = header?.foreignFormat(bytes);
  if (!header || !format) return { decodedBy: 'engine', call: 'encode', args: [bytes] };
  expectSize(...header.toldSize(bytes, format));
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
