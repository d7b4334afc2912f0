/** What lies above the lines of the stability plot: median and quartiles of the selection, and single samples. */
import { area, line, select } from "d3";
import { offsetOf } from "./plot_paint.js";

/** @typedef {import("./plot_frame.js").Frame} Frame */
/** @typedef {{ lines: number, layers: [number, number, number][] } | null} Band quartiles by layer: see plot_bands.js */
/** @typedef {{ sample: number, kind: "pinned" | "current" | "pointed", colour: string, values: number[] }} Marked */

/** Widths of a line, of the ink around it, and of the plate around both. */
const WIDTH = { pinned: 1.6, current: 2, pointed: 3.4 };
const INK = { pinned: 1, current: 1.4, pointed: 1.8 };
const HALO = 3;
const DOTS = { pinned: 0, current: 2.6, pointed: 3.4 };

/** @param {SVGGElement} root */
export function createMarks(root) {
  const whole = bandIn(select(root).append("g").attr("class", "plot-band plot-band-all"));
  const part = bandIn(select(root).append("g").attr("class", "plot-band"));
  const list = select(root).append("g").attr("aria-hidden", "true");

  return {
    /** @param {Frame} frame @param {Band} selected @param {Band} all null: not drawn */
    renderBands(frame, selected, all) {
      part(frame, selected);
      whole(frame, all);
    },
    /** @param {Frame} frame @param {Marked[]} marked the last above the others */
    renderLines({ x, y }, marked) {
      const items = list
        .selectAll("g")
        .data(marked, (/** @type {any} */ mark) => mark.sample)
        .join((enter) => {
          const item = enter.append("g");
          item.append("path").attr("class", "plot-line-halo");
          item.append("path").attr("class", "plot-line-ink");
          item.append("path").attr("class", "plot-line");
          return item;
        })
        .order();
      const shape = line(([layer, value]) => x(layer), ([, value]) => y(value));
      const pathOf = (/** @type {Marked} */ { values, sample }) => shape(values.map((value, layer) => [layer, value + offsetOf(sample)])) ?? "";
      items.attr("class", ({ kind }) => `plot-marked is-${kind}`).attr("data-sample", ({ sample }) => sample);
      items.select(".plot-line-halo").attr("d", pathOf).attr("stroke-width", ({ kind }) => WIDTH[kind] + INK[kind] + HALO);
      items.select(".plot-line-ink").attr("d", pathOf).attr("stroke-width", ({ kind }) => WIDTH[kind] + INK[kind]);
      items.select(".plot-line").attr("d", pathOf).attr("stroke-width", ({ kind }) => WIDTH[kind]).style("stroke", ({ colour }) => colour);
      items
        .selectAll("circle")
        .data((mark) => (DOTS[mark.kind] ? mark.values.map((value, layer) => ({ ...mark, value, layer })) : []))
        .join("circle")
        .attr("cx", ({ layer }) => x(layer))
        .attr("cy", ({ value, sample }) => y(value + offsetOf(sample)))
        .attr("r", ({ kind }) => DOTS[kind])
        .style("fill", ({ colour }) => colour);
    },
  };
}

/** @param {import("d3").Selection<SVGGElement, any, any, any>} group */
function bandIn(group) {
  group.attr("aria-hidden", "true");
  const fill = group.append("path").attr("class", "plot-band-fill");
  const edges = [0, 2].map(() => [group.append("path").attr("class", "plot-band-edge-halo"), group.append("path").attr("class", "plot-band-edge")]);
  const halo = group.append("path").attr("class", "plot-median-halo");
  const median = group.append("path").attr("class", "plot-median");

  /** @param {Frame} frame @param {Band} band */
  return ({ x, y }, band) => {
    group.attr("display", band ? null : "none").attr("data-lines", band?.lines ?? null);
    if (!band) return;
    /** @param {number} at */
    const path = (at) => line(/** @type {any} */ ((/** @type {any} */ _, /** @type {number} */ layer) => x(layer)), (/** @type {any} */ values) => y(values[at]))(/** @type {any} */ (band.layers));
    fill.attr("d", area(/** @type {any} */ ((/** @type {any} */ _, /** @type {number} */ layer) => x(layer)), (/** @type {any} */ values) => y(values[0]), (/** @type {any} */ values) => y(values[2]))(/** @type {any} */ (band.layers)));
    edges[0].forEach((edge) => edge.attr("d", path(0)));
    edges[1].forEach((edge) => edge.attr("d", path(2)));
    halo.attr("d", path(1));
    median.attr("d", path(1)).attr("data-values", band.layers.map((values) => values[1]).join(" "));
  };
}
