/** Brushes on the axes of the stability plot: dragged, moved, resized, cleared by a click beside; each end a slider for the keyboard. */
import { pointer, select } from "d3";
import { layerName } from "../words.js";

/** @typedef {import("./plot_frame.js").Frame} Frame */
/** @typedef {import("../params.js").Brush} Brush */
/** @typedef {import("../../wasm/ntrace.d.ts").Layer} Layer */
/** @typedef {{ low: number, high: number }} Ends */
/** @typedef {"make" | "move" | "low" | "high"} Gesture */

const WIDTH = 15;
const GRIP = 11;
const MOVED = 3; // pixels before a press is a drag
/** Keys pressed one soon after the other are one change for undo. */
const SOON = 900;

/** What a gesture makes of the range of an axis. @param {Gesture} gesture @param {Ends | null} before @param {number} from value where it began @param {number} to value where it is @param {number} most @returns {Ends} */
export function dragged(gesture, before, from, to, most) {
  const clamp = (/** @type {number} */ value) => Math.max(0, Math.min(most, value));
  if (gesture === "make" || !before) {
    const [low, high] = [Math.ceil(Math.min(from, to)), Math.floor(Math.max(from, to))];
    return low <= high ? { low: clamp(low), high: clamp(high) } : { low: clamp(Math.round(to)), high: clamp(Math.round(to)) };
  }
  if (gesture === "move") {
    const by = Math.max(-before.low, Math.min(most - before.high, Math.round(to - from)));
    return { low: before.low + by, high: before.high + by };
  }
  const end = clamp(Math.round(before[gesture] + to - from));
  const other = gesture === "low" ? before.high : before.low;
  return { low: Math.min(end, other), high: Math.max(end, other) };
}

/** By how much a key moves an end. @param {string} key @param {number} most @returns {number | null} */
function stepOf(key, most) {
  const page = Math.max(1, Math.round(most / 10));
  return { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: page, PageDown: -page, Home: -most, End: most }[key] ?? null;
}

/**
 * @param {SVGGElement} root
 * @param {{ layers: Layer[], onBrush: (layer: number, ends: Ends | null, isNew: boolean) => void, onLeave: (layer: number) => void }} options
 * isNew: a change of its own for undo; onLeave: the keyboard leaves a brush
 */
