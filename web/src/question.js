// Questions, with or without answers to choose from, made into a call of the engine.

import { expect, expectOneOf, expectOptions, expectWhole } from './check.js';
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

/** Limits of vqa.h. */
const MAX_ANSWERS = 100;
const MAX_CHOICES = 10_000;
const MAX_BYTES = 10_000;

/**
 * Arguments are checked before they cross to the engine, so that it answers the same with and without a worker.
 * @param {string | readonly string[] | Options} question  questions, or the options of one that is only spoken
 * @param {Options} [options]
 * @returns {Asked}
 */
export function readAsked(question, options) {
  const spoken = typeof question === 'object' && question && 'speech' in question;
  if (spoken) options = { ...options, ...question };
  const checked = expectOptions(options);
  const { speech, explain, signal } = checked;
  const questions = spoken ? [''] : Array.isArray(question) ? question : [question];
  if (!questions.length) throw new VqaError('E_QUESTION', 'the questions are an empty array: there is nothing to answer');
  return { calls: Array.from(questions, (question) => readQuestion(question, checked)), speech, explain, signal };
}

/**
 * @param {string} question
 * @param {QuestionOptions} options
 * @returns {QuestionCall}
 */
function readQuestion(question, { choices, topK = choices ? Math.min(choices.length, MAX_ANSWERS) : 5, explain = false }) {
  expect(typeof question === 'string', question, 'the question', 'a string', 'E_QUESTION');
  expectShort(question, 'the question', 'E_QUESTION');
  if (choices !== undefined) expectChoices(choices);
  expectWhole(topK, 'topK');
  expectOneOf(explain, 'explain', [true, false]);
  return choices ? { call: 'choose', args: [explain, question, [...choices], topK] } : { call: 'ask', args: [explain, question, topK] };
}

/** @param {any} choices */
function expectChoices(choices) {
  expect(Array.isArray(choices), choices, 'choices', 'an array of strings');
  if (!choices.length) throw new VqaError('E_CALL', 'choices is an empty array: there is no answer to choose');
  if (choices.length > MAX_CHOICES) throw new VqaError('E_CALL', `there are ${choices.length} choices, at most ${MAX_CHOICES} are taken`);
  for (const [i, choice] of choices.entries()) {
    expect(typeof choice === 'string', choice, `choice ${i + 1}`, 'a string');
    if (!choice) throw new VqaError('E_CALL', `choice ${i + 1} is empty`);
    expectShort(choice, `choice ${i + 1}`, 'E_CALL');
    if (choice.includes('\0')) throw new VqaError('E_CALL', `choice ${i + 1} holds a zero byte`);
  }
}

/**
 * Refuse what the engine would refuse, before it is copied; that counts to the last byte.
 * @param {string} text
 * @param {string} what
 * @param {import('./errors.js').VqaErrorCode} code
 */
function expectShort({ length }, what, code) {
  if (length > MAX_BYTES) throw new VqaError(code, `${what} has ${length} characters, at most ${MAX_BYTES} bytes are taken`);
}
