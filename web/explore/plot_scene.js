/** What is painted of the stability plot: of whom there are curves, and what the painter has to be told when something changes. */
import { rgb } from "d3";

/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../theme.js").Tokens} Tokens */

/**
 * Curves of all samples, or of some while the others are worked out.
 *
 * @typedef {object} Lines
 * @property {Uint16Array} values [L, S] row by row
 * @property {Uint32Array} samples [S] ascending
 * @property {number} top the largest value that there can be
 * @property {number} reference
 * @property {boolean} isAll
 */

/** Opacity of a line among thousands, and of the densest places. */
const OF_SELECTED = /** @type {[number, number]} */ ([0.16, 1]);
const OF_REST = /** @type {[number, number]} */ ([0.05, 0.42]);

/** @param {{ k: number, reference: number, samples: Uint32Array, values: Uint16Array }} table @param {number} all samples there are @returns {Lines} */
export const linesOf = ({ k, reference, samples, values }, all) => ({ values, samples, top: k, reference, isAll: samples.length === all });

/** The part of something known of every sample that belongs to the lines. @param {Lines} lines @param {Uint8Array} ofAll [N] */
export const ofLines = ({ samples, isAll }, ofAll) => (isAll ? ofAll : Uint8Array.from(samples, (sample) => ofAll[sample]));

/** Which line is a sample's, or -1. @param {Lines} lines @param {number} sample */
export function lineOf({ samples, isAll }, sample) {
  if (isAll) return sample;
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (samples[middle] < sample) low = middle + 1;
    else high = middle;
  }
  return samples[low] === sample ? low : -1;
}

/** A line's values, layer by layer. @param {Lines} lines @param {number} line */
export const valuesOf = ({ values, samples }, line) => Array.from({ length: values.length / samples.length }, (_, layer) => values[layer * samples.length + line]);

/** @param {string} colour */
function channels(colour) {
  const { r, g, b } = rgb(colour);
  return [r, g, b];
}

/** @param {Uint8Array} a @param {Uint8Array} b */
const sameBytes = (a, b) => a.length === b.length && a.every((value, i) => value === b[i]);

/**
 * Tells a painter what has changed: those in colour in the layer "lit", all that are shown, in grey, in "rest" while only some are in colour.
 * @param {import("./plot_painter.js").Painter} painter
 */
export function createScene(painter) {
  /** @type {{ lines: Lines, mask: Uint8Array, colouring: Facts["colouring"], size: string } | null} */
  let lit = null;
  /** @type {{ lines: Lines, shown: Uint8Array, grey: string, size: string } | null} */
  let rest = null;

  return {
    /** @param {Lines} lines @param {Facts} facts @param {Tokens} tokens @param {{ width: number, height: number, density: number }} size */
    render(lines, { selection, colouring }, tokens, size) {
      const { values, samples, top } = lines;
      const key = JSON.stringify(size);
      const table = { layers: values.length / samples.length, lines: samples.length, values, samples, top };
      const mask = ofLines(lines, selection.mask);
      if (!lit || lit.lines !== lines || !sameBytes(lit.mask, mask) || lit.colouring !== colouring || lit.size !== key) {
        const isOther = lit?.lines !== lines;
        lit = { lines, mask, colouring, size: key };
        const colours = colouring.colours.map(channels);
        painter.paint("lit", { ...(isOther ? table : {}), mask, bucket: ofLines(lines, colouring.bucket), colours, least: 2, opacities: OF_SELECTED }, size);
      }
      if (!selection.isPart) {
        if (rest) painter.clear("rest");
        rest = null;
        return;
      }
      const shown = mask.map((value) => Math.min(value, 1));
      if (rest && rest.lines === lines && sameBytes(rest.shown, shown) && rest.grey === tokens.quiet && rest.size === key) return;
      const isOther = rest?.lines !== lines;
      rest = { lines, shown, grey: tokens.quiet, size: key };
      const bucket = new Uint8Array(samples.length);
      painter.paint("rest", { ...(isOther ? table : {}), mask: shown, bucket, colours: [channels(tokens.quiet)], least: 1, opacities: OF_REST }, size);
    },
  };
}
