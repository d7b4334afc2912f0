/** The nearest samples at every layer, one row a layer; beside those of the sample that the sheet was made from, where there is one. */
import { select } from "d3";
import { count, layerName, percent } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Placed} Placed */
/** @typedef {import("../../wasm/ntrace.d.ts").Neighborhoods} Neighborhoods */
/** @typedef {import("../../wasm/ntrace.d.ts").Parting} Parting */

/**
 * @typedef {object} LadderState
 * @property {Placed | null} placed
 * @property {Neighborhoods | null} original of the sample that the sheet was made from
 * @property {Parting | null} parting
 */

const SHOWN = 6; // pictures in a row
const FEWER = 3; // where two rows stand side by side
const SIZE = 30; // pixels of a picture
const GAP = 3;
const BUDGET = 5; // milliseconds of a frame for making pictures
const LARGE = 4; // pixels drawn for each of the sketch's

/**
 * @param {HTMLElement} root
 * @param {Pick<import("../views/trace.js").TraceOptions, "bundle" | "sketches" | "sprites" | "theme"> & { guest: import("./guest.js").Guest, onLayer: (layer: number) => void }} options onLayer: a layer is to be looked into
 */
export function createLadder(root, { bundle, sketches, sprites, theme, guest, onLayer }) {
  const { layers, classes } = bundle.manifest;
  const block = select(root).append("section").attr("class", "ladder").attr("aria-label", "The nearest at every layer");
  const title = block.append("h2");
  const note = block.append("p").attr("class", "figure-note");
  const head = block.append("div").attr("class", "ladder-row ladder-head").attr("aria-hidden", "true");
  for (const name of ["layer", "own", "shared", "original"]) head.append("span").attr("class", `ladder-${name}`).append("b");
  /** The two sketches themselves, above their columns. */
  const pair = /** @type {const} */ (["own", "original"]).map((kind) => head.select(`.ladder-${kind}`).append("canvas"));
  const rows = block
    .append("ol")
    .selectAll("li")
    .data(layers)
    .join("li")
    .attr("class", "ladder-row")
    .attr("data-layer", (_, layer) => layer);
  rows
    .append("button")
    .attr("type", "button")
    .attr("class", "ladder-layer")
    .attr("title", (_, layer) => layerName(layers, layer))
    .attr("aria-label", (_, layer) => `Look into ${layerName(layers, layer)}`)
    .text(({ name }) => name)
    .on("click", (_, layer) => onLayer(layers.indexOf(layer)));
  rows.append("canvas").attr("class", "ladder-own").attr("role", "img");
  const shared = rows.append("span").attr("class", "ladder-shared");
  shared.append("i").attr("aria-hidden", "true");
  shared.append("span");
  rows.append("canvas").attr("class", "ladder-original").attr("role", "img");

  /** @type {LadderState} */
  let state = { placed: null, original: null, parting: null };
  let frame = 0;
  const later = () => void (frame ||= requestAnimationFrame(draw));

  /** The nearest at one layer. @param {{ index: Uint32Array | null, k: number } | null} found @param {number} layer */
  function nearest(found, layer) {
    if (!found?.index) return [];
    const most = Math.min(found.k, state.original ? FEWER : SHOWN);
    return Array.from(found.index.subarray(layer * found.k, layer * found.k + most));
  }

  /** @param {HTMLCanvasElement} canvas @param {number[]} samples */
  function drawStrip(canvas, samples) {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const most = state.original ? FEWER : SHOWN;
    const [width, height] = [most * (SIZE + GAP), SIZE];
    if (canvas.width !== width * ratio) {
      [canvas.width, canvas.height] = [width * ratio, height * ratio];
      [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    }
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    samples.forEach((sample, i) => {
      context.fillStyle = theme.tokens().classes[bundle.labels[sample] % theme.tokens().classes.length];
      context.fillRect(i * (SIZE + GAP), height - 2, SIZE, 2);
      if (sprites.has(sample)) sprites.draw(context, sample, i * (SIZE + GAP) + SIZE / 2, SIZE / 2 - 1, SIZE - 4);
    });
  }

  function drawPair() {
    const both = [guest.sprites.large(guest.sample, LARGE), state.original && sprites.large(state.original.sample, LARGE)];
    pair.forEach((canvas, i) => {
      const [node, picture] = [/** @type {HTMLCanvasElement} */ (canvas.node()), both[i]];
      [node.width, node.height] = [28 * LARGE, 28 * LARGE];
      if (picture && state.original) node.getContext("2d")?.drawImage(picture, 0, 0);
    });
  }

  function draw() {
    frame = 0;
    const all = layers.flatMap((_, layer) => [...nearest(state.placed, layer), ...nearest(state.original, layer)]);
    if (!sprites.prepare(all, BUDGET)) later(); // the rest in the next frame
    drawPair();
    rows.each(function (_, layer) {
      for (const [kind, found] of /** @type {const} */ ([["own", state.placed], ["original", state.original]])) {
        const canvas = /** @type {HTMLCanvasElement} */ (/** @type {Element} */ (this).querySelector(`canvas.ladder-${kind}`));
        drawStrip(canvas, nearest(found, layer));
      }
    });
  }

  /** @param {number[]} samples */
  const inWords = (samples) => (samples.length > 0 ? samples.map((sample) => `${classes[bundle.labels[sample]]} no. ${count(sample)}`).join(", ") : "not known yet");

  function tell() {
    const { placed, original, parting } = state;
    const isBeside = original !== null;
    block.classed("is-beside", isBeside);
    title.text(isBeside ? "Side by side, layer by layer" : "The nearest at every layer");
    note.text(partingWords(parting, bundle.manifest) || (placed && !placed.index ? "Finding the axes that drawings are placed on …" : "Nearest first; the line below each says its class by colour."));
    for (const [kind, text] of [["own", "changed"], ["shared", "shared"], ["original", "original"]]) head.select(`.ladder-${kind} b`).text(isBeside ? text : "");
    rows.classed("is-parting", (_, layer) => parting?.layer === layer);
    rows.select("canvas.ladder-own").attr("aria-label", (_, layer) => `Nearest at ${layerName(layers, layer)}: ${inWords(nearest(placed, layer))}`);
    rows.select("canvas.ladder-original").attr("aria-label", (_, layer) => (isBeside ? `Nearest to the original at ${layerName(layers, layer)}: ${inWords(nearest(original, layer))}` : null)).attr("hidden", isBeside ? null : "");
    const share = (/** @type {number} */ layer) => (parting ? parting.shared[layer] / parting.k : 0);
    rows.select(".ladder-shared").attr("hidden", isBeside ? null : "");
    rows.select(".ladder-shared i").style("--share", (_, layer) => String(share(layer)));
    rows.select(".ladder-shared span").text((_, layer) => (parting ? percent(share(layer)) : ""));
  }

  const ends = [guest.sketches.subscribe(later), theme.subscribe(later)];
  return {
    /** @param {LadderState} next */
    update(next) {
      state = next;
      sketches.want("ladder", [...(next.original ? [next.original.sample] : []), ...layers.flatMap((_, layer) => [...nearest(next.placed, layer), ...nearest(next.original, layer)])]);
      tell();
      later();
    },
    destroy() {
      cancelAnimationFrame(frame);
      for (const end of ends) end();
      block.remove();
    },
  };
}

/** Where the two part, in words. @param {Parting | null} parting @param {import("../../wasm/ntrace.d.ts").Manifest} manifest */
export function partingWords(parting, { layers }) {
  if (!parting) return "";
  const { k, shared, layer, least, limit } = parting;
  if (layer === null) return `Their neighbourhoods never part: at every layer they share ${percent(limit)} of their ${count(k)} nearest or more, at ${layerName(layers, least)} fewest, ${count(shared[least])}.`;
  const before = layer > 0 ? `, after ${count(shared[layer - 1])} at ${layerName(layers, layer - 1)}` : "";
  return `Their neighbourhoods part at ${layerName(layers, layer)}: the first layer at which they share less than ${percent(limit)} of their ${count(k)} nearest, ${count(shared[layer])}${before}.`;
}
