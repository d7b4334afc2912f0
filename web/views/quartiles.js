/** Median and quartiles of a table of counts, layer by layer. */

/** @typedef {{ low: number, median: number, high: number }} Quartiles a quarter, half and three quarters of the samples have at most so many */

/**
 * By counting: the values are whole numbers up to k.
 *
 * @param {Uint16Array} values [L, N] @param {number} layers @param {number} k
 * @returns {Quartiles[]} [L]
 */
export function quartiles(values, layers, k) {
  const samples = values.length / layers;
  return Array.from({ length: layers }, (_, layer) => {
    const counts = new Uint32Array(k + 1);
    for (let i = layer * samples; i < (layer + 1) * samples; i++) counts[values[i]]++;
    const [low, median, high] = [0.25, 0.5, 0.75].map((share) => {
      let left = Math.ceil(share * samples);
      return counts.findIndex((count) => (left -= count) <= 0);
    });
    return { low, median, high };
  });
}
