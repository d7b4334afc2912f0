/** The legend, in words that name the two layers chosen. */
import { select } from "d3";
import { layerName, nounOf, ordinal } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Manifest} Manifest */

/**
 * @typedef {object} Entry
 * @property {string} sign class of the small drawing
 * @property {string} path
 * @property {(from: string, to: string, k: number, noun: string) => string} words
 */

/** @type {Entry[]} Signs are 40 x 20, the centre of the plate being at their right. */
const ENTRIES = [
  { sign: "is-closer", path: "M4,10L36,6V14Z", words: (from, to) => `Came closer: thin where it was at ${from}, thick where it is at ${to}.` },
  { sign: "is-farther", path: "M36,10L4,6V14Z", words: () => "Drifted off: the same, away from the centre." },
  { sign: "is-stayed", path: "M4,10a2,2 0 1 1 4,0a2,2 0 1 1 -4,0M7,10L24,8V12ZM22,10a7,7 0 1 1 14,0a7,7 0 1 1 -14,0", words: () => "Stayed, on a disc: near at both layers. A small dot marks where it was." },
  { sign: "is-arrived", path: "M3,10L26,8V12ZM25,10a4,4 0 1 1 8,0a4,4 0 1 1 -8,0", words: (_, to) => `Arrived, without disc or dot: near only at ${to}.` },
  { sign: "is-left", path: "M36,10H10M34,10a1.5,1.5 0 1 1 3,0a1.5,1.5 0 1 1 -3,0M4,10a3,3 0 1 1 6,0a3,3 0 1 1 -6,0", words: (from) => `Left, faint: near only at ${from}, now beyond the outer circle.` },
  { sign: "is-rings", path: "M11,10a9,9 0 1 1 18,0a9,9 0 1 1 -18,0M17,10a3,3 0 1 1 6,0a3,3 0 1 1 -6,0", words: (_from, _to, k) => `Radius: at each layer, from its nearest (inner circle, 0.5) to its ${ordinal(k - 1)} nearest (outer, 1.5). Closer and farther compare radii, as distances of two layers have different units.` },
  { sign: "is-sector", path: "M6,15A20,20 0 0 1 34,15", words: (_from, to, _k, noun) => `Arcs: each class as wide as its share at ${to}, with its count before → after. The strongest arc is the ${noun}’s own class.` },
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
      words.text((entry) => entry.words(layerName(manifest.layers, from), layerName(manifest.layers, to), k, nounOf(manifest).one));
    },
    destroy() {
      block.remove();
    },
  };
}
