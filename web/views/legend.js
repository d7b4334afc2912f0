/** The legend, in words that name the two layers chosen. */
import { select } from "d3";
import { layerName } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Manifest} Manifest */

/**
 * @typedef {object} Entry
 * @property {string} sign class of the small drawing
 * @property {string} path
 * @property {(from: string, to: string, k: number) => string} words
 */

/** @type {Entry[]} Signs are 40 x 20, the centre of the plate being at their right. */
const ENTRIES = [
  { sign: "is-closer", path: "M4,10L30,6.5V13.5Z", words: (from, to) => `Came closer: thin where it was at ${from}, thick where it is at ${to}.` },
  { sign: "is-farther", path: "M36,10L10,6.5V13.5Z", words: () => "Drifted off: the same, away from the centre." },
  { sign: "is-stayed", path: "M20,5a5,5 0 1 1 0,10a5,5 0 1 1 0,-10", words: () => "Stayed: near at both layers." },
  { sign: "is-arrived", path: "M20,5a5,5 0 1 1 0,10a5,5 0 1 1 0,-10", words: (_, to) => `Arrived, ringed: near only at ${to}.` },
  { sign: "is-left", path: "M36,10H15M11,7a3,3 0 1 1 0,6a3,3 0 1 1 0,-6", words: (from) => `Left, faint: near only at ${from}, now outside the outer circle.` },
  { sign: "is-rings", path: "M20,1a9,9 0 1 1 0,18a9,9 0 1 1 0,-18M20,6.5a3.5,3.5 0 1 1 0,7a3.5,3.5 0 1 1 0,-7", words: (_, to, k) => `Inner circle: the nearest at ${to}. Outer: the ${k === 1 ? "last" : `${k}th`}.` },
  { sign: "is-sector", path: "M6,15A20,20 0 0 1 34,15", words: (_, to) => `Arcs: each class as wide as its share at ${to}, with its count before → after. The thick one is the sketch’s own.` },
];

/** @param {HTMLElement} root @param {{ manifest: Manifest }} options */
export function createLegend(root, { manifest }) {
  const block = select(root).append("section").attr("class", "legend").attr("aria-label", "How to read the figure");
  const items = block.append("ul").selectAll("li").data(ENTRIES).join("li");
  items
    .append("svg")
    .attr("viewBox", "0 0 40 20")
    .attr("aria-hidden", "true")
    .append("path")
    .attr("class", ({ sign }) => `legend-sign ${sign}`)
    .attr("d", ({ path }) => path);
  const words = items.append("span");

  return {
    /** @param {{ from: number, to: number, k: number }} state */
    update({ from, to, k }) {
      words.text((entry) => entry.words(layerName(manifest.layers, from), layerName(manifest.layers, to), k));
    },
    destroy() {
      block.remove();
    },
  };
}
