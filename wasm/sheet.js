import { instantiateAlone } from "./core.js";
import { NtraceError } from "./errors.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./ntrace.d.ts").Mark} Mark */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */

/** What wasm/sheet.c has room for. */
const MOST_POINTS = 8192;
const MOST_STROKES = 512;
const MOST_MARKS = 4096;
/** NT_RASTER_SIDE. */
const SIDE = 28;
const FILE = "ntrace-sheet.wasm";

/** @type {WeakMap<Engine, Promise<import("./core.js").Module>>} */
const sheets = new WeakMap();

/** The sheet's module, fetched once; asked for again after a failure. @param {Engine} engine @param {CallOptions} options */
function sheetOf(engine, { onProgress }) {
  let sheet = sheets.get(engine);
  if (!sheet) {
    onProgress?.({ label: "fetching the drawing sheet", done: 0 });
    sheet = engine.readBuild(FILE).then(instantiateAlone);
    sheet.catch(() => sheets.delete(engine));
    sheets.set(engine, sheet);
  }
  return sheet;
}

/** @param {string} message @returns {never} */
function refuse(message) {
  throw new NtraceError("argument", message, "Correct the call: ntrace.d.ts says what draw takes.");
}

/** @param {unknown} value @param {string} what @param {number} low @param {number} high */
function within(value, what, low, high) {
  if (typeof value !== "number" || !(value >= low && value <= high)) refuse(`${what} = ${value}: expected a number from ${low} to ${high}.`);
}

/** @param {Mark} mark */
function check(mark) {
  if (mark.kind === "pen" || mark.kind === "eraser") {
    if (mark.points.length % 2 !== 0 || mark.points.length > 2 * MOST_POINTS) refuse(`A stroke has ${mark.points.length} numbers: expected two a point, and at most ${MOST_POINTS} points.`);
    for (let i = 0; i < mark.points.length; i++) within(mark.points[i], "A stroke's coordinate", -1e6, 1e6);
  } else if (mark.kind === "move") {
    within(mark.degrees, "degrees", -360, 360);
    within(mark.x, "x", -1024, 1024);
    within(mark.y, "y", -1024, 1024);
  } else if (mark.kind === "thicken") within(mark.share, "share", -1, 1);
  else if (mark.kind === "noise") {
    within(mark.deviation, "deviation", 0, 255);
    within(mark.seed, "seed", 0, 0xffffffff);
  } else refuse(`A mark of kind ${/** @type {any} */ (mark).kind}: expected pen, eraser, move, thicken or noise.`);
}

/** @param {import("./core.js").Module} sheet @param {ArrayLike<number>[]} strokes one after the other */
function writePoints({ exports, memory }, strokes) {
  const at = /** @type {Function} */ (exports.nt_sheet_points)();
  const points = new Float32Array(memory.buffer, at, 2 * MOST_POINTS);
  let used = 0;
  for (const stroke of strokes) {
    points.set(stroke, used);
    used += stroke.length;
  }
}

/** All strokes as one drawing, fitted to the sheet. @param {import("./core.js").Module} sheet @param {ArrayLike<number>[]} strokes */
function drawAll(sheet, strokes) {
  const counts = new Uint32Array(sheet.memory.buffer, /** @type {Function} */ (sheet.exports.nt_sheet_counts)(), MOST_STROKES);
  writePoints(sheet, strokes);
  counts.set(strokes.map(({ length }) => length / 2));
  /** @type {Function} */ (sheet.exports.nt_sheet_drawing)(strokes.length);
}

/** @param {import("./core.js").Module} sheet @param {Mark} mark */
function apply(sheet, mark) {
  const call = (/** @type {string} */ name, /** @type {number[]} */ ...values) => /** @type {Function} */ (sheet.exports[name])(...values);
  if (mark.kind === "pen" || mark.kind === "eraser") {
    writePoints(sheet, [mark.points]);
    call("nt_sheet_stroke", mark.points.length / 2, mark.kind === "pen" ? 0 : 1);
  } else if (mark.kind === "move") call("nt_sheet_move", mark.degrees, mark.x, mark.y);
  else if (mark.kind === "thicken") call("nt_sheet_thicken", mark.share);
  else if (mark.kind === "noise") call("nt_sheet_noise", mark.deviation, mark.seed);
}

/** Whether a bundle's images are of the size that the rasteriser makes. @param {import("./ntrace.d.ts").Manifest} manifest */
export const canDraw = ({ dataset: { image } }) => image !== null && image.channels === 1 && image.height === SIDE && image.width === SIDE;

/**
 * Makes an image of marks. See Bundle.draw in ntrace.d.ts.
 * @param {Engine} engine @param {{ marks: Mark[], base?: number }} request @param {CallOptions} [options] @returns {Promise<Uint8Array>}
 */
export async function draw(engine, { marks, base }, options = {}) {
  const { manifest } = engine;
  if (!canDraw(manifest)) throw new NtraceError("argument", `Drawings are grey images of ${SIDE} x ${SIDE} pixels, and this bundle's are not.`);
  if (!Array.isArray(marks) || marks.length > MOST_MARKS) refuse(`marks: expected a list of at most ${MOST_MARKS}.`);
  marks.forEach(check);
  const first = base === undefined ? marks.findIndex(({ kind }) => kind !== "pen") : 0;
  const strokes = marks.slice(0, first < 0 ? marks.length : first).map((mark) => /** @type {any} */ (mark).points);
  if (strokes.length > MOST_STROKES) refuse(`A drawing has ${strokes.length} strokes: expected at most ${MOST_STROKES}.`);
  if (strokes.reduce((sum, { length }) => sum + length, 0) > 2 * MOST_POINTS) refuse(`A drawing has too many points: expected at most ${MOST_POINTS}.`);
  if (base !== undefined) engine.check(base, "base", manifest.dataset.samples);
  const [sheet, own] = await Promise.all([sheetOf(engine, options), base === undefined ? null : engine.images({ samples: [base] }, options)]);
  const image = () => new Uint8Array(sheet.memory.buffer, /** @type {Function} */ (sheet.exports.nt_sheet_image)(), SIDE * SIDE);
  if (own) image().set(own);
  else drawAll(sheet, strokes);
  for (const mark of marks.slice(strokes.length)) apply(sheet, mark);
  return image().slice();
}
