import { VqaError, createVqa } from './index.js';

/**
 * @typedef {import('./index.js').Answer} Answer
 * @typedef {import('./index.js').ModelSource} ModelSource
 * @typedef {import('./index.js').PictureSource} PictureSource
 * @typedef {import('./index.js').VqaOptions} VqaOptions
 */

/**
 * How far loading is, as transformers.js tells it: `progress` is 0..100, and missing while `total` is unknown.
 * @typedef {{ status: 'progress_total', name: string, progress?: number, loaded: number, total?: number } |
 *           { status: 'ready', task: string, model: string }} PipelineProgress
 */

/**
 * Those of createVqa(), and two under the names they have in transformers.js.
 * @typedef {object} PipelineExtras
 * @property {'fp32' | 'q8' | 'q4'} [dtype]  the same as `precision`
 * @property {(progress: PipelineProgress) => void} [progress_callback]  the same as `onProgress`, in the form of transformers.js
 * @typedef {Omit<VqaOptions, 'model'> & PipelineExtras} PipelineOptions
 */

/**
 * @typedef {object} PipelineCallOptions
 * @property {number} [top_k]  how many answers to give, 1..100; default: 5, or all choices
 * @property {string[]} [choices]  rank these answers, and no others
 * @property {AbortSignal} [signal]  ends the call, which then rejects with the signal's reason
 */

/**
 * Answers questions about pictures: an array of answers, best first, and for an array of questions an array of those.
 * @callback Ask
 * @param {PictureSource} picture
 * @param {string | string[]} question
 * @param {PipelineCallOptions} [options]
 * @returns {Promise<any>}
 */

/**
 * What pipeline() gives: a function, and `dispose()`, which ends the worker and gives the memory back.
 * @typedef {((picture: PictureSource, question: string, options?: PipelineCallOptions) => Promise<Answer[]>) &
 *           ((picture: PictureSource, question: string[], options?: PipelineCallOptions) => Promise<Answer[][]>) &
 *           { dispose: () => Promise<void> }} VisualQuestionAnsweringPipeline
 */

const TASK = 'visual-question-answering';

/** Our names of what transformers.js calls dtype. @type {Record<string, 'f32' | 'q8' | 'q4'>} */
const PRECISIONS = { fp32: 'f32', q8: 'q8', q4: 'q4' };

/**
 * Load a model and call it as one does with transformers and transformers.js.
 *
 *     const answer = await pipeline('visual-question-answering', 'weights/shapes.q8.safetensors');
 *     await answer(file, 'What color is the circle?', { top_k: 1 }); // [{ answer: 'red', score: 0.98 }]
 *     await answer.dispose();
 *
 * @param {'visual-question-answering'} task
 * @param {ModelSource} model  what createVqa() takes: an address, not the name of a repository
 * @param {PipelineOptions} [options]
 * @returns {Promise<VisualQuestionAnsweringPipeline>}
 */
export async function pipeline(task, model, { dtype, progress_callback: tell, ...options } = {}) {
  expectKnown(task, 'task', [TASK]);
  if (dtype !== undefined) expectKnown(dtype, 'dtype', Object.keys(PRECISIONS));
  const name = String(model);
  const vqa = await createVqa({
    ...(dtype && { precision: PRECISIONS[dtype] }),
    ...(tell && { onProgress: ({ stage, loaded, total }) => tell(stage === 'ready'
      ? { status: 'ready', task, model: name }
      : { status: 'progress_total', name, ...(total && { progress: (100 * loaded) / total }), loaded, total }) }),
    ...options,
    model,
  });
  /** @type {Ask} */
  const answer = async (picture, question, { top_k: topK, ...options } = {}) => {
    const result = await vqa.ask(picture, /** @type {any} */ (question), { ...options, ...(topK !== undefined && { topK }) });
    return Array.isArray(result) ? result.map(({ answers }) => answers) : result.answers;
  };
  return Object.assign(answer, { dispose: async () => vqa.close() });
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {string[]} known
 */
function expectKnown(value, name, known) {
  if (known.includes(/** @type {string} */ (value))) return;
  throw new VqaError('E_CALL', `${name} is ${JSON.stringify(value)}, expected ${known.map((one) => JSON.stringify(one)).join(' or ')}`);
}
