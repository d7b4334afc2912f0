/** Which samples the filters show, and which of these the brushes, the outline on the map and picks select. Each filter has a bit, so that a filter can be counted with itself set aside. */
import { toSquare, within } from "./plane.js";
import { measureOf } from "./measures.js";

/** @typedef {import("../params.js").State} State */
/** @typedef {import("./measures.js").MeasureContext} MeasureContext */

/**
 * @typedef {object} Selection
 * @property {Uint8Array} mask [N] 0: filtered out, 1: shown, 2: shown and selected
 * @property {Uint32Array} failed [N] the bits (FILTER_BITS, rangeBit) of the filters that leave a sample out
 * @property {Uint8Array} chosen [N] 1 where what selects takes a sample, filters apart; everywhere where nothing selects
 * @property {Uint32Array} shown numbers of the samples that the filters leave, ascending
 * @property {Uint32Array} selected those of them that are selected, ascending; all that are shown where nothing selects
 * @property {boolean} isPart whether anything selects: brushes, outline, picks
 * @property {string} key the same for the same samples
 * @property {boolean} complete false while something that it depends on has not arrived: it then counts as fitting
 */

/** What a selection depends on. */
const FILTERS = /** @type {const} */ (["classes", "predicted", "verdict", "confidence", "ranges", "find"]);
const SELECTORS = /** @type {const} */ (["brushes", "lasso", "picks"]);

/** How many filters are set. @param {State} state */
export const countFilters = (state) =>
  Number(state.classes.length > 0) + Number(state.predicted.length > 0) + Number(state.verdict !== "all") + Number(state.confidence !== null) + Number(state.find !== "") + state.ranges.length;

/** @param {State} state */
export const hasFilters = (state) => countFilters(state) > 0;

/** @param {State} state */
export const hasSelectors = (state) => state.brushes.length + state.picks.length > 0 || state.lasso !== null;

/** What resets the filters. @type {Pick<State, typeof FILTERS[number]>} */
export const NO_FILTERS = { classes: [], predicted: [], verdict: "all", confidence: null, ranges: [], find: "" };
/** What resets the selection. @type {Pick<State, typeof SELECTORS[number]>} */
export const NO_SELECTORS = { brushes: [], lasso: null, picks: [] };

/** The bit of each filter. A sample that fails none of them is shown. */
export const FILTER_BITS = { classes: 1, predicted: 2, verdict: 4, confidence: 8, find: 16 };
const LAST_BIT = 31;
/** The bit of a range, by its place in the list; those beyond the last bit share it. @param {number} at */
export const rangeBit = (at) => (1 << Math.min(5 + at, LAST_BIT)) >>> 0;

/** @param {number[]} wanted none: all @returns {((value: number) => boolean) | null} */
function among(wanted) {
  const set = new Set(wanted);
  return wanted.length > 0 ? (value) => set.has(value) : null;
}

/** A number finds that sample; any text the classes whose names contain it. @param {MeasureContext} context @returns {((i: number) => boolean) | null} */
function found({ bundle, state }) {
  const wanted = state.find.trim().toLowerCase();
  if (wanted === "") return null;
  const sample = /^\d+$/.test(wanted) ? Number(wanted) : -1;
  const isFound = bundle.manifest.classes.map((name) => name.toLowerCase().includes(wanted));
  return (i) => i === sample || isFound[bundle.labels[i]];
}

/** @param {MeasureContext} context @returns {{ failed: Uint32Array, complete: boolean }} */
function filter(context) {
  const { bundle, state } = context;
  const { labels, predictions, confidences } = bundle;
  const failed = new Uint32Array(labels.length);
  let complete = true;
  /** @param {number} bit @param {((i: number) => boolean) | null} fits */
  function keep(bit, fits) {
    if (fits) for (let i = 0; i < failed.length; i++) if (!fits(i)) failed[i] |= bit;
  }
  const [isClass, isPredicted] = [among(state.classes), among(state.predicted)];
  keep(FILTER_BITS.classes, isClass && ((i) => isClass(labels[i])));
  keep(FILTER_BITS.predicted, isPredicted && ((i) => isPredicted(predictions[i])));
  keep(FILTER_BITS.verdict, state.verdict === "all" ? null : (i) => (labels[i] === predictions[i]) === (state.verdict === "right"));
  const { confidence } = state;
  keep(FILTER_BITS.confidence, confidence && ((i) => confidences[i] >= confidence[0] && confidences[i] <= confidence[1]));
  keep(FILTER_BITS.find, found(context));
  state.ranges.forEach(({ name, low, high }, at) => {
    const measure = measureOf(name);
    const values = measure?.read(context);
    if (values) keep(rangeBit(at), (i) => values[i] >= low && values[i] <= high);
    else if (measure) complete = false;
  });
  return { failed, complete };
}

/** @param {MeasureContext} context @returns {{ chosen: Uint8Array, complete: boolean }} 1 where brushes, outline and picks take a sample */
function choose({ bundle, ledger, state }) {
  const n = bundle.labels.length;
  const chosen = new Uint8Array(n).fill(1);
  let complete = true;
  /** @param {(i: number) => boolean | number} fits */
  function keep(fits) {
    for (let i = 0; i < n; i++) if (!fits(i)) chosen[i] = 0;
  }
  const table = state.brushes.length > 0 ? ledger.stability(state).value : null;
  for (const { layer, low, high } of state.brushes) {
    const values = table?.values.subarray(layer * n, (layer + 1) * n);
    if (values) keep((i) => values[i] >= low && values[i] <= high);
    else complete = false;
  }
  if (state.lasso) {
    const { value } = ledger.map(state.lasso);
    const inside = value ? within(toSquare(value.points), state.lasso) : null;
    if (inside) keep((i) => inside[i]);
    else complete = false;
  }
  if (state.picks.length > 0) {
    const picked = new Set(state.picks);
    keep((i) => picked.has(i));
  }
  return { chosen, complete };
}

/** @param {Uint8Array} mask @param {number} least */
function listOf(mask, least) {
  const list = new Uint32Array(mask.length);
  let length = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] >= least) list[length++] = i;
  return list.slice(0, length);
}

/** @param {MeasureContext} context @returns {Selection} */
export function selectSamples(context) {
  const { state } = context;
  const { failed, complete } = filter(context);
  const { chosen, complete: done } = choose(context);
  const mask = new Uint8Array(failed.length);
  for (let i = 0; i < mask.length; i++) mask[i] = failed[i] === 0 ? 1 + chosen[i] : 0;
  const asked = [...FILTERS, ...SELECTORS].map((part) => state[part]);
  const tables = [state.near, state.reference, state.layer, state.method, complete, done];
  return {
    mask, failed, chosen, shown: listOf(mask, 1), selected: listOf(mask, 2), isPart: hasSelectors(state),
    key: JSON.stringify([asked, tables]), complete: complete && done,
  };
}

/** What would be selected were classes not filtered, by label or by prediction; the key is the same for the same samples. @param {Selection} selection @returns {{ key: string, samples: Uint32Array }} */
export function classesAside({ failed, chosen, selected, key }) {
  const [asked, tables] = JSON.parse(key);
  if (asked[0].length + asked[1].length === 0) return { key, samples: selected };
  const aside = ~(FILTER_BITS.classes | FILTER_BITS.predicted);
  const mask = Uint8Array.from(failed, (bits, i) => ((bits & aside) === 0 ? chosen[i] : 0));
  return { key: JSON.stringify([[[], [], ...asked.slice(2)], tables]), samples: listOf(mask, 1) };
}
