/** What the map says of itself in words. */
import { count, layerName } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Layer} Layer */
/** @typedef {import("./ledger.js").Quality} Quality */
/** @typedef {import("../params.js").State} State */

const METHODS = { umap: "UMAP", pca: "PCA" };

/** @type {WeakMap<Float32Array, number>} */
const means = new WeakMap();

/** @param {Float32Array} values */
function meanOf(values) {
  const mean = means.get(values) ?? values.reduce((sum, value) => sum + value, 0) / values.length;
  means.set(values, mean);
  return mean;
}

/** @param {State["method"]} method @param {Layer[]} layers @param {number} layer */
export const mapName = (method, layers, layer) => `${METHODS[method]} of ${layerName(layers, layer)}`;

/**
 * How far the whole map can be trusted. The sentence has its length before the figures are there, too: the map keeps its size.
 * @param {Quality | null} quality @param {number} k of the quality to come @param {boolean} isComing
 */
export function trustWords(quality, k, isComing) {
  const [trust, continuity] = quality ? [quality.trustworthiness, quality.continuity].map((values) => meanOf(values).toFixed(3)) : ["…", "…"];
  const nearest = count(quality?.k ?? k);
  return (
    `Trustworthiness ${trust}: the ${nearest} nearest on the map are near at the layer, too. Continuity ${continuity}: the ${nearest} nearest at the layer are near on the map. ` +
    (quality || isComing ? "1 would be without exception." : "It is worked out when you colour by it.")
  );
}

/** Where the outline is, and who is in it. @param {State} state @param {Layer[]} layers @param {number | null} inside how many of those shown */
export function outlineWords({ lasso, layer, method }, layers, inside) {
  if (!lasso) return "";
  const who = inside === null ? "The outline" : inside === 1 ? "The one sample in the outline" : `The ${count(inside)} samples in the outline`;
  if (lasso.layer === layer && lasso.method === method) return inside === null ? "" : `${who} keep their colours at every layer.`;
  const stays = inside === 1 ? "It keeps its colour: here is where it lies now." : "They keep their colours: here is where they lie now.";
  return `${who} on the map “${mapName(lasso.method, layers, lasso.layer)}”. ${inside === null ? "" : stays}`;
}
