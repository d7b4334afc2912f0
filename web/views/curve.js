/** How many neighbours the sample keeps at every layer, against all samples: their median and the middle half of them. */
import { area, line, range, scaleLinear, scalePoint, select } from "d3";
import { callOf, chance, count, layerName, nounOf, roughly } from "../words.js";
import { glyphOf } from "./glyphs.js";
import { quartiles } from "./quartiles.js";

/** @typedef {import("./quartiles.js").Quartiles} Quartiles */

/**
 * @typedef {object} CurveState
 * @property {number} sample
 * @property {number} from layer
 * @property {number} to layer
 * @property {Uint16Array | null} stability [L, N] as the bundle ships it; null while not known
 * @property {string} problem why it is not known, in words; empty while it may come
 */

const MARGIN = { top: 20, right: 6, bottom: 34, left: 34 };
const INSET = 18; // from the axis to the first layer
const GLYPH = 14;

/**
 * @param {HTMLElement} root
 * @param {{ manifest: import("../../wasm/ntrace.d.ts").Manifest, labels: Uint16Array, onChoose: (layer: number) => void }} options
 */
export function createCurve(root, { manifest, labels, onChoose }) {
  const { layers, stability: shipped, dataset, classes } = manifest;
  const noun = nounOf(manifest);
  const all = range(layers.length);
  /** @type {CurveState | null} */
  let state = null;
  /** @type {Quartiles[] | null} */
  let spread = null;
  /** The layer pointed at or focused. @type {number | null} */
  let looked = null;
  let width = 0;
  let height = 0;
  const x = scalePoint(all, [0, 1]);
  const y = scaleLinear([0, shipped.k], [1, 0]);

  const block = select(root).append("section").attr("class", "curve").attr("aria-label", "Neighbours kept at every layer");
  block.append("div").attr("class", "figure-head").append("h2").text("Kept at every layer");
  const note = block.append("p").attr("class", "figure-note");
  const svg = block.append("svg").attr("class", "curve-plot");
  const node = /** @type {SVGSVGElement} */ (svg.node());
  const grid = svg.append("g").attr("class", "curve-grid").attr("aria-hidden", "true");
  const band = svg.append("path").attr("class", "curve-band").attr("aria-hidden", "true");
  const middle = svg.append("path").attr("class", "curve-median").attr("aria-hidden", "true");
  const luck = svg.append("line").attr("class", "curve-chance").attr("aria-hidden", "true");
  const ends = svg.append("g").attr("class", "curve-ends").attr("aria-hidden", "true");
  const own = svg.append("path").attr("class", "curve-own").attr("aria-hidden", "true");
  const dots = svg.append("g").attr("aria-hidden", "true");
  const names = svg.append("g").attr("class", "curve-names").attr("aria-hidden", "true");
  const steps = svg.append("g").attr("role", "group").attr("aria-label", "Layers: arrow keys go from one to the next, Enter makes it “to”");
  const key = block.append("ul").attr("class", "curve-key");
  const words = block.append("p").attr("class", "figure-state curve-words").attr("role", "status");

  /** @param {number} layer */
  const kept = (layer) => (state?.stability ? state.stability[layer * dataset.samples + state.sample] : 0);
  const name = () => callOf(manifest, labels, state?.sample ?? 0);

  /** @param {number} layer */
  function describe(layer) {
    if (!spread) return layerName(layers, layer);
    const { low, median, high } = spread[layer];
    return `${layerName(layers, layer)}: this ${name()} keeps ${count(kept(layer))}. Half of all ${noun.many} keep ${count(low)} to ${count(high)}, the median is ${count(median)}.`;
  }

  function lay() {
    ({ width, height } = node.getBoundingClientRect());
    if (width < 1) return;
    svg.attr("viewBox", `0 0 ${width} ${height}`);
    x.range([MARGIN.left + INSET, width - MARGIN.right - INSET]);
    y.range([height - MARGIN.bottom, MARGIN.top]);
    drawAxes();
    draw();
  }

  function drawAxes() {
    const ticks = grid.selectAll("g").data(y.ticks(4), Number).join((enter) => {
      const group = enter.append("g");
      group.append("line");
      group.append("text").attr("dy", "0.32em").attr("text-anchor", "end");
      return group;
    });
    ticks.attr("transform", (value) => `translate(0,${y(value)})`);
    ticks.select("line").attr("x1", MARGIN.left).attr("x2", width - MARGIN.right);
    ticks.select("text").attr("x", MARGIN.left - 6).text(count);
    const level = chance(shipped.k, dataset.samples);
    luck.attr("x1", MARGIN.left).attr("x2", width - MARGIN.right).attr("y1", y(level)).attr("y2", y(level));
    const name = names.selectAll("g").data(all).join((enter) => {
      const group = enter.append("g");
      group.append("path").attr("d", (layer) => glyphOf(layers[layer].kind)).attr("transform", `translate(${-GLYPH / 2},0) scale(${GLYPH / 16})`);
      group.append("text").attr("y", GLYPH + 12).attr("text-anchor", "middle").text(String);
      return group;
    });
    name.attr("transform", (layer) => `translate(${x(layer)},${height - MARGIN.bottom + 6})`);
    const room = x.step();
    steps
      .selectAll("rect")
      .data(all)
      .join("rect")
      .attr("class", "curve-step")
      .attr("role", "button")
      .attr("data-layer", (layer) => layer)
      .attr("x", (layer) => /** @type {number} */ (x(layer)) - room / 2)
      .attr("width", room)
      .attr("y", 1)
      .attr("height", height - 2);
  }

  function draw() {
    if (!state || width < 1) return;
    const at = (/** @type {number} */ layer) => /** @type {number} */ (x(layer));
    const curve = line(at, (layer) => y(kept(layer)));
    own.attr("d", spread ? curve(/** @type {any} */ (all)) : null);
    band.attr("d", spread && area(at, (l) => y(/** @type {Quartiles[]} */ (spread)[l].low), (l) => y(/** @type {Quartiles[]} */ (spread)[l].high))(/** @type {any} */ (all)));
    middle.attr("d", spread && line(at, (l) => y(/** @type {Quartiles[]} */ (spread)[l].median))(/** @type {any} */ (all)));
    dots
      .selectAll("circle")
      .data(spread ? all : [])
      .join("circle")
      .attr("class", (layer) => ["curve-dot", layer === state?.from ? "is-from" : "", layer === state?.to ? "is-to" : ""].join(" ").trim())
      .attr("cx", at)
      .attr("cy", (layer) => y(kept(layer)))
      .attr("r", (layer) => (layer === state?.from || layer === state?.to ? 5 : 2.5));
    drawEnds(at);
    drawLooked();
  }

  /** @param {(layer: number) => number} at */
  function drawEnds(at) {
    const { from, to } = /** @type {CurveState} */ (state);
    const both = from === to ? [{ layer: to, text: "from, to" }] : [{ layer: from, text: "from" }, { layer: to, text: "to" }];
    const end = ends.selectAll("g").data(both).join((enter) => {
      const group = enter.append("g");
      group.append("line");
      group.append("text").attr("text-anchor", "middle").attr("y", MARGIN.top - 5);
      return group;
    });
    end.attr("transform", ({ layer }) => `translate(${at(layer)},0)`);
    end.select("line").attr("y1", MARGIN.top).attr("y2", height - MARGIN.bottom);
    end.select("text").text(({ text }) => text);
    names.selectAll("g").classed("is-end", (layer) => layer === from || layer === to);
  }

  function drawLooked() {
    if (!state) return;
    const shown = looked ?? state.to;
    steps
      .selectAll("rect")
      .classed("is-looked", (layer) => layer === looked)
      .attr("tabindex", (layer) => (layer === shown ? 0 : -1))
      .attr("aria-pressed", (layer) => String(layer === state?.to))
      .attr("aria-label", (layer) => `To ${describe(/** @type {number} */ (layer))}`);
    words.text(spread ? describe(shown) : state.problem || `Reading what every ${noun.one} keeps …`);
  }

  /** @param {number | null} layer */
  function look(layer) {
    if (layer === looked) return;
    looked = layer;
    drawLooked();
  }

  function tell() {
    note.text(`How many of this ${name()}’s ${count(shipped.k)} nearest at ${layerName(layers, shipped.reference)} are still among its ${count(shipped.k)} nearest at each layer. Choose a layer to see its traces.`);
    const entries = [
      ["curve-own", `this ${name()}`],
      ["curve-median", `median of all ${count(dataset.samples)}`],
      ["curve-band", "the middle half of them"],
      ["curve-chance", `chance: ${roughly(chance(shipped.k, dataset.samples))}`],
    ];
    const item = key.selectAll("li").data(entries).join((enter) => {
      const made = enter.append("li");
      made.append("svg").attr("viewBox", "0 0 22 10").attr("aria-hidden", "true").append("path").attr("class", ([kind]) => kind).attr("d", ([kind]) => (kind === "curve-band" ? "M0,0H22V10H0Z" : "M0,5H22"));
      made.append("span");
      return made;
    });
    item.select("span").text(([, text]) => text);
  }

  const stepsNode = /** @type {SVGGElement} */ (steps.node());
  /** @param {Event} event */
  const layerOf = (event) => {
    const { layer } = /** @type {SVGElement} */ (event.target).dataset;
    return layer === undefined ? null : Number(layer);
  };
  stepsNode.addEventListener("pointerover", (event) => look(layerOf(event)));
  stepsNode.addEventListener("pointerleave", () => look(null));
  stepsNode.addEventListener("focusin", (event) => look(layerOf(event)));
  stepsNode.addEventListener("focusout", () => look(null));
  stepsNode.addEventListener("click", (event) => {
    const layer = layerOf(event);
    if (layer !== null) onChoose(layer);
  });
  stepsNode.addEventListener("keydown", (event) => {
    const layer = layerOf(event);
    if (layer === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = layers.length - 1;
    /** @type {Record<string, number>} */
    const next = { ArrowRight: layer + 1, ArrowUp: layer + 1, ArrowLeft: layer - 1, ArrowDown: layer - 1, Home: 0, End: last };
    if (event.key === "Enter" || event.key === " ") onChoose(layer);
    else if (event.key in next) /** @type {SVGElement | null} */ (stepsNode.querySelector(`[data-layer="${Math.max(0, Math.min(last, next[event.key]))}"]`))?.focus();
    else return;
    event.preventDefault();
  });

  const observer = new ResizeObserver(lay);
  observer.observe(node);

  return {
    /** @param {CurveState} next */
    update(next) {
      if (next.stability && next.stability !== state?.stability) spread = quartiles(next.stability, layers.length, shipped.k);
      state = next;
      tell();
      draw();
    },
    destroy() {
      observer.disconnect();
      block.remove();
    },
  };
}
