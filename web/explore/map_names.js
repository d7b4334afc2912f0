/** The names of the classes on the map: each where its samples are densest, as many as fit without lying over each other. */
import { onStage } from "./map_view.js";

/** @typedef {import("./map_view.js").View} View */
/** @typedef {{ label: number, x: number, y: number, count: number }} Anchor in the map's square */
/** @typedef {{ label: number, text: string, x: number, y: number }} Name its middle, on the stage */

const ROUNDS = 3;
/** Samples of a class that its place is found from: more do not move a name by a pixel. */
const ENOUGH = 400;
const LINE = 17; // pixels
const GAP = 4;
const EDGE = 4;

/** @param {Float32Array} values which are sorted in place */
function medianOf(values) {
  values.sort();
  const half = values.length >> 1;
  return values.length % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/**
 * Where a class is: the median of its samples, then again and again of the half that is nearest to it. A class in two pieces gets its name at the larger.
 * @param {Float32Array} xs @param {Float32Array} ys [S] at least one @returns {[number, number]}
 */
export function heartOf(xs, ys) {
  let [x, y] = [medianOf(xs.slice()), medianOf(ys.slice())];
  const far = new Float32Array(xs.length);
  for (let round = 0; round < ROUNDS; round++) {
    for (let s = 0; s < far.length; s++) far[s] = (xs[s] - x) ** 2 + (ys[s] - y) ** 2;
    const half = medianOf(far.slice());
    const isNear = (/** @type {unknown} */ _, /** @type {number} */ s) => far[s] <= half;
    [x, y] = [medianOf(xs.filter(isNear)), medianOf(ys.filter(isNear))];
  }
  return [x, y];
}

/**
 * @param {Float32Array} square @param {Uint16Array} labels @param {Uint8Array} mask samples that are not shown have 0
 * @param {number} classes how many @param {() => Promise<void> | null} pace @returns {Promise<Anchor[]>} the largest class first
 */
export async function anchorsOf(square, labels, mask, classes, pace) {
  /** @type {number[][]} */
  const members = Array.from({ length: classes }, () => []);
  for (let i = 0; i < mask.length; i++) if (mask[i] > 0) members[labels[i]].push(i);
  /** @type {Anchor[]} */
  const anchors = [];
  for (const [label, samples] of members.entries()) {
    await pace();
    if (samples.length === 0) continue;
    const stride = Math.ceil(samples.length / ENOUGH);
    const some = samples.filter((_, s) => s % stride === 0);
    const [x, y] = heartOf(Float32Array.from(some, (i) => square[2 * i]), Float32Array.from(some, (i) => square[2 * i + 1]));
    anchors.push({ label, x, y, count: samples.length });
  }
  return anchors.sort((a, b) => b.count - a.count || a.label - b.label);
}

/** Where a name may go instead, in widths and heights of its box, when its place is taken. */
const SHIFTS = [[0, 0], [0, -1], [0, 1], [-0.6, 0], [0.6, 0], [0, -2], [0, 2]];

/**
 * The names that have room on the stage, each at its anchor or close by.
 * @param {Anchor[]} anchors the most important first @param {View} view @param {string[]} classes @param {(text: string) => number} widthOf @returns {Name[]}
 */
export function placeNames(anchors, view, classes, widthOf) {
  /** @type {{ x: number, y: number, w: number }[]} */
  const taken = [];
  /** @type {Name[]} */
  const names = [];
  for (const { label, x, y } of anchors) {
    const [px, py] = onStage(view, x, y);
    if (px < 0 || py < 0 || px > view.width || py > view.height) continue;
    const w = widthOf(classes[label]) + GAP;
    for (const [right, down] of SHIFTS) {
      const at = { x: Math.max(EDGE + w / 2, Math.min(view.width - EDGE - w / 2, px + right * w)), y: Math.max(LINE / 2, Math.min(view.height - LINE / 2, py + down * LINE)), w };
      if (taken.some((other) => Math.abs(other.y - at.y) < LINE && Math.abs(other.x - at.x) < (other.w + w) / 2)) continue;
      taken.push(at);
      names.push({ label, text: classes[label], x: at.x, y: at.y });
      break;
    }
  }
  return names;
}
