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

const CROSS = "M-13 0H-4M4 0H13M0 -13V-4M0 4V13";

/** @param {HTMLElement} stage */
export function createOverlay(stage) {
  const svg = select(stage).append("svg").attr("class", "map-over").attr("aria-hidden", "true");
  const outline = svg.append("path").attr("class", "map-outline");
  const names = svg.append("g").attr("class", "map-names");
  const rings = svg.append("g").attr("class", "map-rings");
  const cursor = svg.append("path").attr("class", "map-cursor").attr("d", CROSS);

  return {
    /** @param {Overlay} shown */
    draw({ view, points, names: texts, rings: wanted, radius, outline: corners, isDraft, cursor: place }) {
      svg.attr("viewBox", `0 0 ${view.width} ${view.height}`);
      outline
        .attr("d", corners ? `M${corners.map(([x, y]) => onStage(view, x / SIDE, y / SIDE).map((at) => at.toFixed(1))).join("L")}Z` : null)
        .classed("is-draft", isDraft);
      names
        .selectAll("text")
        .data(texts, (/** @type {any} */ { label }) => label)
        .join("text")
        .attr("transform", ({ x, y }) => `translate(${x.toFixed(1)} ${y.toFixed(1)})`)
        .text(({ text }) => text);
      rings
        .selectAll("circle")
        .data(wanted, (/** @type {any} */ { sample, kind }) => `${kind} ${sample}`)
        .join("circle")
        .attr("class", ({ kind }) => `map-ring is-${kind}`)
        .attr("r", ({ kind }) => radius + (kind === "pinned" ? 0 : kind === "chosen" ? 1.5 : 3))
        .attr("transform", ({ sample }) => `translate(${onStage(view, points[2 * sample], points[2 * sample + 1]).map((at) => at.toFixed(1)).join(" ")})`);
      cursor.attr("transform", place ? `translate(${onStage(view, ...place).join(" ")})` : null).attr("hidden", place ? null : "");
    },
  };
}
