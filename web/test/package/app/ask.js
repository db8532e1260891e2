// What every test of the package does, in pages and in Node: load a model, ask about a sample picture.

export const PICTURE = 'toys.png';
const QUESTION = 'What color is the cross?';

/**
 * @param {typeof import('../../../src/index.js').createVqa} createVqa
 * @param {import('../../../src/index.js').VqaOptions} options
 * @param {string} [folder]  of the picture
 */
export async function ask(createVqa, options, folder = '') {
  const vqa = await createVqa(options);
  const { answer, score } = await vqa.ask(folder + PICTURE, QUESTION);
  const { build, threads, crossOriginIsolated } = vqa.info;
  vqa.close();
  return { answer, score, build, threads, crossOriginIsolated };
}
