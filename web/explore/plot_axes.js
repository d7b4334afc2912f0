/** The axes of the stability plot: a name for each layer, which is a button, and a scale. */
import { select, ticks } from "d3";
import { glyphOf } from "../views/glyphs.js";
import { layerName, shapeOf } from "../words.js";
import { SHAPE_SIZE, briefName } from "./plot_frame.js";

/** @typedef {import("./plot_frame.js").Frame} Frame */
/** @typedef {import("../../wasm/ntrace.d.ts").Layer} Layer */

const STEPS = /** @type {Record<string, (at: number, last: number) => number>} */ ({
  ArrowLeft: (at) => at - 1, ArrowRight: (at) => at + 1, Home: () => 0, End: (_, last) => last,
});

/**
 * @param {SVGGElement} root
 * @param {{ layers: Layer[], onLayer: (layer: number) => void, onBrush: (layer: number, end: "low" | "high") => void }} options
 * onBrush: the keyboard wants to brush an axis from its lower or its upper end
 */
export function createAxes(root, { layers, onLayer, onBrush }) {
  const scale = select(root).append("g").attr("class", "plot-scale").attr("aria-hidden", "true");
  const chance = select(root).append("g").attr("class", "plot-chance").attr("aria-hidden", "true");
  chance.append("line");
  chance.append("text").text("chance");
  const list = select(root).append("g").attr("role", "group").attr("aria-label", "Axes: arrows left and right go from layer to layer, Enter looks at it, up and down begin a brush");
  let roving = 0;

  /** @param {KeyboardEvent} event @param {number} layer */
  function onKey(event, layer) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = STEPS[event.key];
    if (step) rove(Math.max(0, Math.min(layers.length - 1, step(layer, layers.length - 1))));
    else if (event.key === "Enter" || event.key === " ") onLayer(layer);
    else if (event.key === "ArrowUp") onBrush(layer, "low");
    else if (event.key === "ArrowDown") onBrush(layer, "high");
    else return;
    event.preventDefault();
  }
  /** @param {number} layer */
  function rove(layer) {
    roving = layer;
    axes.select(".plot-name").attr("tabindex", (l) => (l === roving ? 0 : -1));
    focus(layer);
  }
  /** @param {number} layer */
  const focus = (layer) => /** @type {SVGElement} */ (axes.select(".plot-name").nodes()[layer]).focus();

  const axes = list
    .selectAll("g")
    .data(layers.map((_, layer) => layer))
    .join((enter) => {
      const axis = enter.append("g").attr("class", "plot-axis");
      axis.append("line").attr("class", "plot-axis-line");
      axis.append("path").attr("class", "plot-axis-ticks");
      const name = axis.append("g").attr("class", "plot-name").attr("role", "button");
      name.attr("tabindex", (layer) => (layer === roving ? 0 : -1));
      name.append("title"); // the button's name: the texts below are it again, as short as they have to be
      name.append("rect").attr("class", "plot-name-ground").attr("rx", 3);
      name.append("path").attr("class", "plot-glyph").attr("d", (layer) => glyphOf(layers[layer].kind));
      name.append("text").attr("class", "plot-name-text").attr("aria-hidden", "true").text((layer) => briefName(layers[layer]));
      name.append("text").attr("class", "plot-name-shape").attr("aria-hidden", "true").text((layer) => shapeOf(layers[layer]));
      return axis;
    });
  axes
    .select(".plot-name")
    .on("click", (event, layer) => {
      event.stopPropagation();
      onLayer(layer);
    })
    .on("keydown", onKey)
    .on("focus", (_, layer) => {
      roving = layer;
      axes.select(".plot-name").attr("tabindex", (l) => (l === roving ? 0 : -1));
    });

  /** @param {Frame} frame */
  function place({ names, gap, top, height, x, y, most }) {
    const at = ticks(0, most, Math.max(2, Math.min(5, Math.floor(height / 34)))).filter(Number.isInteger);
    scale
      .selectAll("text")
      .data(at, String)
      .join("text")
      .attr("x", x(0) - 7)
      .attr("y", y)
      .attr("dy", "0.33em")
      .text(String);
    axes.attr("transform", (layer) => `translate(${x(layer)},0)`);
    axes.select(".plot-axis-line").attr("y1", top).attr("y2", top + height);
    axes.select(".plot-axis-ticks").attr("d", at.map((value) => `M-2.5,${y(value)}h5`).join(""));
    const name = axes.select(".plot-name").attr("transform", `translate(0,${top + height})`);
    const head = names.glyphs ? 24 : 6;
    name.attr("display", (layer) => (layer % names.every ? "none" : null));
    name.select(".plot-name-ground").attr("x", -gap / 2 + 1).attr("width", Math.max(1, gap - 2)).attr("y", 4).attr("height", names.angle ? 20 : head + (names.shapes ? 28 : 14) - 4);
    name.select(".plot-glyph").attr("transform", "translate(-7,7) scale(0.875)").attr("display", names.glyphs ? null : "none");
    name
      .select(".plot-name-text")
      .attr("font-size", names.size)
      .attr("transform", names.angle ? `translate(4,${head + 6}) rotate(${names.angle})` : `translate(0,${head + 11})`)
      .attr("text-anchor", names.angle ? "end" : "middle");
    name.select(".plot-name-shape").attr("display", names.shapes ? null : "none").attr("font-size", SHAPE_SIZE).attr("y", head + 24).attr("text-anchor", "middle");
  }

  return {
    /** @param {Frame} frame @param {{ layer: number, reference: number, chance: number }} shown chance: overlap of neighbourhoods drawn by lot */
    render(frame, shown) {
      place(frame);
      axes
        .classed("is-layer", (layer) => layer === shown.layer)
        .classed("is-reference", (layer) => layer === shown.reference)
        .select(".plot-name")
        .attr("aria-pressed", (layer) => String(layer === shown.layer))
        .select("title")
        .text((layer) => `Look at ${layerName(layers, layer)}, ${shapeOf(layers[layer])}${layer === shown.reference ? ": what all layers are compared with" : ""}`);
      const level = frame.y(shown.chance);
      chance.select("line").attr("x1", frame.x(0)).attr("x2", frame.x(0) + frame.width + 4).attr("y1", level).attr("y2", level);
      chance.select("text").attr("x", frame.x(0) + frame.width + 7).attr("y", level).attr("dy", "0.33em");
    },
    focus,
  };
}
