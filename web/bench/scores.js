// How far apart two engines' answers are: whether they compute the same.

/** @typedef {{ answer: string, score: number }[]} Answers */

/** The largest difference between engines that compute the same graph in float32. */
export const SAME_SCORES = 1e-3;

/**
 * The largest difference of scores, of the answers that both give, as a share of the best score.
 * @param {Answers} expected
 * @param {Answers} answers
 */
export function scoreDifference(expected, answers) {
  const scores = new Map(answers.map(({ answer, score }) => [answer, score]));
  const common = expected.filter(({ answer }) => scores.has(answer));
  if (common.length === 0) return NaN; // nothing to compare: not the same
  const most = Math.max(...expected.map(({ score }) => score));
  return Math.max(...common.map(({ answer, score }) => Math.abs(score - /** @type {number} */ (scores.get(answer))))) / most;
}

/** The share of tokens that are others than expected. @param {number[]} expected @param {number[]} tokens */
export const tokenDifference = (expected, tokens) => expected.filter((token, i) => token !== tokens[i]).length / expected.length;

/**
 * How far what an engine gave is from what was expected.
 * @param {import('./page/protocol.js').Task} task
 * @param {import('./page/protocol.js').BenchResult} result
 */
export const difference = (task, { answers, tokens }) => ('tokens' in task
  ? tokenDifference(task.tokens, /** @type {number[]} */ (tokens)) : scoreDifference(task.answers, /** @type {Answers} */ (answers)));
