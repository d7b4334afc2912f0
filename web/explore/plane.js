/** A map's own square: points scaled alike in both directions so that all lie within 0 to 1, y downwards. Outlines drawn on it are kept in the URL in thousandths. */

/** @typedef {import("../params.js").Lasso} Lasso */

const MARGIN = 0.03;

/** @param {Float32Array} points [N, 2] @returns {Float32Array} [N, 2] in the square */
export function toSquare(points) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (let i = 0; i < points.length; i++) {
    const axis = i & 1;
    if (points[i] < low[axis]) low[axis] = points[i];
    if (points[i] > high[axis]) high[axis] = points[i];
  }
  const size = Math.max(high[0] - low[0], high[1] - low[1]) || 1;
  const scale = (1 - 2 * MARGIN) / size;
  const shift = [0, 1].map((axis) => 0.5 - (scale * (low[axis] + high[axis])) / 2);
  const square = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    square[i] = points[i] * scale + shift[0];
    square[i + 1] = 1 - (points[i + 1] * scale + shift[1]);
  }
  return square;
}

/** Whether each point lies within an outline, by the even-odd rule. @param {Float32Array} square [N, 2] @param {Lasso} lasso @returns {Uint8Array} [N] */
export function within(square, { points }) {
  const inside = new Uint8Array(square.length / 2);
  const corners = points.map(([x, y]) => [x / 1000, y / 1000]);
  for (let i = 0; i < inside.length; i++) {
    const [x, y] = [square[2 * i], square[2 * i + 1]];
    let odd = 0;
    for (let a = corners.length - 1, b = 0; b < corners.length; a = b++) {
      const [[ax, ay], [bx, by]] = [corners[a], corners[b]];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd ^= 1;
    }
    inside[i] = odd;
  }
  return inside;
}
