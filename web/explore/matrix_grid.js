/** A heat map of layers by layers, of one model or of two: a table whose cells are links, walked by arrow keys. */
import { interpolateLab, piecewise, rgb, select } from "d3";
import { glyphOf } from "../views/glyphs.js";
import { layerName } from "../words.js";
import { briefName } from "./plot_frame.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Layer} Layer */
/** @typedef {import("../theme.js").Tokens} Tokens */

const LEAST = 11;
const MOST = 52;
/** Cells below this size have no numbers. */
const NUMBERED = 19;
const HEAD = 92; // width of a row's name
const LETTER = 6.3;

/** A mean of neighbours in so few letters. @param {number} value */
export const short = (value) => (value >= 9.95 ? value.toFixed(0) : value.toFixed(1));

/** How light a colour is to the eye, 0 to 1: WCAG's relative luminance. @param {string} colour */
export function lightness(colour) {
  const { r, g, b } = rgb(colour);
  const [red, green, blue] = [r, g, b].map((value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Of black and white the one that is legible on a colour. @param {string} colour @param {Pick<Tokens, "overLight" | "overDark">} tokens */
export const inkOn = (colour, { overLight, overDark }) => (lightness(colour) > 0.179 ? overLight : overDark);

/**
 * @param {HTMLElement} root
 * @param {{ layers: Layer[], columns?: Layer[], label: string, linkOf: (from: number, to: number) => string, onAt: (cell: { from: number, to: number } | null) => void }} options
 * columns: the layers from left to right, where they are another model's; linkOf: where a cell leads; onAt: the cell at the pointer or with the focus
 */
export function createGrid(root, { layers, columns: others = layers, label, linkOf, onAt }) {
  const order = layers.map((_, layer) => layer);
  const across = others.map((_, layer) => layer);
  const columnHead = 34 + LETTER * Math.max(...others.map((layer) => briefName(layer).length));
  const table = select(root).append("table").attr("class", "matrix-table").attr("role", "grid").attr("aria-label", label);
  const heads = table.append("thead").append("tr");
  heads.append("td");
  const columns = heads
    .selectAll("th")
    .data(across)
    .join("th")
    .attr("scope", "col")
    .attr("title", (layer) => layerName(others, layer));
  columns.append("span").attr("class", "unseen").text((layer) => layerName(others, layer));
  const sign = columns.append("svg").attr("class", "matrix-head").attr("aria-hidden", "true").attr("height", columnHead);
  sign.append("text").text((layer) => briefName(others[layer]));
  sign.append("path").attr("d", (layer) => glyphOf(others[layer].kind));
  const rows = table.append("tbody").selectAll("tr").data(order).join("tr");
  const names = rows.append("th").attr("scope", "row").attr("aria-label", (layer) => layerName(layers, layer)).attr("title", (layer) => layerName(layers, layer));
  names.append("svg").attr("class", "matrix-glyph").attr("viewBox", "0 0 16 16").attr("aria-hidden", "true").append("path").attr("d", (layer) => glyphOf(layers[layer].kind));
  names.append("span").text((layer) => briefName(layers[layer]));
  const cells = rows
    .selectAll("td")
    .data((from) => across.map((to) => ({ from, to })))
    .join("td")
    .attr("role", "gridcell");
  const links = cells.append("a").attr("data-from", ({ from }) => from).attr("data-to", ({ to }) => to).attr("tabindex", -1).attr("href", ({ from, to }) => linkOf(from, to));
  let isNumbered = false;
  let at = { from: 0, to: Math.min(1, others.length - 1) };

  /** @param {{ from: number, to: number }} cell */
  function rove({ from, to }) {
    at = { from, to };
    links.attr("tabindex", (cell) => (cell.from === from && cell.to === to ? 0 : -1));
  }
  rove(at);

  /** Where a cell leads depends on what else is shown: it is told when it is come to. @param {Event} event */
  function come(event) {
    const link = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest?.("a[data-from]"));
    if (!link) return;
    const [from, to] = [Number(link.dataset.from), Number(link.dataset.to)];
    link.setAttribute("href", linkOf(from, to));
    if (event.type === "focusin") rove({ from, to });
    mark({ from, to });
  }
  /** @param {{ from: number, to: number } | null} cell */
  function mark(cell) {
    names.classed("is-at", (layer) => layer === cell?.from);
    columns.classed("is-at", (layer) => layer === cell?.to);
    onAt(cell);
  }
  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.altKey || event.metaKey) return;
    const [lastRow, lastColumn] = [layers.length - 1, others.length - 1];
    const { from, to } = at;
    const whole = event.ctrlKey;
    const next = {
      ArrowLeft: [from, to - 1], ArrowRight: [from, to + 1], ArrowUp: [from - 1, to], ArrowDown: [from + 1, to],
      Home: [whole ? 0 : from, 0], End: [whole ? lastRow : from, lastColumn], PageUp: [0, to], PageDown: [lastRow, to],
    }[event.key];
    if (!next || (whole && !/^(Home|End)$/.test(event.key))) return;
    event.preventDefault();
    const [row, column] = next.map((layer, side) => Math.max(0, Math.min(side === 0 ? lastRow : lastColumn, layer)));
    rove({ from: row, to: column });
    /** @type {HTMLElement} */ (links.nodes()[row * others.length + column]).focus();
  }
  table.on("pointerover", come).on("focusin", come).on("click", come).on("keydown", onKey);
  table.on("pointerleave", () => mark(null)).on("focusout", () => mark(null));

  /** @param {number} width of the place */
  function resize(width) {
    const size = Math.max(LEAST, Math.min(MOST, Math.floor((width - HEAD) / others.length)));
    table.style("--cell", `${size}px`).style("--number", `${Math.max(8.5, Math.min(13, 0.43 * size))}px`);
    isNumbered = size >= NUMBERED;
    sign.attr("width", size);
    sign.select("text").attr("transform", `translate(${size / 2 + 4},${columnHead - 24}) rotate(-90)`);
    sign.select("path").attr("transform", `translate(${size / 2 - 6},${columnHead - 16}) scale(0.75)`).attr("display", size < 15 ? "none" : null);
  }

  return {
    /** @param {{ mean: ArrayLike<number>, k: number } | null} matrix @param {{ width: number, tokens: Tokens }} place */
    render(matrix, { width, tokens }) {
      resize(width);
      const mix = piecewise(interpolateLab, tokens.ramp);
      const meanOf = (/** @type {{ from: number, to: number }} */ { from, to }) => matrix?.mean[from * others.length + to] ?? null;
      const colourOf = (/** @type {any} */ cell) => (matrix ? rgb(mix((meanOf(cell) ?? 0) / matrix.k)).formatHex() : null);
      links
        .style("background", colourOf)
        .style("color", (cell) => (matrix ? inkOn(/** @type {string} */ (colourOf(cell)), tokens) : null))
        .text((cell) => (matrix && isNumbered ? short(meanOf(cell) ?? 0) : ""))
        .attr("aria-label", ({ from, to }) => {
          const mean = meanOf({ from, to });
          return `${layerName(layers, from)} and ${layerName(others, to)}: ${mean === null ? "not worked out yet" : `${short(mean)} of ${matrix?.k}`}`;
        });
    },
  };
}
