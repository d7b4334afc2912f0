/** Where things are in the stability plot, in pixels of the page. */
import { heightOf, placeOf, valueAt } from "./plot_paint.js";
import { shapeOf } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Layer} Layer */

/**
 * @typedef {object} Frame
 * @property {number} left of the first axis
 * @property {number} top
 * @property {number} width from the first axis to the last
 * @property {number} height
 * @property {number} gap from one axis to the next
 * @property {number} most the largest value
 * @property {(layer: number) => number} x
 * @property {(value: number) => number} y
 * @property {(y: number) => number} value at a height, not rounded
 * @property {Names} names
 */

/**
 * How the axes' names stand below them.
 * @typedef {object} Names
 * @property {number} angle degrees
 * @property {number} size of the letters
 * @property {boolean} shapes whether there is room for the layers' shapes below
 * @property {boolean} glyphs
 * @property {number} every only each so-manieth name
 */

const LEFT = 30;
const RIGHT = 48;
const TOP = 16;
const GLYPH = 24;
const LINE = 13;
export const SHAPE_SIZE = 9.5;
/** Sizes of letters that names are tried in, side by side. */
const SIZES = [11, 10];
const LEAST_HEIGHT = 60;
const LONGEST_NAME = 14;

/** A layer's name without its arguments. @param {Layer} layer */
export function briefName({ name }) {
  const brief = name.replace(/\(.*$/, "").trim() || name;
  return brief.length > LONGEST_NAME ? `${brief.slice(0, LONGEST_NAME - 1)}…` : brief;
}

/** Room between two names side by side. */
const SPACE = 4;

/** @param {Layer[]} layers @param {number} gap @param {Measure} measure @returns {{ names: Names, space: number }} space below the axes */
function namesOf(layers, gap, measure) {
  /** @param {(layer: Layer) => string} text @param {number} size */
  const longest = (text, size) => Math.max(...layers.map((layer) => measure(text(layer), size)));
  const glyphs = gap >= 17;
  const head = glyphs ? GLYPH : 6;
  const every = Math.max(1, Math.ceil(15 / gap));
  const size = SIZES.find((tried) => longest(briefName, tried) + SPACE <= gap);
  if (size) {
    const shapes = longest(shapeOf, SHAPE_SIZE) + SPACE <= gap;
    return { names: { angle: 0, size, shapes, glyphs, every }, space: head + LINE * (shapes ? 2 : 1) + 6 };
  }
  const angle = gap * every >= 34 ? 38 : gap * every >= 22 ? 55 : 90;
  const turn = (angle * Math.PI) / 180;
  const reach = longest(briefName, SIZES[0]) * Math.sin(turn) + 12 * Math.cos(turn);
  return { names: { angle: -angle, size: SIZES[0], shapes: false, glyphs, every }, space: head + reach + 4 };
}

/** @typedef {(text: string, size: number) => number} Measure how wide a text is */

/** @param {{ width: number, height: number }} size of all @param {Layer[]} layers @param {number} most the largest value @param {Measure} measure @returns {Frame} */
export function createFrame({ width: whole, height: tall }, layers, most, measure) {
  const width = Math.max(1, whole - LEFT - RIGHT);
  const gap = width / Math.max(1, layers.length - 1);
  const { names, space } = namesOf(layers, gap, measure);
  const height = Math.max(LEAST_HEIGHT, Math.round(tall - TOP - space));
  return {
    left: LEFT, top: TOP, width, height, gap, most, names,
    x: (layer) => LEFT + placeOf(layer, layers.length, width),
    y: (value) => TOP + heightOf(value, most, height),
    value: (y) => valueAt(y - TOP, most, height),
  };
}
