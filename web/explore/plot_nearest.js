/**
 * Which line is nearest to a place between two axes. A line between two axes is a point in the plane of its two values; the lines near a place are the points
 * near a straight line of that plane. So the lines of each gap are kept in a grid over that plane, made when the pointer first comes there,
 * and only the cells along the straight line are looked at.
 */
import { offsetOf } from "./plot_paint.js";

/**
 * @typedef {object} Lines
 * @property {Uint16Array} values [L, S] row by row
 * @property {Uint32Array} samples [S]
 * @property {number} top the largest value that there can be
 */

/** Cells of the grid along each side. */
const CELLS = 48;

/** @param {Lines} lines @param {number} gap */
function gridOf({ values, samples, top }, gap) {
  const s = samples.length;
  const scale = CELLS / (top + 1);
  const starts = new Uint32Array(CELLS * CELLS + 1);
  const cells = new Uint16Array(s);
  const cellOf = (/** @type {number} */ value) => Math.min(CELLS - 1, Math.floor(value * scale));
  for (let i = 0; i < s; i++) {
    cells[i] = cellOf(values[gap * s + i]) * CELLS + cellOf(values[(gap + 1) * s + i]);
    starts[cells[i] + 1]++;
  }
  for (let c = 0; c < CELLS * CELLS; c++) starts[c + 1] += starts[c];
  const order = new Uint32Array(s);
  const next = starts.slice();
  for (let i = 0; i < s; i++) order[next[cells[i]]++] = i;
  return { starts, order };
}

/** @param {Lines} lines */
export function createNearest(lines) {
  const { values, samples, top } = lines;
  const s = samples.length;
  /** @type {Map<number, ReturnType<typeof gridOf>>} */
  const grids = new Map();
  const width = (top + 1) / CELLS;

  /** Lines of a gap whose height at the share `at` of the way may be within `reach` of `value`. @param {number} gap @param {number} at @param {number} value @param {number} reach @param {(line: number) => void} visit */
  function near(gap, at, value, reach, visit) {
    const { starts, order } = grids.get(gap) ?? gridOf(lines, gap);
    if (!grids.has(gap)) grids.set(gap, { starts, order });
    for (let a = 0; a < CELLS; a++) {
      for (let b = 0; b < CELLS; b++) {
        const low = width * (a * (1 - at) + b * at) - 0.5;
        if (low > value + reach || low + width + 1 < value - reach) continue;
        for (let o = starts[a * CELLS + b]; o < starts[a * CELLS + b + 1]; o++) visit(order[o]);
      }
    }
  }

  return {
    /**
     * The line nearest to a place, or -1.
     * @param {number} x in gaps from the first axis @param {number} value height, as a value @param {{ reach: number, ratio: number, isDrawn: (line: number) => boolean }} options
     * reach: the farthest that counts, as a value; ratio: how many values are as long as a gap
     */
    find(x, value, { reach, ratio, isDrawn }) {
      const gaps = values.length / s - 1;
      const gap = Math.max(0, Math.min(gaps - 1, Math.floor(x)));
      const at = Math.max(0, Math.min(1, x - gap));
      let best = -1;
      let least = reach * reach;
      near(gap, at, value, 2 * reach, (line) => {
        if (!isDrawn(line)) return;
        const from = values[gap * s + line];
        const rise = values[(gap + 1) * s + line] - from;
        const away = from + at * rise + offsetOf(samples[line]) - value;
        const squared = (away * away) / (1 + (rise / ratio) ** 2);
        if (squared >= least) return;
        least = squared;
        best = line;
      });
      return best;
    },
  };
}
