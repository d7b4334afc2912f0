/** How many neighbours two models keep from layer to layer, and how many they have in common at the same layers: means of the selection, as lines. */
import { line, range, scaleLinear, select } from "d3";
import { chance, roughly } from "../words.js";

/** A line over the layers of a model, from its first (0) to its last (1). @typedef {{ name: string, kind: "own" | "other" | "both", values: number[] }} KeptLine */

const MARGIN = { top: 8, right: 8, bottom: 22, left: 30 };
const HEIGHT = 170;

/** @param {HTMLElement} root @param {{ samples: number }} options how many there are in all */
export function createKeptLines(root, { samples }) {
  const block = select(root).append("div").attr("class", "kept");
  const svg = block.append("svg").attr("class", "kept-plot").attr("height", HEIGHT).attr("role", "img");
  const axis = svg.append("g").attr("class", "kept-axis").attr("aria-hidden", "true");
  const ends = svg.append("g").attr("class", "kept-ends").attr("aria-hidden", "true");
  const luck = svg.append("line").attr("class", "kept-chance").attr("aria-hidden", "true");
  const lines = svg.append("g").attr("aria-hidden", "true");
  const key = block.append("ul").attr("class", "kept-key");
  const x = scaleLinear([0, 1], [0, 1]);
  const y = scaleLinear([0, 1], [1, 0]);

  return {
    /** @param {KeptLine[]} given @param {{ k: number, width: number }} place */
    render(given, { k, width }) {
      svg.attr("width", width).attr("aria-label", given.map(({ name, values }) => `${name}: ${values.map((value) => roughly(value)).join(", ")}`).join(". "));
      x.range([MARGIN.left, width - MARGIN.right]);
      y.domain([0, k]).range([HEIGHT - MARGIN.bottom, MARGIN.top]);
      const ticks = axis.selectAll("g").data(y.ticks(4)).join((enter) => {
        const tick = enter.append("g");
        tick.append("line");
        tick.append("text").attr("dy", "0.32em").attr("text-anchor", "end").attr("x", MARGIN.left - 6);
        return tick;
      });
      ticks.attr("transform", (value) => `translate(0,${y(value)})`);
      ticks.select("line").attr("x1", MARGIN.left).attr("x2", width - MARGIN.right);
      ticks.select("text").text((value) => value);
      ends.selectAll("text").data(["first layer", "last layer"]).join("text").attr("y", HEIGHT - 6).attr("x", (_, i) => x(i)).attr("text-anchor", (_, i) => (i === 0 ? "start" : "end")).text((text) => text);
      const level = y(chance(k, samples));
      luck.attr("x1", MARGIN.left).attr("x2", width - MARGIN.right).attr("y1", level).attr("y2", level);
      const path = (/** @type {KeptLine} */ { values }) => line((/** @type {number} */ i) => x(i / Math.max(1, values.length - 1)), (/** @type {number} */ i) => y(values[i]))(range(values.length));
      lines.selectAll("path").data(given, (/** @type {any} */ { kind }) => kind).join("path").attr("class", ({ kind }) => `kept-line is-${kind}`).attr("d", path);
      const items = key.selectAll("li").data([...given, { name: `chance: ${roughly(chance(k, samples))}`, kind: "chance" }], (/** @type {any} */ { kind }) => kind).join((enter) => {
        const item = enter.append("li");
        item.append("svg").attr("width", 26).attr("height", 8).attr("aria-hidden", "true").append("line").attr("x2", 26).attr("y1", 4).attr("y2", 4);
        item.append("span");
        return item;
      });
      items.select("line").attr("class", ({ kind }) => (kind === "chance" ? "kept-chance" : `kept-line is-${kind}`));
      items.select("span").text(({ name }) => name);
    },
  };
}
