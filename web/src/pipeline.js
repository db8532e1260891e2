import { expectOneOf, expectOptions } from './check.js';
import { createVqa } from './index.js';

/** @import { Answer, ModelSource, PictureSource, VqaOptions } from './index.js' */

/**
 * @typedef {{ status: 'progress_total', name: string, progress?: number, loaded: number, total?: number } |
 *           { status: 'ready', task: string, model: string }} PipelineProgress  how far loading is, as transformers.js tells it:
 *   `progress` is 0..100, and missing while `total`, the bytes to come, is unknown
 *
 * @typedef {object} TransformersOptions  options under the names they have in transformers.js
 * @property {'fp32' | 'q8' | 'q4'} [dtype]  the same as `precision`
 * @property {(progress: PipelineProgress) => void} [progress_callback]  the same as `onProgress`
 *
 * @typedef {Omit<VqaOptions, 'model'> & TransformersOptions} PipelineOptions  those of createVqa(), and two as transformers.js names them
 *
 * @typedef {object} PipelineCallOptions  options of a question
 * @property {number} [top_k]  how many answers to give, 1..100; default: 5, or all choices
 * @property {string[]} [choices]  rank these answers, and no others
 * @property {AbortSignal} [signal]  ends the call, which then rejects with the signal's reason
 *
 * @typedef {<Q extends string | readonly string[]>(picture: PictureSource, question: Q, options?: PipelineCallOptions) =>
 *           Promise<Q extends string ? Answer[] : Answer[][]>} PipelineCall  gives the answers, best first; of several questions, those of each
 *
 * @typedef {object} PipelineMembers  what hangs on that function
 * @property {() => Promise<void>} dispose  ends the worker and gives the memory back
 *
 * @typedef {PipelineCall & PipelineMembers} VisualQuestionAnsweringPipeline  a function that answers questions
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
export async function pipeline(task, model, options) {
  const { dtype, progress_callback: tell, ...others } = expectOptions(options);
  expectOneOf(task, 'task', [TASK]);
  expectOneOf(dtype, 'dtype', [undefined, ...Object.keys(PRECISIONS)]);
  const name = String(model);
  const vqa = await createVqa({
    ...(dtype && { precision: PRECISIONS[dtype] }),
    ...(tell && { onProgress: ({ stage, loaded, total }) => tell(stage === 'ready'
      ? { status: 'ready', task, model: name }
      : { status: 'progress_total', name, ...(total && { progress: (100 * loaded) / total }), loaded, total }) }),
    ...others,
    model,
  });
  const answer = /** @type {PipelineCall} */ (async (picture, question, options) => {
    const { top_k: topK, ...others } = expectOptions(options);
    const result = await vqa.ask(picture, question, { ...others, ...(topK !== undefined && { topK }) });
    return Array.isArray(result) ? result.map(({ answers }) => answers) : result.answers;
  });
  return Object.assign(answer, { dispose: async () => vqa.close() });
}
