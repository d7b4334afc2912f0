/** The tools around the pad: back, forth, clear and examples; for a changed sample eraser, shift, turn, thickness and noise besides. */
import { select } from "d3";
import { EDGE } from "../marks.js";
import { EXAMPLES } from "./examples.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Mark} Mark */
/** @typedef {import("./pad.js").Tool} Tool */

const TURN = 10; // degrees
const THICKER = 0.5;
const NOISE = 24; // of 255

/** One change each, of the marks so far. @type {{ text: string, title: string, make: (marks: Mark[]) => Mark }[]} */
const CHANGES = [
  { text: "←", title: "Shift left by a pixel", make: () => ({ kind: "move", degrees: 0, x: -1, y: 0 }) },
  { text: "→", title: "Shift right by a pixel", make: () => ({ kind: "move", degrees: 0, x: 1, y: 0 }) },
  { text: "↑", title: "Shift up by a pixel", make: () => ({ kind: "move", degrees: 0, x: 0, y: -1 }) },
  { text: "↓", title: "Shift down by a pixel", make: () => ({ kind: "move", degrees: 0, x: 0, y: 1 }) },
  { text: "↶", title: `Turn left by ${TURN} degrees`, make: () => ({ kind: "move", degrees: -TURN, x: 0, y: 0 }) },
  { text: "↷", title: `Turn right by ${TURN} degrees`, make: () => ({ kind: "move", degrees: TURN, x: 0, y: 0 }) },
  { text: "Thicker", title: "Thicken all strokes", make: () => ({ kind: "thicken", share: THICKER }) },
  { text: "Thinner", title: "Thin all strokes", make: () => ({ kind: "thicken", share: -THICKER }) },
  { text: "Noise", title: "Add noise", make: (marks) => ({ kind: "noise", deviation: NOISE, seed: 1 + marks.filter(({ kind }) => kind === "noise").length }) },
];

/**
 * A change that goes on from the one before: shifts add up to one mark, so that many of them still fit into a link.
 * @param {Mark[]} marks @param {Mark} next @returns {Mark[]}
 */
export function joined(marks, next) {
  const last = marks[marks.length - 1];
  if (next.kind !== "move" || last?.kind !== "move" || next.degrees !== 0) return [...marks, next];
  const [x, y] = [last.x + next.x, last.y + next.y];
  if (last.degrees === 0 && x === 0 && y === 0) return marks.slice(0, -1);
  return Math.abs(x) > 28 || Math.abs(y) > 28 ? marks : [...marks.slice(0, -1), { ...last, x, y }];
}

/**
 * @param {HTMLElement} root
 * @param {{
 *   onUndo: () => void, onRedo: () => void, onClear: () => void,
 *   onMarks: (change: (marks: Mark[]) => Mark[]) => void,
 *   onExample: (marks: Mark[]) => void, onTool: (tool: Tool) => void,
 * }} options
 */
export function createTools(root, { onUndo, onRedo, onClear, onMarks, onExample, onTool }) {
  const block = select(root).append("div").attr("class", "draw-tools");
  const bar = block.append("div").attr("class", "draw-bar").attr("role", "group").attr("aria-label", "Drawing");
  /** @param {import("d3").Selection<any, any, any, any>} into @param {string} text @param {string} title @param {() => void} act */
  const button = (into, text, title, act) => into.append("button").attr("type", "button").attr("title", title).attr("aria-label", /^\w/.test(text) ? null : title).text(text).on("click", act);
  const pens = /** @type {Tool[]} */ (["pen", "eraser"]).map((tool) => button(bar, tool === "pen" ? "Pen" : "Eraser", tool === "pen" ? "Draw" : "Erase", () => onTool(tool)).attr("data-tool", tool));
  const undo = button(bar, "Undo", "Undo", onUndo).attr("data-undo", "");
  const redo = button(bar, "Redo", "Redo", onRedo).attr("data-redo", "");
  const clear = button(bar, "Clear", "Clear", onClear).attr("data-clear", "");
  const changes = block.append("div").attr("class", "draw-bar draw-changes").attr("role", "group").attr("aria-label", "Change the whole sketch");
  for (const { text, title, make } of CHANGES) button(changes, text, title, () => onMarks((marks) => joined(marks, make(marks)))).attr("data-change", title);
  const examples = block.append("div").attr("class", "draw-examples").attr("role", "group").attr("aria-label", "Drawings to start from");
  examples.append("span").text("Start from");
  const chips = examples
    .selectAll("button")
    .data(EXAMPLES)
    .join("button")
    .attr("type", "button")
    .attr("data-example", ({ name }) => name)
    .attr("aria-label", ({ name }) => `Start from a drawing: ${name}`)
    .attr("title", ({ name }) => name)
    .on("click", (_, { marks }) => onExample(marks));
  chips
    .append("svg")
    .attr("viewBox", `${EDGE.low} ${EDGE.low} ${EDGE.high - EDGE.low} ${EDGE.high - EDGE.low}`)
    .attr("aria-hidden", "true")
    .selectAll("polyline")
    .data(({ marks }) => marks.flatMap((mark) => (mark.kind === "pen" ? [mark.points] : [])))
    .join("polyline")
    .attr("points", (points) => Array.from(points).join(" "));

  return {
    /** @param {{ marks: Mark[], isChange: boolean, tool: Tool, canUndo: boolean, canRedo: boolean }} next isChange: the sheet began as a sample */
    update({ marks, isChange, tool, canUndo, canRedo }) {
      for (const pen of pens) pen.attr("hidden", isChange ? null : "").attr("aria-pressed", String(pen.attr("data-tool") === tool));
      changes.attr("hidden", isChange ? null : "");
      examples.attr("hidden", isChange ? "" : null);
      undo.property("disabled", !canUndo);
      redo.property("disabled", !canRedo);
      clear.property("disabled", marks.length === 0).text(isChange ? "Reset" : "Clear").attr("title", isChange ? "Back to the original" : "Clear");
    },
    destroy: () => void block.remove(),
  };
}
