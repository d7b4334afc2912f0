/** What can be said of every sample in one number: for colours, filters and sorting. */
import { count, percent } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../params.js").State} State */
/** @typedef {import("./ledger.js").Ledger} Ledger */
/** @typedef {import("./ledger.js").Entry<any>} AnyEntry */

/**
 * @typedef {object} Measure
 * @property {string} name as in the URL
 * @property {string} title
 * @property {string} about one sentence: what it says, where it comes from
 * @property {boolean} atLayer whether it differs from layer to layer
 * @property {import("../answers.js").Answers} [needs] what must be known of the model's answers
 * @property {(value: number) => string} format
 * @property {(context: MeasureContext) => ArrayLike<number> | null} read [N]; null while it is not there yet (it is being fetched then)
 * @property {(context: MeasureContext) => [number, number]} [domain] where the values themselves do not tell it
 */

/** @typedef {{ bundle: Bundle, ledger: Ledger, state: State }} MeasureContext */

const share = (/** @type {number} */ value) => percent(value);
const plain = (/** @type {number} */ value) => value.toFixed(2);
const many = (/** @type {number} */ value) => count(Math.round(value));

/** One layer's part of a table [L, N]. @param {MeasureContext} context @param {number} layer */
function keptAt({ ledger, state, bundle }, layer) {
  const { value } = ledger.stability(state);
  const n = bundle.manifest.dataset.samples;
  return value ? value.values.subarray(layer * n, (layer + 1) * n) : null;
}

/** @param {string} name @returns {Measure["read"]} */
const measured = (name) => ({ ledger, state }) => ledger.measures(state.layer).value?.values[name] ?? null;
/** @type {Measure["domain"]} */
const keptDomain = ({ state }) => [0, state.near];
/** @type {Measure["domain"]} */
const zeroToOne = () => [0, 1];

/** @type {Measure[]} */
export const MEASURES = [
  {
    name: "last", title: "Neighbours kept at the last layer", atLayer: false, format: many, domain: keptDomain,
    about: "How many of its nearest at the reference layer are still among its nearest at the last one.",
    read: (context) => keptAt(context, context.bundle.manifest.layers.length - 1),
  },
  {
    name: "kept", title: "Neighbours kept at this layer", atLayer: true, format: many, domain: keptDomain,
    about: "How many of its nearest at the reference layer are among its nearest at this one.",
    read: (context) => keptAt(context, context.state.layer),
  },
  {
    name: "confidence", title: "Confidence", needs: "sure", atLayer: false, format: share, domain: zeroToOne,
    about: "The probability that the network gives to the class that it predicts.",
    read: ({ bundle }) => bundle.confidences,
  },
  {
    name: "trust", title: "Trust in the map", atLayer: true, format: plain, domain: () => [0.5, 1],
    about: "Trustworthiness: 1 where the nearest on the map are near at the layer, too; less where the map shows neighbours who are none. 0.5 and less look alike.",
    read: ({ ledger, state }) => ledger.quality(state, { work: true })?.trustworthiness ?? null,
  },
  {
    name: "purity", title: "Neighbours of its own class", atLayer: true, format: share, domain: zeroToOne, read: measured("purity"),
    about: "The share of its nearest at this layer that have its own label.",
  },
  {
    name: "predictionPurity", title: "Neighbours read alike", needs: "classes", atLayer: true, format: share, domain: zeroToOne, read: measured("predictionPurity"),
    about: "The share of its nearest at this layer that the network puts into the same class.",
  },
  {
    name: "occurrence", title: "Among the nearest of others", atLayer: true, format: many, read: measured("occurrence"),
    about: "In how many neighbourhoods it is at this layer; samples with many are hubs.",
  },
  {
    name: "rbo", title: "Rank agreement with the reference", atLayer: true, format: plain, domain: zeroToOne, read: measured("rbo"),
    about: "Rank-biased overlap of its nearest here and at the reference layer; the nearest weigh most.",
  },
  {
    name: "credibility", title: "Credibility", atLayer: false, format: plain, domain: zeroToOne, read: ({ ledger }) => ledger.credibility().value,
    about: "Deep k-nearest neighbours: how well its neighbours at all layers support the class that they agree on most.",
  },
];

/** @param {string} name */
export const measureOf = (name) => MEASURES.find((measure) => measure.name === name) ?? null;

/** Smallest and largest of the values that are numbers. @param {ArrayLike<number>} values @returns {[number, number]} */
export function extentOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  return low <= high ? [low, high] : [0, 1];
}
