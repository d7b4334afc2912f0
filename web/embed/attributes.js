/** What an element's attributes choose. */
import { NtraceError } from "../../wasm/ntrace.js";
import { maxK } from "../params.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Manifest} Manifest */

export const CHOSEN = /** @type {const} */ (["sample", "from", "to", "k"]);

/**
 * Those that are absent are what the bundle's first view shows. Throws an NtraceError that says what is wrong with one.
 *
 * @param {Element} element @param {Manifest} manifest @returns {Record<typeof CHOSEN[number], number>}
 */
export function readChoice(element, manifest) {
  const layer = manifest.layers.length - 1;
  const ranges = { sample: [0, manifest.dataset.samples - 1], from: [0, layer], to: [0, layer], k: [1, maxK(manifest)] };
  const choice = CHOSEN.map((name) => {
    const [low, high] = ranges[name];
    const text = element.getAttribute(name);
    const value = text === null ? Math.min(high, manifest.opening[name]) : /^\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (value >= low && value <= high) return [name, value];
    throw new NtraceError("argument", `${name}="${text}" is not in this bundle.`, `${name} is a whole number from ${low} to ${high} here.`);
  });
  return Object.fromEntries(choice);
}
