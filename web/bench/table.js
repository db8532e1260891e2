// Tables for people: Markdown, columns aligned, so that they can be read as they are and pasted.

/**
 * @param {string[]} head
 * @param {string[][]} rows
 * @returns {string} with a line end behind each line
 */
export function table(head, rows) {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const isNumber = head.map((_, i) => rows.every((row) => /^[\d.-]*$/.test(row[i])));
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |\n`;
  const rule = `|${widths.map((width, i) => (isNumber[i] ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|\n`;
  return line(head) + rule + rows.map(line).join('');
}

/** A number for a cell; '-' for none. @param {number | undefined} value @param {number} [digits]  behind the point */
export const cell = (value, digits = 0) => (value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits));
