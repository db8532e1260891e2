// What the first bytes of a picture tell.

/**
 * The name of a picture format that the engine does not decode.
 * @param {Uint8Array} bytes
 * @returns {string | undefined}
 */
export function foreignFormat(bytes) {
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
 * Width and height that a GIF, BMP, WebP, AVIF or HEIC tells: a few bytes can make a browser take gigabytes. Zeros for other formats.
 * @param {Uint8Array} bytes
 * @param {string | undefined} format
 * @returns {[number, number]}
 */
export function toldSize(bytes, format) {
  /** @param {number} at @param {number} [size] */
  const number = (at, size = 2) => bytes.subarray(at, at + size).reduceRight((sum, byte) => sum * 256 + byte, 0);
  if (format === 'GIF') {
    let at = 13 + (bytes[10] & 128 && 6 << (bytes[10] & 7)); // behind the table of colors there are extensions, in blocks
    for (; bytes[at] === 0x21; at++) for (at += 2; bytes[at]; at += bytes[at] + 1);
    return [Math.max(number(6), number(at + 1) + number(at + 5)), Math.max(number(8), number(at + 3) + number(at + 7))]; // the first frame may be larger
  }
  if (format === 'BMP') return number(14) === 12 ? [number(18), number(20)] : [number(18, 4), Math.abs(number(22, 4) | 0)];
  if (format === 'AVIF' || format === 'HEIC') return largestItem(bytes);
  if (format !== 'WebP') return [0, 0];
  if (bytes[15] === 0x58) return [number(24, 3) + 1, number(27, 3) + 1]; // VP8X
  if (bytes[15] === 0x4c) return [number(21) % 16384 + 1, (number(22, 3) >> 6) % 16384 + 1]; // VP8L: 14 bits each
  return [number(26) % 16384, number(28) % 16384]; // VP8
}

/**
 * Of the items of a HEIF file, the picture and its tiles, thumbnails and masks, the size of the largest, as their properties tell it
 * (ISO/IEC 23008-12, ImageSpatialExtentsProperty).
 * @param {Uint8Array} bytes
 * @returns {[number, number]}
 */
function largestItem(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** @type {[number, number]} */
  let largest = [0, 0];
  for (let at = -1; (at = bytes.indexOf(0x69, at + 1)) >= 0 && at + 16 <= bytes.length;) {
    if (String.fromCharCode(...bytes.subarray(at, at + 8)) !== 'ispe\0\0\0\0') continue;
    const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (width * height > largest[0] * largest[1]) largest = [width, height];
  }
  return largest;
}
