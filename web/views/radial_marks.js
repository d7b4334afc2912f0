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
 * @property {number} dot radius in pixels
 * @property {number} trace width of a trace at its thick end
 * @property {number} alpha of a trace
 */

/** @param {number} points @param {Geometry} geometry @returns {Density} */
export function densityOf(points, geometry) {
  const room = geometry.outer / Math.sqrt(Math.max(points, 1));
  return {
    picture: Math.max(geometry.outer < 180 ? 17 : 21, Math.min(46, 1.35 * room)),
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
export function choosePictures(points, geometry, { picture }) {
  const cell = 0.74 * picture;
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

/** @param {CanvasRenderingContext2D} context @param {Mark} mark @param {Geometry} geometry @param {number} width */
export function drawTrace(context, { point, pose }, geometry, width) {
  const a = geometry.along(pose.from);
  const b = geometry.along(pose.to);
  const sin = Math.sin(pose.angle);
  const cos = Math.cos(pose.angle);
  const [ax, ay] = geometry.place(pose.angle, a);
  const [bx, by] = geometry.place(pose.angle, b);
  context.beginPath();
  if (membership(point) === "left") {
    context.lineWidth = Math.max(0.8, 0.4 * width);
    context.setLineDash([2.5, 2.5]);
    context.moveTo(ax, ay);
    context.lineTo(bx, by);
    context.stroke();
    context.setLineDash([]);
    return;
  }
  const thin = 0.3;
  const thick = width / 2;
  context.moveTo(ax + thin * cos, ay + thin * sin);
  context.lineTo(bx + thick * cos, by + thick * sin);
  context.lineTo(bx - thick * cos, by - thick * sin);
  context.lineTo(ax - thin * cos, ay - thin * sin);
  context.fill();
}

/**
 * @param {CanvasRenderingContext2D} context @param {Mark} mark @param {number} x @param {number} y @param {number} dot
 * @param {Tokens} tokens
 */
function drawDot(context, { point }, x, y, dot, tokens) {
  const kind = membership(point);
  context.beginPath();
  context.arc(x, y, kind === "left" ? 0.8 * dot : dot, 0, 2 * Math.PI);
  if (kind === "stayed") {
    context.fill();
    return;
  }
  context.fillStyle = tokens.plate;
  context.fill();
  context.lineWidth = Math.max(1, 0.45 * dot);
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Iterable<Mark>} marks
 * @param {{ geometry: Geometry, density: Density, tokens: Tokens, sprites: Sprites }} style
 */
export function drawMarks(context, marks, { geometry, density, tokens, sprites }) {
  const order = [...marks].sort((a, b) => b.pose.to - a.pose.to);
  for (const mark of order) {
    context.fillStyle = context.strokeStyle = colourOf(tokens, mark);
    context.globalAlpha = density.alpha * mark.pose.alpha * (membership(mark.point) === "left" ? 0.7 : 1);
    drawTrace(context, mark, geometry, density.trace);
  }
  for (const mark of order) {
    const [x, y] = geometry.place(mark.pose.angle, geometry.along(mark.pose.to));
    const kind = membership(mark.point);
    context.fillStyle = context.strokeStyle = colourOf(tokens, mark);
    context.globalAlpha = mark.pose.alpha * (kind === "left" ? 0.5 : 1);
    if (mark.picture && sprites.draw(context, mark.point.sample, x, y, density.picture)) {
      if (kind === "arrived") drawRing(context, x, y, 0.6 * density.picture, 1.25);
    } else {
      drawDot(context, mark, x, y, density.dot, tokens);
    }
  }
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} radius @param {number} width */
function drawRing(context, x, y, radius, width) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = width;
  context.stroke();
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
  drawTrace(context, mark, geometry, Math.max(5, 1.4 * density.trace));
  context.fillStyle = tokens.plate;
  context.beginPath();
  context.arc(ax, ay, 4, 0, 2 * Math.PI);
  context.fill();
  drawRing(context, ax, ay, 4, 1.5);
  context.beginPath();
  context.arc(bx, by, 0.66 * size, 0, 2 * Math.PI);
  context.fill();
  drawRing(context, bx, by, 0.66 * size, 2);
  sprites.draw(context, point.sample, bx, by, size);
}
