/** What the figures say, in words. Every number in a sentence comes from the engine. */

/** @typedef {import("../wasm/ntrace.d.ts").Layer} Layer */
/** @typedef {import("../wasm/ntrace.d.ts").TracePoint} TracePoint */

const whole = new Intl.NumberFormat("en");
const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const twoDigits = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });

/** @param {number} n */
export const count = (n) => whole.format(n);

/** @param {number} d */
export const distance = (d) => precise.format(d);

/** A change, with its sign: "+1.2", "−0.85", "0". @param {number} change */
export const signed = (change) => `${change > 0 ? "+" : ""}${twoDigits.format(change).replace("-", "−")}`;

/** @param {number} n */
export const roughly = (n) => (n >= 10 ? whole.format(Math.round(n)) : twoDigits.format(n));

/** 0.9731 as "97 %", never rounded up to certainty. @param {number} p */
export const percent = (p) => (p > 0.99 && p < 1 ? "over 99 %" : p < 0.01 && p > 0 ? "under 1 %" : `${Math.round(p * 100)} %`);

/** The same where room is short: "> 99 %". @param {number} p */
export const shortPercent = (p) => percent(p).replace("over", ">").replace("under", "<");

/** Rank 0 as "nearest", 1 as "2nd nearest". @param {number} rank */
export function ordinal(rank) {
  const n = rank + 1;
  const tens = n % 100;
  const suffix = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${whole.format(n)}${suffix}`;
}

/** A layer's name, with its number where another layer has the same. @param {Layer[]} layers @param {number} layer */
export function layerName(layers, layer) {
  const { name } = layers[layer];
  return layers.some((other, l) => l !== layer && other.name === name) ? `${name} (layer ${layer})` : name;
}

/** @param {Layer} layer */
export const shapeOf = ({ shape: [c, h, w] }) => (h === 1 && w === 1 ? `${c}` : `${c}×${h}×${w}`);

/** @param {TracePoint} point @returns {"stayed" | "arrived" | "left"} */
export const membership = (point) => (point.inFrom && point.inTo ? "stayed" : point.inTo ? "arrived" : "left");

/** @param {TracePoint} point @returns {"closer" | "farther" | "still"} */
export const direction = ({ change }) => (change < 0 ? "closer" : change > 0 ? "farther" : "still");

const MOVED = { closer: "came closer", farther: "drifted off", still: "kept its place" };

/** "Stayed, and came closer". @param {TracePoint} point */
export function verdict(point) {
  const kind = membership(point);
  if (kind === "arrived") return "Arrived: came closer";
  if (kind === "left") return "Left: drifted off";
  return `Stayed, and ${MOVED[direction(point)]}`;
}

/** Chance level of the overlap of two neighbourhoods: k² / (N - 1). @param {number} k @param {number} samples */
export const chance = (k, samples) => (k * k) / (samples - 1);

/** What a sample is called: its class, unless it is the one that the page itself has made. @param {import("../wasm/ntrace.d.ts").Manifest & { guest?: { sample: number, name: string } }} manifest @param {ArrayLike<number>} labels @param {number} sample */
export const callOf = ({ classes, guest }, labels, sample) => (guest?.sample === sample ? guest.name : classes[labels[sample]]);

/** "a pear", "an apple". @param {string} noun */
export const withArticle = (noun) => `${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun}`;

/** What one sample of the dataset is called, and many. @param {import("../wasm/ntrace.d.ts").Manifest} manifest */
export const nounOf = ({ dataset }) => dataset.noun ?? { one: "sample", many: "samples" };

/** "one", "two" … "ten", then digits. @param {number} n */
export const inWords = (n) => ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"][n] ?? whole.format(n);

/** The first letter large. @param {string} text */
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * Writes a text where another one stands: one that is written again is laid out again.
 * @param {{ text(): string, text(words: string): unknown }} element a selection of one element @param {string} words
 */
export function say(element, words) {
  if (element.text() !== words) element.text(words);
}
