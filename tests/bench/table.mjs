/** How every part of the benchmarks prints, and keeps for the summary at the end, what it measured. */
import { appendFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

export { lehmer } from "../web/random.mjs";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const folder = `${root}build/bench/`;
export const rowsFile = `${folder}rows.jsonl`;
await mkdir(folder, { recursive: true });

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length % 2 ? sorted[sorted.length >> 1] : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}

/** In the unit that suits it. @param {number} milliseconds */
export function time(milliseconds) {
  if (milliseconds >= 10000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds >= 100 ? milliseconds.toFixed(0) : milliseconds >= 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(2)} ms`;
}

/** @param {number} ratio */
export const times = (ratio) => `${ratio >= 20 ? ratio.toFixed(0) : ratio.toFixed(1)}x`;

/**
 * What a figure is held to: a floor and an aim, in the figure's own unit.
 * @typedef {object} Hold
 * @property {number} value
 * @property {number} floor
 * @property {number} [aim]
 * @property {boolean} [atMost] whether less is better
 * @property {(value: number) => string} [show]
 */

/** @param {Hold} hold */
function judge({ value, floor, aim, atMost = false, show = String }) {
  const better = (/** @type {number} */ than) => (atMost ? value <= than : value >= than);
  const words = [`floor ${show(floor)} ${better(floor) ? "held" : `MISSED (${show(value)})`}`];
  if (aim !== undefined) words.push(`aim ${show(aim)} ${better(aim) ? "reached" : "not reached"}`);
  return words.join(", ");
}

/**
 * One line: what was measured, the figure, what stands beside it, and how it compares with what is to be held.
 * @param {string} what @param {string} figure @param {string} [beside] @param {Hold} [hold]
 */
export async function print(what, figure, beside = "", hold) {
  const judged = hold ? judge(hold) : "";
  console.log(`${what.padEnd(46)} ${figure.padStart(12)}  ${[beside, judged].filter(Boolean).join("; ")}`);
  if (hold) await appendFile(rowsFile, `${JSON.stringify({ what, figure, judged, missed: judged.includes("MISSED"), aimed: !judged.includes("not reached") })}\n`);
}
