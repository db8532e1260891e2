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
  vqa.info.hears = true; // so that it reads the sound, by a module of its own
  const refusal = await vqa.ask(folder + PICTURE, { speech: /** @type {any} */ (7) }).catch(({ name, code }) => `${name} ${code}`);
  const { build, threads, crossOriginIsolated } = vqa.info;
  vqa.close();
  return { answer, score, refusal, build, threads, crossOriginIsolated };
}
