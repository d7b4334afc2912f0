/** Median and quartiles of neighbours kept, layer by layer. */

/** @typedef {import("./plot_nearest.js").Lines} Lines */

export const QUARTILES = [0.25, 0.5, 0.75];

/** A quantile of values counted one by one, between two of them by their distance: as d3.quantile. @param {Uint32Array} counts by value @param {number} n @param {number} p */
function quantile(counts, n, p) {
  const place = (n - 1) * p;
  const whole = Math.floor(place);
  let value = 0;
  let seen = counts[0];
  while (seen <= whole) seen += counts[++value];
  if (place === whole || seen > whole + 1) return value;
  let next = value + 1;
  while (counts[next] === 0) next++;
  return value + (place - whole) * (next - value);
}

/**
 * @param {Lines} lines @param {Uint8Array} mask [S] @param {number} least the smallest mask that counts
 * @returns {{ lines: number, layers: [number, number, number][] } | null} quartiles of each layer; null of no lines
 */
export function bandOf({ values, samples, top }, mask, least) {
  const s = samples.length;
  const layers = [];
  let n = 0;
  for (let i = 0; i < s; i++) if (mask[i] >= least) n++;
  if (n === 0) return null;
  for (let row = 0; row < values.length; row += s) {
    const counts = new Uint32Array(top + 1);
    for (let i = 0; i < s; i++) if (mask[i] >= least) counts[values[row + i]]++;
    layers.push(/** @type {[number, number, number]} */ (QUARTILES.map((p) => quantile(counts, n, p))));
  }
  return { lines: n, layers };
}
