// Where the answer came from: a map of relevance that is laid over the picture.

const $ = (id) => document.getElementById(id);
const button = $('heat-button');
const canvas = $('heat');
const SIZE = 192; // pixels of the longer side of the canvas

/** Let the button and a tap on the picture keep the map shown; hovering shows it while that lasts. */
export function offerHeat() {
  const turn = () => button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
  button.addEventListener('click', turn);
  $('picture').addEventListener('click', () => !button.hidden && turn());
}

/**
 * Make the map of an answer ready to be shown; none without one.
 * @param {{ width: number, height: number, data: Float32Array, box: { x: number, y: number, width: number, height: number } }} [heatmap]
 * @returns {string} where it is strongest, in words
 */
export function showHeat(heatmap) {
  for (const part of [button, canvas, $('legend')]) part.hidden = !heatmap;
  const words = heatmap ? `The model looked most at the ${place(heatmap)} of the picture.` : '';
  $('heat-words').textContent = words;
  if (heatmap) draw(heatmap);
  return words;
}

function draw(heatmap) {
  const { naturalWidth, naturalHeight } = $('picture');
  const scale = SIZE / Math.max(naturalWidth, naturalHeight);
  canvas.width = Math.max(1, Math.round(naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(naturalHeight * scale));
  const { box } = heatmap;
  const pixels = new ImageData(canvas.width, canvas.height);
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) {
      const u = ((x + 0.5) / canvas.width - box.x) / box.width;
      const v = ((y + 0.5) / canvas.height - box.y) / box.height;
      const inside = u >= 0 && u <= 1 && v >= 0 && v <= 1;
      pixels.data.set(color(inside ? between(heatmap, u * heatmap.width - 0.5, v * heatmap.height - 0.5) : 0), (y * canvas.width + x) * 4);
    }
  }
  canvas.getContext('2d').putImageData(pixels, 0, 0);
}

/** The map at a point between its cells: Catmull-Rom splines in both directions, which go through every cell's value. */
function between({ width, height, data }, x, y) {
  const cell = (column, row) => data[clamp(row, height - 1) * width + clamp(column, width - 1)];
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const along = (r) => spline(x - column, ...[-1, 0, 1, 2].map((d) => cell(column + d, r)));
  return Math.min(1, Math.max(0, spline(y - row, ...[-1, 0, 1, 2].map((d) => along(row + d)))));
}

const clamp = (value, most) => Math.min(most, Math.max(0, value));
const spline = (t, a, b, c, d) => b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));

/** What matters stays as it is, with a warm rim around it; the rest is veiled. */
function color(value) {
  const rim = Math.max(0, 1 - Math.abs(value - 0.45) / 0.25) ** 2;
  return [12 + 243 * rim, 14 + 160 * rim, 28 + 20 * rim, 255 * Math.max(0.7 * (1 - value) ** 1.3, 0.75 * rim)];
}

/** Where the strongest cell lies, in words. */
function place({ width, height, data, box }) {
  const at = data.indexOf(Math.max(...data));
  const third = (fraction) => Math.min(2, Math.floor(fraction * 3));
  const column = third(box.x + ((at % width) + 0.5) / width * box.width);
  const row = third(box.y + (Math.floor(at / width) + 0.5) / height * box.height);
  if (row === 1 && column === 1) return 'middle';
  return [['top', '', 'bottom'][row], ['left', '', 'right'][column]].filter(Boolean).join(' ');
}