export function createBrushes(root, { layers, onBrush, onLeave }) {
  const zones = select(root).append("g").attr("data-export", "skip");
  const list = select(root).append("g");
  /** @type {Frame | null} */
  let frame = null;
  /** @type {Brush[]} */
  let brushes = [];
  let pressed = 0;
  let swallow = false;
  let dragging = false;
  // touch-action of a part of an SVG does not keep every browser from scrolling
  root.addEventListener("touchmove", (event) => dragging && event.cancelable && event.preventDefault(), { passive: false });

  /** @param {number} layer */
  const brushOf = (layer) => brushes.find((brush) => brush.layer === layer) ?? null;

  /** Shows a brush at once, before the page has answered. @param {number} layer @param {Ends} ends @param {boolean} isNew */
  function put(layer, ends, isNew) {
    brushes = [...brushes.filter((brush) => brush.layer !== layer), { layer, ...ends }];
    render();
    onBrush(layer, ends, isNew);
  }

  /** @param {PointerEvent} event @param {number} layer @param {Gesture} gesture */
  function start(event, layer, gesture) {
    swallow = false;
    if (event.button !== 0 || !event.isPrimary || !frame) return;
    const target = /** @type {SVGElement} */ (event.currentTarget);
    const before = brushOf(layer);
    const [, startY] = pointer(event, root);
    let moved = false;
    let isNew = true;
    /** @param {PointerEvent} move */
    function onMove(move) {
      const [, y] = pointer(move, root);
      moved ||= Math.abs(y - startY) > MOVED;
      if (!moved || !frame) return;
      const ends = dragged(gesture, before, frame.value(startY), frame.value(y), frame.most);
      const now = brushOf(layer);
      if (now?.low === ends.low && now?.high === ends.high) return;
      put(layer, ends, isNew);
      isNew = false;
    }
    function onEnd() {
      dragging = false;
      target.removeEventListener("pointermove", onMove);
      target.removeEventListener("pointerup", onEnd);
      target.removeEventListener("pointercancel", onEnd);
      const isClear = !moved && gesture === "make" && before !== null;
      swallow = moved || isClear || gesture !== "make";
      if (isClear) onBrush(layer, null, true);
    }
    dragging = true;
    target.setPointerCapture(event.pointerId);
    target.addEventListener("pointermove", onMove);
    target.addEventListener("pointerup", onEnd);
    target.addEventListener("pointercancel", onEnd);
  }

  /** @param {KeyboardEvent} event @param {number} layer @param {"low" | "high"} end */
  function onKey(event, layer, end) {
    const before = brushOf(layer);
    if (!before || !frame || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = stepOf(event.key, frame.most);
    if (step !== null) {
      const isNew = event.timeStamp - pressed > SOON;
      pressed = event.timeStamp;
      const limit = end === "low" ? [0, before.high] : [before.low, frame.most];
      const moved = Math.max(limit[0], Math.min(limit[1], before[end] + step));
      const ends = event.shiftKey ? dragged("move", before, 0, step, frame.most) : { low: before.low, high: before.high, [end]: moved };
      put(layer, ends, isNew);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      onBrush(layer, null, true);
      onLeave(layer);
    } else if (event.key === "Escape") onLeave(layer);
    else return;
    event.preventDefault();
  }

  function render() {
    if (!frame) return;
    const { x, y, gap, top, height, most } = frame;
    const zone = Math.min(34, Math.max(10, 0.62 * gap));
    zones
      .selectAll("rect")
      .data(layers.map((_, layer) => layer))
      .join("rect")
      .attr("class", "plot-zone")
      .attr("x", (layer) => x(layer) - zone / 2)
      .attr("width", zone)
      .attr("y", top - 6)
      .attr("height", height + 12)
      .on("pointerdown", (event, layer) => start(event, layer, "make"));
    const width = Math.min(WIDTH, 0.62 * gap);
    const items = list
      .selectAll(".plot-brush")
      .data(brushes, (/** @type {any} */ brush) => brush.layer)
      .join((enter) => {
        const item = enter.append("g").attr("class", "plot-brush").attr("role", "group");
        item.attr("aria-label", ({ layer }) => `Brush on ${layerName(layers, layer)}`).attr("data-layer", ({ layer }) => layer);
        item.append("rect").attr("class", "plot-brush-body").attr("rx", 2);
        item.append("text").attr("class", "plot-brush-high").attr("aria-hidden", "true");
        item.append("text").attr("class", "plot-brush-low").attr("aria-hidden", "true");
        for (const end of ["high", "low"]) {
          const handle = item.append("g").attr("class", `plot-handle plot-handle-${end}`).attr("role", "slider").attr("tabindex", 0).attr("aria-orientation", "vertical");
          handle.append("rect").attr("class", "plot-handle-grip").attr("data-export", "skip");
          handle.append("rect").attr("class", "plot-handle-bar").attr("rx", 1.5);
        }
        return item;
      });
    items.attr("transform", ({ layer }) => `translate(${x(layer)},0)`);
    const topOf = (/** @type {Brush} */ { high }) => y(high + 0.5);
    const bottomOf = (/** @type {Brush} */ { low }) => y(low - 0.5);
    const body = items.select(".plot-brush-body");
    body.attr("x", -width / 2).attr("width", width).attr("y", topOf).attr("height", (brush) => bottomOf(brush) - topOf(brush));
    body.on("pointerdown", (event, { layer }) => start(event, layer, "move"));
    items.select(".plot-brush-high").attr("y", (brush) => topOf(brush) - 5).text(({ high }) => high);
    items.select(".plot-brush-low").attr("y", (brush) => bottomOf(brush) + 12).text(({ low }) => low);
    for (const end of /** @type {const} */ (["high", "low"])) {
      const handle = items.select(`.plot-handle-${end}`);
      handle.attr("transform", (brush) => `translate(0,${end === "high" ? topOf(brush) : bottomOf(brush)})`);
      handle.attr("aria-label", ({ layer }) => `${end === "low" ? "Fewest" : "Most"} neighbours kept at ${layerName(layers, layer)}`);
      handle.attr("aria-valuemin", (brush) => (end === "low" ? 0 : brush.low)).attr("aria-valuemax", (brush) => (end === "low" ? brush.high : most)).attr("aria-valuenow", (brush) => brush[end]);
      const tall = GRIP;
      handle.select(".plot-handle-grip").attr("x", -width / 2 - 2).attr("width", width + 4).attr("y", end === "high" ? -tall + 3 : -3).attr("height", tall);
      handle.select(".plot-handle-bar").attr("x", -width / 2).attr("width", width).attr("y", -1.5).attr("height", 3);
      handle.on("pointerdown", (event, { layer }) => {
        /** @type {any} */ (event.currentTarget).focus({ focusVisible: false });
        start(event, layer, end);
      });
      handle.on("keydown", (event, { layer }) => onKey(event, layer, end));
    }
  }

  return {
    /** @param {Frame} next @param {Brush[]} shown */
    render(next, shown) {
      frame = next;
      brushes = shown;
      render();
    },
    /** Whether the click that follows belongs to a gesture; told once. */
    takesClick() {
      const is = swallow;
      swallow = false;
      return is;
    },
    /** @param {number} layer @param {"low" | "high"} end */
    focus: (layer, end) => /** @type {SVGElement | null} */ (root.querySelector(`[data-layer="${layer}"] .plot-handle-${end}`))?.focus(),
  };
}
