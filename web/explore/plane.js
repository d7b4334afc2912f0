/** A map's own square: points scaled alike in both directions so that all lie within 0 to 1, y downwards. Outlines drawn on it are kept in the URL in whole parts of its side. */
import { SIDE } from "../params.js";

/** @typedef {import("../params.js").Lasso} Lasso */

const MARGIN = 0.03;

/** Squares by the points that they come from: every view that asks gets the same. @type {WeakMap<Float32Array, Float32Array>} */
const squares = new WeakMap();

/** @param {Float32Array} points [N, 2], which nobody may change @returns {Float32Array} [N, 2] in the square */
export function toSquare(points) {
  const square = squares.get(points) ?? scaled(points);
  squares.set(points, square);
  return square;
}

/** How a map's points get into its square. @type {WeakMap<Float32Array, { scale: number, shift: number[] }>} */
const frames = new WeakMap();

/** Any place on a map, as it lies in the square. @param {Float32Array} points the map's @param {number} x @param {number} y @returns {[number, number]} */
export function placeInSquare(points, x, y) {
  const { scale, shift } = frames.get(points) ?? frameOf(points);
  return [x * scale + shift[0], 1 - (y * scale + shift[1])];
}

/** @param {Float32Array} points */
function frameOf(points) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    if (points[i] < left) left = points[i];
    if (points[i] > right) right = points[i];
    if (points[i + 1] < top) top = points[i + 1];
    if (points[i + 1] > bottom) bottom = points[i + 1];
  }
  const size = Math.max(right - left, bottom - top) || 1;
  const scale = (1 - 2 * MARGIN) / size;
  const shift = [left + right, top + bottom].map((sum) => 0.5 - (scale * sum) / 2);
  const frame = { scale, shift };
  frames.set(points, frame);
  return frame;
}

/** @param {Float32Array} points */
function scaled(points) {
  const { scale, shift } = frameOf(points);
  const square = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    square[i] = points[i] * scale + shift[0];
    square[i + 1] = 1 - (points[i + 1] * scale + shift[1]);
  }
  return square;
}

/** The last answer for each square: an outline stays while other things change. @type {WeakMap<Float32Array, { lasso: Lasso, inside: Uint8Array }>} */
const answers = new WeakMap();

/** Whether each point lies within an outline, by the even-odd rule. @param {Float32Array} square [N, 2] @param {Lasso} lasso @returns {Uint8Array} [N] */
export function within(square, lasso) {
  const last = answers.get(square);
  if (last?.lasso === lasso) return last.inside;
  const inside = insideOf(square, Float64Array.from(lasso.points.flat(), (place) => place / SIDE));
  answers.set(square, { lasso, inside });
  return inside;
}

/** @param {Float32Array} square @param {Float64Array} corners x, y, x, y, ... */
function insideOf(square, corners) {
  const inside = new Uint8Array(square.length / 2);
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let c = 0; c < corners.length; c += 2) {
    [left, right] = [Math.min(left, corners[c]), Math.max(right, corners[c])];
    [top, bottom] = [Math.min(top, corners[c + 1]), Math.max(bottom, corners[c + 1])];
  }
  for (let i = 0; i < inside.length; i++) {
    const [x, y] = [square[2 * i], square[2 * i + 1]];
    if (x < left || x > right || y < top || y > bottom) continue;
    let odd = 0;
    for (let a = corners.length - 2, b = 0; b < corners.length; a = b, b += 2) {
      const [ay, by] = [corners[a + 1], corners[b + 1]];
      if (ay > y !== by > y && x < ((corners[b] - corners[a]) * (y - ay)) / (by - ay) + corners[a]) odd ^= 1;
    }
    inside[i] = odd;
  }
  return inside;
}
