/** Draws an outline on the map with mouse, pen or finger: a rectangle or a lasso. */
import { SIDE } from "../params.js";

/** @typedef {"rectangle" | "lasso"} Shape */
/** @typedef {[number, number][]} Corners in whole parts of the square's side */

/** Below this a press is a click, not an outline: pixels. */
export const CLICK = 4;
/** A corner is kept where the line has bent by more than this: pixels. */
const BEND = 1;

/** @param {number} place in the square */
const whole = (place) => Math.max(0, Math.min(SIDE, Math.round(place * SIDE)));

/** @param {[number, number]} from @param {[number, number]} to both in the square @returns {Corners} */
export function rectangleOf([x0, y0], [x1, y1]) {
  const [left, right] = [whole(Math.min(x0, x1)), whole(Math.max(x0, x1))];
  const [top, bottom] = [whole(Math.min(y0, y1)), whole(Math.max(y0, y1))];
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

/** @param {[number, number]} p @param {[number, number]} a @param {[number, number]} b how far p is from the line between a and b */
function offLine([px, py], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const along = dx * dx + dy * dy === 0 ? 0 : Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(px - ax - along * dx, py - ay - along * dy);
}

/** The corners that matter, after Douglas and Peucker (1973). @param {[number, number][]} line @param {number} least @returns {[number, number][]} */
function simplified(line, least) {
  if (line.length < 3) return line;
  let [at, most] = [0, 0];
  for (let i = 1; i < line.length - 1; i++) {
    const off = offLine(line[i], line[0], line[line.length - 1]);
    if (off > most) [at, most] = [i, off];
  }
  if (most <= least) return [line[0], line[line.length - 1]];
  return [...simplified(line.slice(0, at + 1), least).slice(0, -1), ...simplified(line.slice(at), least)];
}

/** @param {[number, number][]} line in the square @param {number} side of the square, pixels @returns {Corners} */
export function lassoOf(line, side) {
  return simplified(line, BEND / side).map(([x, y]) => /** @type {[number, number]} */ ([whole(x), whole(y)]));
}

/**
 * @typedef {object} OutlineOptions
 * @property {(event: PointerEvent) => Shape | null} shapeOf what a press begins to draw
 * @property {(event: PointerEvent) => [number, number]} placeOf in the square
 * @property {() => number} sideOf the square, pixels
 * @property {(corners: Corners | null) => void} onDraft
 * @property {(corners: Corners) => void} onDone
 */

/** @param {HTMLElement} stage @param {OutlineOptions} options */
export function createOutline(stage, { shapeOf, placeOf, sideOf, onDraft, onDone }) {
  /** @type {{ shape: Shape, pointer: number, line: [number, number][], from: [number, number], isLong: boolean } | null} */
  let drawn = null;

  const corners = () => {
    const { shape, line } = /** @type {NonNullable<typeof drawn>} */ (drawn);
    return shape === "rectangle" ? rectangleOf(line[0], line[line.length - 1]) : lassoOf(line, sideOf());
  };
  function stop() {
    drawn = null;
    onDraft(null);
  }
  /** @param {PointerEvent} event */
  function onDown(event) {
    if (drawn) return void stop(); // a second finger: it wants to zoom
    const shape = event.isPrimary && event.button === 0 ? shapeOf(event) : null;
    if (!shape) return;
    drawn = { shape, pointer: event.pointerId, line: [placeOf(event)], from: [event.clientX, event.clientY], isLong: false };
    stage.setPointerCapture(event.pointerId);
  }
  /** @param {PointerEvent} event */
  function onMove(event) {
    if (event.pointerId !== drawn?.pointer) return;
    drawn.isLong ||= Math.hypot(event.clientX - drawn.from[0], event.clientY - drawn.from[1]) >= CLICK;
    for (const part of event.getCoalescedEvents?.() ?? []) drawn.line.push(placeOf(part));
    drawn.line.push(placeOf(event));
    if (drawn.isLong) onDraft(corners());
  }
  /** @param {PointerEvent} event */
  function onUp(event) {
    if (event.pointerId !== drawn?.pointer) return;
    const done = drawn.isLong ? corners() : null;
    stop();
    if (!done) return;
    stage.addEventListener("click", swallow, { capture: true, once: true }); // a drag is no click
    setTimeout(() => stage.removeEventListener("click", swallow, { capture: true }));
    if (done.length > 2) onDone(done);
  }
  /** @param {Event} event */
  const swallow = (event) => event.stopImmediatePropagation();

  /** @type {[string, (event: any) => void][]} */
  const listeners = [["pointerdown", onDown], ["pointermove", onMove], ["pointerup", onUp], ["pointercancel", stop]];
  for (const [name, listener] of listeners) stage.addEventListener(name, listener);
  return {
    isDrawing: () => drawn !== null && drawn.isLong,
    /** Gives up what is being drawn. @returns {boolean} whether there was something */
    cancel() {
      const was = drawn !== null;
      if (was) stop();
      return was;
    },
    destroy() {
      for (const [name, listener] of listeners) stage.removeEventListener(name, listener);
    },
  };
}
