/** A range of one number: a histogram over two handles. */
import { select, tickStep } from "d3";
import { count } from "../words.js";

/**
 * @typedef {object} RangeState
 * @property {ArrayLike<number> | null} values [N] null while they have not arrived
 * @property {[number, number]} domain that they lie in
 * @property {[number, number] | null} ends what is kept; null: everything
 * @property {(value: number) => string} format
 * @property {(i: number) => number} standing of a sample: 0 left out by other filters, 1 only by this range, 2 kept
 */

/**
 * @typedef {object} RangeOptions
 * @property {string} title
 * @property {string} about
 * @property {string} name of its inputs
 * @property {(ends: [number, number] | null, isDragging: boolean) => void} onChange
 * @property {() => void} onRemove
 * @property {string} removal what the button at its head does
 */

const BINS = 40;
const STEPS = 100;
const TALL = 32;

/**
 * Places of the handles: round numbers that hold all values, some hundred of them.
 * @param {[number, number]} domain @returns {{ count: number, at: (place: number) => number, near: (value: number) => number }}
 */
export function placesOf([low, high]) {
  const step = tickStep(low, high, STEPS) || 1;
  const first = Math.floor(low / step + 1e-9);
  const count = Math.max(1, Math.ceil(high / step - 1e-9) - first);
  return {
    count,
    at: (place) => Number(((first + place) * step).toPrecision(10)),
    near: (value) => Math.max(0, Math.min(count, Math.round(value / step) - first)),
  };
}

/**
 * How many samples stand in each bin: kept ones, and those that only this range leaves out on top of them.
 * @param {ArrayLike<number>} values @param {number} low @param {number} high @param {(i: number) => number} standing
 */
export function binsOf(values, low, high, standing) {
  const [kept, all] = [new Uint32Array(BINS), new Uint32Array(BINS)];
  for (let i = 0; i < values.length; i++) {
    const stands = standing(i);
    if (stands === 0 || !(values[i] >= low && values[i] <= high)) continue;
    const bin = Math.min(BINS - 1, Math.floor(((values[i] - low) / (high - low)) * BINS));
    all[bin]++;
    if (stands === 2) kept[bin]++;
  }
  return { kept, all };
}

/** Bars whose height is the square root of the number: the few stay visible beside the many. @param {Uint32Array} bins @param {number} most */
const barsOf = (bins, most) => Array.from(bins, (n, b) => (n > 0 ? `M${b},${TALL}v${-Math.max(1, (TALL * Math.sqrt(n / most)))}h0.9V${TALL}z` : "")).join("");

/** @param {HTMLElement} root @param {RangeOptions} options */
export function createRange(root, { title, about, name, onChange, onRemove, removal }) {
  const block = select(root).append("div").attr("class", "facet range").attr("role", "group").attr("aria-label", title).attr("data-range", name);
  block.append("span").attr("class", "facet-title").attr("title", about).text(title);
  const remove = block.append("button").attr("type", "button").attr("class", "facet-reset").attr("aria-label", `${removal}: ${title}`).text("×").on("click", onRemove);
  const plot = block.append("div").attr("class", "range-plot");
  const drawing = plot.append("svg").attr("class", "range-bars").attr("viewBox", `0 0 ${BINS} ${TALL}`).attr("preserveAspectRatio", "none").attr("aria-hidden", "true");
  const [all, kept] = ["range-all", "range-kept"].map((kind) => drawing.append("path").attr("class", kind));
  plot.append("span").attr("class", "range-track").attr("aria-hidden", "true");
  const inputs = ["at least", "at most"].map((bound, end) =>
    plot.append("input").attr("type", "range").attr("class", "range-end").attr("name", `${name}-${end}`).attr("aria-label", `${title}, ${bound}`).attr("min", 0).attr("step", 1),
  );
  const words = block.append("p").attr("class", "range-words");

  /** @type {RangeState | null} */
  let state = null;
  let places = placesOf([0, 1]);
  let isHeld = false;

  /** @param {number} end @param {boolean} isDragging */
  function take(end, isDragging) {
    const at = inputs.map((input) => input.property("valueAsNumber"));
    if (at[0] > at[1]) at[end] = at[1 - end]; // a handle stops at the other
    const isAll = at[0] === 0 && at[1] === places.count;
    isHeld = isDragging;
    onChange(isAll ? null : [places.at(at[0]), places.at(at[1])], isDragging);
    show(at);
  }
  inputs.forEach((input, end) => {
    input.on("input", () => take(end, true));
    input.on("change", () => take(end, false));
  });

  /** @param {number[]} at places of the handles */
  function show(at) {
    if (!state) return;
    const { format } = state;
    inputs.forEach((input, end) => {
      input.attr("max", places.count).property("value", at[end]).attr("aria-valuetext", format(places.at(at[end])));
      input.style("z-index", end === 0 && at[0] > places.count / 2 ? 2 : 1); // where both meet, the one that can still move lies on top
    });
    plot.style("--low", String(at[0] / places.count)).style("--high", String(at[1] / places.count));
    const isAll = at[0] === 0 && at[1] === places.count;
    words.text(`${format(places.at(at[0]))} to ${format(places.at(at[1]))}${isAll ? "" : `: ${count(keptCount)}`}`);
  }

  let keptCount = 0;
  function draw() {
    const { values, standing } = /** @type {RangeState} */ (state);
    if (!values) return;
    const bins = binsOf(values, places.at(0), places.at(places.count), standing);
    const most = bins.all.reduce((a, b) => Math.max(a, b), 1);
    all.attr("d", barsOf(bins.all, most));
    kept.attr("d", barsOf(bins.kept, most));
    keptCount = bins.kept.reduce((a, b) => a + b, 0);
  }

  return {
    node: /** @type {HTMLElement} */ (block.node()),
    /** @param {RangeState} next */
    update(next) {
      const isOther = state?.values !== next.values || state.standing !== next.standing || state.domain.some((end, i) => end !== next.domain[i]);
      state = next;
      places = placesOf(next.domain);
      block.classed("is-active", next.ends !== null).classed("is-waiting", next.values === null);
      remove.property("disabled", removal === "Reset" && next.ends === null);
      for (const input of inputs) input.property("disabled", next.values === null);
      if (isOther) draw();
      const ends = next.ends ?? [places.at(0), places.at(places.count)];
      if (next.values) show(ends.map(places.near));
      else words.text("Being worked out …");
    },
    isHeld: () => isHeld,
    destroy() {
      block.remove();
    },
  };
}
