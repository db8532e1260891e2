// Questions, with or without answers to choose from, made into a call of the engine.

import { expectOneOf, expectWhole, shown } from './check.js';
import { VqaError } from './errors.js';

/**
 * @typedef {object} QuestionOptions  what is asked beside words, and what of the answers is wanted
 * @property {import('./sound.js').SpeechSource} [speech]  the question, spoken
 * @property {number} [topK]  how many answers to give, 1..100; default: 5, or all choices
 * @property {string[]} [choices]  rank these answers, and no others
 * @property {boolean} [explain]  with a heat map of where the answer comes from
 * @typedef {QuestionOptions & { signal?: AbortSignal }} Options
 * @typedef {{ call: 'ask' | 'choose', args: any[] }} QuestionCall  args: those after the picture and the sound
 * @typedef {{ calls: QuestionCall[], speech?: import('./sound.js').SpeechSource, explain?: boolean, signal?: AbortSignal }} Asked
 */

/** Limit of vqa.h. */
const MAX_ANSWERS = 100;

/**
 * Arguments are checked before they cross to the engine, so that it answers the same with and without a worker.
 * @param {string | readonly string[] | Options} question  questions, or the options of one that is only spoken
 * @param {Options} [options]
 * @returns {Asked}
 */
export function readAsked(question, options = {}) {
  const spoken = typeof question === 'object' && question && 'speech' in question;
  if (spoken) options = { ...options, ...question };
  const { speech, explain, signal } = options;
  const questions = spoken ? [''] : Array.isArray(question) ? question : [question];
  if (!questions.length) throw new VqaError('E_QUESTION', 'the questions are an empty array: there is nothing to answer');
  return { calls: questions.map((question) => readQuestion(question, options)), speech, explain, signal };
}

/**
 * @param {string} question
 * @param {QuestionOptions} options
 * @returns {QuestionCall}
 */
function readQuestion(question, { choices, topK = choices ? Math.min(choices.length, MAX_ANSWERS) : 5, explain = false }) {
  if (typeof question !== 'string') throw new VqaError('E_QUESTION', `the question is ${shown(question)}, expected a string`);
  if (choices !== undefined) expectChoices(choices);
  expectWhole(topK, 'topK');
  expectOneOf(explain, 'explain', [true, false]);
  return choices ? { call: 'choose', args: [explain, question, [...choices], topK] } : { call: 'ask', args: [explain, question, topK] };
}

/** @param {unknown} choices */
function expectChoices(choices) {
  if (!Array.isArray(choices)) throw new VqaError('E_CALL', `choices is ${shown(choices)}, expected an array of strings`);
  if (!choices.length) throw new VqaError('E_CALL', 'choices is an empty array: there is no answer to choose');
  choices.forEach((choice, i) => {
    if (typeof choice !== 'string') throw new VqaError('E_CALL', `choice ${i + 1} is ${shown(choice)}, expected a string`);
    if (!choice) throw new VqaError('E_CALL', `choice ${i + 1} is empty`);
    if (choice.includes('\0')) throw new VqaError('E_CALL', `choice ${i + 1} holds a zero byte`);
  });
}
