/** Draws the marks on canvas: a trace is a comet, thin where the sample was at "from", thick where it is at "to". */
import { direction, membership } from "../words.js";

/** @typedef {import("./radial_geometry.js").Geometry} Geometry */
/** @typedef {import("./radial_motion.js").Mark} Mark */
/** @typedef {import("../theme.js").Tokens} Tokens */
/** @typedef {import("../sprites.js").Sprites} Sprites */

/**
 * How large and strong marks are, so that few look rich and many stay legible.
 *
 * @typedef {object} Density
 * @property {number} picture thumbnail's side in pixels
 * @property {number} apart how far thumbnails keep from each other, in pixels
 * @property {number} dot radius in pixels
 * @property {number} trace width of a trace at its thick end
 * @property {number} alpha of a trace
 */

/** @param {number} points @param {Geometry} geometry @returns {Density} */
export function densityOf(points, geometry) {
  const room = geometry.outer / Math.sqrt(Math.max(points, 1));
  const picture = Math.max(geometry.outer < 180 ? 17 : 22, Math.min(46, 1.5 * room));
  return {
    picture,
    apart: (picture > 1.8 * room ? 1.25 : 0.78) * picture, // where it is crowded, room stays for the traces
    dot: Math.max(1.6, Math.min(3.4, 0.16 * room)),
    trace: Math.max(1.3, Math.min(7, 0.28 * room)),
    alpha: Math.max(0.42, Math.min(0.8, 0.08 * room)),
  };
}

/**
 * The thumbnails that have room: nearest first, each keeping a distance to those before it.
 *
 * @param {import("../../wasm/ntrace.d.ts").TracePoint[]} points @param {Geometry} geometry @param {Density} density
 * @returns {Set<number>} samples
 */
export function choosePictures(points, geometry, { apart: cell }) {
  /** @type {Map<string, [number, number][]>} */
  const taken = new Map();
  const chosen = new Set();
  const order = [...points].sort((a, b) => Number(b.inTo) - Number(a.inTo) || a.radiusTo - b.radiusTo);
  for (const point of order) {
    const [x, y] = geometry.place(point.angle, geometry.along(point.radiusTo));
    const column = Math.floor(x / cell);
    const row = Math.floor(y / cell);
    let free = true;
    for (let i = -1; i <= 1 && free; i++) {
      for (let j = -1; j <= 1 && free; j++) {
        const others = taken.get(`${column + i} ${row + j}`) ?? [];
        free = others.every(([u, v]) => Math.hypot(u - x, v - y) >= cell);
      }
    }
    if (!free) continue;
    chosen.add(point.sample);
    const key = `${column} ${row}`;
    taken.set(key, [...(taken.get(key) ?? []), [x, y]]);
  }
  return chosen;
}

/** @param {Tokens} tokens @param {Mark} mark */
function colourOf(tokens, { point }) {
  const way = direction(point);
  return way === "closer" ? tokens.closer : way === "farther" ? tokens.farther : tokens.rule;
}

/** @param {Tokens} tokens @param {Mark} mark */
function softOf(tokens, { point }) {
  const way = direction(point);
  return way === "closer" ? tokens.closerSoft : way === "farther" ? tokens.fartherSoft : tokens.annulus;
}

/**
 * A wedge; for what left, a line: it no longer belongs.
 *
 * @param {CanvasRenderingContext2D} context @param {Mark} mark @param {Geometry} geometry @param {number} width
 * @param {number} stop how far before the end it stops, so that it does not show through a thumbnail
 */
