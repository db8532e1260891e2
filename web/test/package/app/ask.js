// What every test of the package does, in pages and in Node: load the built-in model, ask about a sample picture.

export const MODEL = 'shapes.q8.safetensors';
export const PICTURE = 'toys.png';
export const QUESTION = 'What color is the cross?';

/**
 * @param {typeof import('../../../src/index.js').createVqa} createVqa
 * @param {string} [folder]  of the model and the picture
 */
export async function ask(createVqa, folder = '') {
  const vqa = await createVqa({ model: folder + MODEL });
  const { answer, score } = await vqa.ask(folder + PICTURE, QUESTION);
  const { build, threads, crossOriginIsolated } = vqa.info;
  vqa.close();
  return { answer, score, build, threads, crossOriginIsolated };
}
