/** The keyboard's way from line to line: up and down to the next one at the layer looked at, Enter takes it, Shift and Enter opens its trace. */
import { select } from "d3";
import { layerName } from "../words.js";
import { lineOf } from "./plot_scene.js";

/** @typedef {import("./plot_frame.js").Frame} Frame */
/** @typedef {import("./plot_scene.js").Lines} Lines */
/** @typedef {import("../routes/explore.js").Facts} Facts */

/**
 * @param {SVGGElement} root
 * @param {{
 *   layers: import("../../wasm/ntrace.d.ts").Layer[], classes: string[], labels: Uint16Array,
 *   onPoint: (sample: number | null) => void, onPick: (sample: number) => void, onOpen: (sample: number) => void,
 * }} options
 */
export function createWalk(root, { layers, classes, labels, onPoint, onPick, onOpen }) {
  /** @type {Facts | null} */
  let facts = null;
  /** @type {Lines | null} */
  let lines = null;
  /** @type {number | null} */
  let at = null;
  /** Samples in colour by their value at the layer, made when first walked. @type {{ selection: unknown, lines: unknown, layer: number, samples: number[] } | null} */
  let order = null;
  const walk = select(root).append("rect").attr("class", "plot-walk").attr("data-export", "skip").attr("role", "slider").attr("tabindex", 0).attr("aria-orientation", "vertical");

  /** @param {number} sample */
  function valueOf(sample) {
    const line = lines ? lineOf(lines, sample) : -1;
    return lines && facts && line >= 0 ? lines.values[facts.state.layer * lines.samples.length + line] : 0;
  }
  function ordered() {
    if (!facts || !lines) return [];
    const { selection, state } = facts;
    if (order?.selection === selection && order.lines === lines && order.layer === state.layer) return order.samples;
    const samples = Array.from(selection.selected).filter((sample) => lineOf(/** @type {Lines} */ (lines), sample) >= 0);
    samples.sort((a, b) => valueOf(a) - valueOf(b) || a - b);
    order = { selection, lines, layer: state.layer, samples };
    return samples;
  }
  function describe() {
    if (!facts) return;
    const sample = at ?? facts.state.sample;
    const layer = layerName(layers, facts.state.layer);
    const value = valueOf(sample);
    walk
      .attr("aria-label", `Lines, by neighbours kept at ${layer}: arrows go from line to line, Enter takes one, Shift and Enter opens its trace`)
      .attr("aria-valuemin", 0)
      .attr("aria-valuemax", facts.state.near)
      .attr("aria-valuenow", value)
      .attr("aria-valuetext", `${classes[labels[sample]]} number ${sample}: ${value} of ${facts.state.near} kept at ${layer}`);
  }

  walk.on("focus", () => {
    if (facts && at === null) onPoint(facts.state.sample);
  });
  walk.on("blur", () => onPoint(null));
  walk.on("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!facts || event.altKey || event.ctrlKey || event.metaKey) return;
    const sample = at ?? facts.state.sample;
    const samples = ordered();
    const place = samples.indexOf(sample);
    const last = samples.length - 1;
    const page = Math.max(1, Math.round(samples.length / 20));
    const next = { ArrowUp: place + 1, ArrowDown: place < 0 ? last : place - 1, PageUp: place + page, PageDown: place - page, Home: 0, End: last }[event.key];
    if (next !== undefined && last >= 0) onPoint(samples[Math.max(0, Math.min(last, next))]);
    else if (event.key === "Enter") (event.shiftKey ? onOpen : onPick)(sample);
    else return;
    event.preventDefault();
  });

  return {
    /** @param {Frame} frame @param {Lines | null} given @param {Facts} next */
    render({ left, top, width, height }, given, next) {
      facts = next;
      lines = given;
      walk.attr("x", left).attr("y", top).attr("width", width).attr("height", height);
      describe();
    },
    /** @param {number | null} sample */
    point(sample) {
      at = sample;
      describe();
    },
  };
}