function drawTrace(context, { point, pose }, geometry, width, stop) {
  const thin = 0.35;
  const thick = membership(point) === "left" ? thin : width / 2;
  const sin = Math.sin(pose.angle);
  const cos = Math.cos(pose.angle);
  const a = geometry.along(pose.from);
  const end = geometry.along(pose.to);
  if (Math.abs(end - a) <= stop) return;
  const b = end + Math.sign(a - end) * stop;
  const [ax, ay] = [geometry.cx + a * sin, geometry.cy - a * cos];
  const [bx, by] = [geometry.cx + b * sin, geometry.cy - b * cos];
  context.beginPath();
  context.moveTo(ax + thin * cos, ay + thin * sin);
  context.lineTo(bx + thick * cos, by + thick * sin);
  context.lineTo(bx - thick * cos, by - thick * sin);
  context.lineTo(ax - thin * cos, ay - thin * sin);
  context.fill();
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} radius */
function drawDisc(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} radius @param {number} width */
function drawRing(context, x, y, radius, width) {
  drawDisc(context, x, y, radius);
  context.lineWidth = width;
  context.stroke();
}

/**
 * Where the sample is at "to". What stayed is solid or stands on a disc, what arrived is open or stands free, what left is faint.
 *
 * @param {CanvasRenderingContext2D} context @param {Mark} mark
 * @param {{ geometry: Geometry, density: Density, tokens: Tokens, sprites: Sprites }} style
 */
function drawEnd(context, mark, { geometry, density, tokens, sprites }) {
  const { point, pose, picture } = mark;
  const [x, y] = geometry.place(pose.angle, geometry.along(pose.to));
  const kind = membership(point);
  context.globalAlpha = pose.alpha * (kind === "left" ? 0.45 : 1);
  context.strokeStyle = colourOf(tokens, mark);
  if (picture && sprites.has(point.sample)) {
    context.fillStyle = softOf(tokens, mark);
    if (kind === "stayed") drawDisc(context, x, y, 0.62 * density.picture);
    sprites.draw(context, point.sample, x, y, density.picture);
  } else if (kind === "stayed") {
    context.fillStyle = context.strokeStyle;
    drawDisc(context, x, y, density.dot);
  } else {
    context.fillStyle = tokens.plate;
    drawRing(context, x, y, kind === "left" ? 0.7 * density.dot : 0.85 * density.dot, Math.max(1, 0.4 * density.dot));
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Iterable<Mark>} marks
 * @param {{ geometry: Geometry, density: Density, tokens: Tokens, sprites: Sprites }} style
 */
export function drawMarks(context, marks, style) {
  const { geometry, density, tokens } = style;
  const order = [...marks].sort((a, b) => b.pose.to - a.pose.to);
  for (const mark of order) {
    context.fillStyle = colourOf(tokens, mark);
    context.globalAlpha = density.alpha * mark.pose.alpha * (mark.point.inTo ? 1 : 0.6);
    drawTrace(context, mark, geometry, density.trace, mark.picture ? 0.46 * density.picture : 0);
    if (mark.point.inFrom) {
      const [x, y] = geometry.place(mark.pose.angle, geometry.along(mark.pose.from));
      drawDisc(context, x, y, 0.5 * density.dot);
    }
  }
  for (const mark of order) drawEnd(context, mark, style);
  context.globalAlpha = 1;
}

/**
 * One mark brought forward: its whole trace, where it was, and its sketch enlarged.
 *
 * @param {CanvasRenderingContext2D} context @param {Mark} mark
 * @param {{ geometry: Geometry, density: Density, tokens: Tokens, sprites: Sprites }} style
 */
export function drawPointed(context, mark, { geometry, density, tokens, sprites }) {
  const { pose, point } = mark;
  const colour = colourOf(tokens, mark);
  const [ax, ay] = geometry.place(pose.angle, geometry.along(pose.from));
  const [bx, by] = geometry.place(pose.angle, geometry.along(pose.to));
  const size = Math.max(44, 1.5 * density.picture);
  context.fillStyle = context.strokeStyle = colour;
  drawTrace(context, mark, geometry, Math.max(5, 1.4 * density.trace), 0);
  context.fillStyle = tokens.plate;
  drawRing(context, ax, ay, 4, 1.5);
  drawRing(context, bx, by, 0.66 * size, 2);
  sprites.draw(context, point.sample, bx, by, size);
}
