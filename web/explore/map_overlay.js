/** What lies over the points: names of classes, the outline, rings around single samples, the keyboard's cursor. */
import { select } from "d3";
import { SIDE } from "../params.js";
import { onStage } from "./map_view.js";

/** @typedef {import("./map_view.js").View} View */
/** @typedef {{ sample: number, kind: "pointed" | "chosen" | "pinned" }} Ring */

/**
 * @typedef {object} Overlay
 * @property {View} view
 * @property {Float32Array} points [N, 2] in the square
 * @property {import("./map_names.js").Name[]} names
 * @property {Ring[]} rings
 * @property {number} radius of a ring, pixels
 * @property {[number, number][] | null} outline corners, in parts of the square's side
 * @property {boolean} isDraft the outline is being drawn
 * @property {[number, number] | null} cursor in the square
 */

/** Pixels by which the rings are wider than one another, so that one sample can have several. */
const WIDER = { pinned: 0, chosen: 1.5, pointed: 3 };
const CROSS = "M-13 0H-4M4 0H13M0 -13V-4M0 4V13";

/** @param {HTMLElement} stage */
export function createOverlay(stage) {
  const svg = select(stage).append("svg").attr("class", "map-over").attr("aria-hidden", "true");
  const outline = svg.append("path").attr("class", "map-outline");
  const names = svg.append("g").attr("class", "map-names");
  const rings = svg.append("g").attr("class", "map-rings");
  const cursor = svg.append("path").attr("class", "map-cursor").attr("d", CROSS).attr("hidden", "");

  /** What each part was last drawn from: what is the same is left alone. @type {Map<string, string>} */
  const last = new Map();
  /** @param {string} part @param {string} from @param {() => void} draw */
  function when(part, from, draw) {
    if (last.get(part) === from) return;
    last.set(part, from);
    draw();
  }
  /** @param {number} x @param {number} y */
  const move = (x, y) => `translate(${x.toFixed(1)} ${y.toFixed(1)})`;

  return {
    /** @param {Overlay} shown */
    draw({ view, points, names: texts, rings: wanted, radius, outline: corners, isDraft, cursor: place }) {
      const box = `0 0 ${view.width} ${view.height}`;
      when("box", box, () => svg.attr("viewBox", box));
      const path = corners ? `M${corners.map(([x, y]) => onStage(view, x / SIDE, y / SIDE).map((at) => at.toFixed(1))).join("L")}Z` : "";
      when("outline", `${path} ${isDraft}`, () => outline.attr("d", path || null).classed("is-draft", isDraft));
      when("names", texts.map(({ label, x, y }) => `${label} ${move(x, y)}`).join(), () => {
        names
          .selectAll("text")
          .data(texts, (/** @type {any} */ { label }) => label)
          .join("text")
          .attr("transform", ({ x, y }) => move(x, y))
          .text(({ text }) => text);
      });
      const circles = wanted.map(({ sample, kind }) => ({ sample, kind, at: move(...onStage(view, points[2 * sample], points[2 * sample + 1])) }));
      when("rings", `${radius} ${circles.map(({ kind, at }) => kind + at).join()}`, () => {
        rings
          .selectAll("circle")
          .data(circles, (/** @type {any} */ { sample, kind }) => `${kind} ${sample}`)
          .join("circle")
          .attr("class", ({ kind }) => `map-ring is-${kind}`)
          .attr("r", ({ kind }) => radius + WIDER[kind])
          .attr("transform", ({ at }) => at);
      });
      const at = place ? move(...onStage(view, ...place)) : "";
      when("cursor", at, () => cursor.attr("transform", at || null).attr("hidden", place ? null : ""));
    },
  };
}
