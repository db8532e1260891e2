// The built-in model on pictures that its training generator did not draw: the browser's canvas draws them, with
// other line widths, positions, sizes and backgrounds.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { servedInBrowser } from './served.js';
import { CHROME, PACK, RUNTIME, missing } from './support.js';

const skip = missing(RUNTIME, PACK) || (!CHROME && 'no Chromium found: set CHROME_PATH');

// things: [shape, color, x, y, size], x and y of the middle and the size (from the middle to the edge) in pixels
const SCENES = [
  { size: [256, 256], background: '#f4efe2', things: [['circle', 'crimson', 96, 140, 52]],
    ask: { 'What color is the circle?': 'red', 'What shape is in the image?': 'circle', 'Is there a green shape?': 'no' } },
  { size: [480, 320], background: ['#dfe9f5', '#ffffff'], things: [['rectangle', '#1c49c2', 130, 170, 70], ['triangle', '#e8c400', 350, 150, 75]],
    ask: { 'What shape is blue?': 'rectangle', 'what color is the triangle': 'yellow', 'How many shapes are there?': '2' } },
  { size: [300, 300], background: '#ffffff', outline: 14, things: [['circle', '#0a8a2a', 150, 150, 90]],
    ask: { 'What color is the shape?': 'green', 'Does the image contain a circle?': 'yes', 'is there a triangle?': 'no' } },
  { size: [400, 400], background: '#20242c', things: [['star', '#ffd400', 110, 110, 60], ['circle', '#ff2d2d', 290, 280, 62]],
    ask: { 'What color is the star?': 'yellow', 'Is there a red circle?': 'yes', 'how many circles are there?': '1' } },
  { size: [200, 200], background: '#cfd8c8', edge: 3, things: [['triangle', '#7a1fa2', 100, 104, 62]],
    ask: { 'What is the purple shape?': 'triangle', 'What color is the triangle?': 'purple' } },
  { size: [600, 400], background: ['#fff4d6', '#ffe0e0'], things: [['circle', '#1450d8', 120, 110, 62], ['circle', '#1450d8', 460, 120, 58], ['rectangle', '#d32020', 300, 290, 66]],
    ask: { 'How many circles are there?': '2', 'What color is the rectangle?': 'red', 'How many shapes are there?': '3' } },
  { size: [320, 320], background: '#eeeeee', edge: 5, things: [['cross', '#111111', 90, 160, 60], ['circle', '#ff8c00', 235, 165, 58]],
    ask: { 'What color is the circle?': 'orange', 'Is there a black cross?': 'yes', 'Is the cross to the left of the circle?': 'yes' } },
  { size: [512, 384], background: '#0c3b2e', things: [['rectangle', '#ffffff', 170, 190, 84], ['star', '#ff70b8', 370, 190, 84]],
    ask: { 'What color is the rectangle?': 'white', 'What shape is pink?': 'star' } },
  { size: [128, 128], background: '#ffffff', things: [['rectangle', '#8b4a1c', 64, 66, 34]],
    ask: { 'what is the brown shape?': 'rectangle', 'what color is the rectangle?': 'brown', 'is there no circle in the image?': 'yes' } },
  { size: [360, 360], background: ['#ffffff', '#d8d8d8'], things: [['triangle', '#d01818', 180, 90, 62], ['rectangle', '#1846d0', 180, 268, 58]],
    ask: { 'Is the red triangle above the blue rectangle?': 'yes', 'What color is the triangle?': 'red', 'Are there any stars?': 'no' } },
];

/* In the page: draw a scene and return the PNG's bytes. */
async function draw({ size: [width, height], background, edge, outline, things }) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const c = canvas.getContext('2d');
  const gradient = c.createLinearGradient(0, 0, width, height);
  [background].flat().forEach((color, i) => gradient.addColorStop(i, color));
  c.fillStyle = gradient;
  c.fillRect(0, 0, width, height);
  const polygon = (x, y, radii, turn) => {
    radii.forEach((r, i) => {
      const angle = turn + (2 * Math.PI * i) / radii.length;
      c.lineTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
    });
    c.closePath();
  };
  for (const [shape, color, x, y, r] of things) {
    c.beginPath();
    if (shape === 'circle') c.arc(x, y, r, 0, 2 * Math.PI);
    else if (shape === 'rectangle') c.rect(x - r, y - 0.7 * r, 2 * r, 1.4 * r);
    else if (shape === 'triangle') polygon(x, y, [r, r, r], -Math.PI / 2);
    else if (shape === 'star') polygon(x, y, [1, 0.45, 1, 0.45, 1, 0.45, 1, 0.45, 1, 0.45].map((k) => k * r), -Math.PI / 2);
    else for (const [w, h] of [[r, r / 3.2], [r / 3.2, r]]) c.rect(x - w, y - h, 2 * w, 2 * h);
    c.fillStyle = c.strokeStyle = color;
    if (outline) c.lineWidth = outline, c.stroke();
    else c.fill();
    if (edge) c.lineWidth = edge, c.strokeStyle = '#333', shape !== 'cross' && c.stroke();
  }
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
  return [...new Uint8Array(await blob.arrayBuffer())];
}

describe('drawn in another way', { skip, timeout: 120_000 }, () => {
  const use = servedInBrowser();
  let page;

  before(async () => {
    page = await use.browser.newPage();
    await page.goto(use.url);
  });

  for (const [i, scene] of SCENES.entries()) {
    test(`picture ${i + 1}: ${scene.things.map(([shape, color]) => `${shape} ${color}`).join(', ')}`, async () => {
      const bytes = await page.evaluate(draw, scene);
      const got = await page.evaluate(async ([bytes, questions]) => {
        const { createVqa } = await import('/src/index.js');
        globalThis.vqa ??= await createVqa({ model: '/weights/shapes.q8.safetensors' });
        const picture = await globalThis.vqa.encode(new Uint8Array(bytes));
        const answers = {};
        for (const question of questions) ({ answer: answers[question] } = await picture.ask(question, { topK: 1 }));
        picture.close();
        return answers;
      }, [bytes, Object.keys(scene.ask)]);
      assert.deepEqual(got, scene.ask);
    });
  }
});
