/** Which samples the filters show, and which of these the brushes, the outline on the map and picks select. */
import { toSquare, within } from "./plane.js";
import { measureOf } from "./measures.js";

/** @typedef {import("../params.js").State} State */
/** @typedef {import("./measures.js").MeasureContext} MeasureContext */

/**
 * @typedef {object} Selection
 * @property {Uint8Array} mask [N] 0: filtered out, 1: shown, 2: shown and selected
 * @property {Uint32Array} shown numbers of the samples that the filters leave, ascending
 * @property {Uint32Array} selected those of them that are selected, ascending; all that are shown where nothing selects
 * @property {boolean} isPart whether anything selects: brushes, outline, picks
 * @property {string} key the same for the same samples
 * @property {boolean} complete false while something that it depends on has not arrived: it then counts as fitting
 */

/** What a selection depends on. */
const FILTERS = /** @type {const} */ (["classes", "predicted", "verdict", "confidence", "ranges", "find"]);
const SELECTORS = /** @type {const} */ (["brushes", "lasso", "picks"]);

/** @param {State} state */
export const hasFilters = (state) =>
  state.classes.length + state.predicted.length + state.ranges.length > 0 || state.verdict !== "all" || state.confidence !== null || state.find !== "";

/** @param {State} state */
export const hasSelectors = (state) => state.brushes.length + state.picks.length > 0 || state.lasso !== null;

/** What resets the filters. @type {Pick<State, typeof FILTERS[number]>} */
export const NO_FILTERS = { classes: [], predicted: [], verdict: "all", confidence: null, ranges: [], find: "" };
/** What resets the selection. @type {Pick<State, typeof SELECTORS[number]>} */
export const NO_SELECTORS = { brushes: [], lasso: null, picks: [] };

/** Takes out of `mask` those whose value lies outside. @param {Uint8Array} mask @param {ArrayLike<number>} values @param {number} low @param {number} high */
function keepBetween(mask, values, low, high) {
  for (let i = 0; i < mask.length; i++) if (!(values[i] >= low && values[i] <= high)) mask[i] = 0;
}

/** @param {Uint8Array} mask @param {ArrayLike<number>} values @param {number[]} wanted none: all */
function keepAmong(mask, values, wanted) {
  if (wanted.length === 0) return;
  const isWanted = new Set(wanted);
  for (let i = 0; i < mask.length; i++) if (!isWanted.has(values[i])) mask[i] = 0;
}

/** A number finds that sample; words find the classes that contain them. @param {Uint8Array} mask @param {MeasureContext} context */
function keepFound(mask, { bundle, state }) {
  const wanted = state.find.trim().toLowerCase();
  if (wanted === "") return;
  if (/^\d+$/.test(wanted)) {
    for (let i = 0; i < mask.length; i++) if (i !== Number(wanted)) mask[i] = 0;
    return;
  }
  const labels = bundle.manifest.classes.flatMap((name, label) => (name.toLowerCase().includes(wanted) ? [label] : []));
  if (labels.length === 0) mask.fill(0);
  keepAmong(mask, bundle.labels, labels);
}

/** @param {MeasureContext} context @returns {{ mask: Uint8Array, complete: boolean }} 1 where the filters let a sample through */
function filter(context) {
  const { bundle, state } = context;
  const mask = new Uint8Array(bundle.labels.length).fill(1);
  let complete = true;
  keepAmong(mask, bundle.labels, state.classes);
  keepAmong(mask, bundle.predictions, state.predicted);
  if (state.verdict !== "all") {
    const right = state.verdict === "right";
    for (let i = 0; i < mask.length; i++) if ((bundle.labels[i] === bundle.predictions[i]) !== right) mask[i] = 0;
  }
  if (state.confidence) keepBetween(mask, bundle.confidences, ...state.confidence);
  for (const { name, low, high } of state.ranges) {
    const measure = measureOf(name);
    const values = measure?.read(context);
    if (values) keepBetween(mask, values, low, high);
    else if (measure) complete = false;
  }
  keepFound(mask, context);
  return { mask, complete };
}

/** @param {Uint8Array} mask 1 where shown; becomes 2 where selected too @param {MeasureContext} context @returns {boolean} complete */
function select(mask, context) {
  const { bundle, ledger, state } = context;
  const n = mask.length;
  const chosen = new Uint8Array(n).fill(1);
  let complete = true;
  const table = state.brushes.length > 0 ? ledger.stability(state).value : null;
  for (const { layer, low, high } of state.brushes) {
    if (table) keepBetween(chosen, table.values.subarray(layer * n, (layer + 1) * n), low, high);
    else complete = false;
  }
  if (state.lasso) {
    const { value } = ledger.map({ layer: state.lasso.layer, method: state.method });
    if (value) within(toSquare(value.points), state.lasso).forEach((inside, i) => inside || (chosen[i] = 0));
    else complete = false;
  }
  if (state.picks.length > 0) {
    const picked = new Set(state.picks);
    for (let i = 0; i < n; i++) if (!picked.has(i)) chosen[i] = 0;
  }
  for (let i = 0; i < n; i++) mask[i] += mask[i] & chosen[i];
  return complete;
}

/** @param {Uint8Array} mask @param {number} least */
const listOf = (mask, least) => Uint32Array.from(mask.keys()).filter((i) => mask[i] >= least);

/** @param {MeasureContext} context @returns {Selection} */
export function selectSamples(context) {
  const { state } = context;
  const { mask, complete } = filter(context);
  const isPart = hasSelectors(state);
  const done = isPart ? select(mask, context) : true;
  if (!isPart) for (let i = 0; i < mask.length; i++) mask[i] *= 2;
  const asked = [...FILTERS, ...SELECTORS].map((part) => state[part]);
  const tables = [state.near, state.reference, state.layer, state.method, complete, done];
  return { mask, shown: listOf(mask, 1), selected: listOf(mask, 2), isPart, key: JSON.stringify([asked, tables]), complete: complete && done };
}
