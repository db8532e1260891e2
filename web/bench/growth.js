/**
 * How much values rise on the whole: by the line that fits them best.
 * @param {number[]} values  at equal distances
 */
export function growth(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = (values.length - 1) / 2;
  const rise = values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0) / values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
  return rise * (values.length - 1);
}
