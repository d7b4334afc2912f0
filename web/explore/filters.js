/** The filters but for the classes, which the legend keeps: search, right or wrong, confidence, and a range of any measure. */
import { select } from "d3";
import { known, knows } from "../answers.js";
import { count } from "../words.js";
import { MEASURES, extentOf, measureOf } from "./measures.js";
import { createRange } from "./range.js";
import { FILTER_BITS, countFilters, rangeBit } from "./selection.js";

/** @typedef {import("../params.js").State} State */
/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../routes/explore.js").Part} Part */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {import("./measures.js").Measure} Measure */
/** @typedef {import("./selection.js").Selection} Selection */

const VERDICTS = /** @type {const} */ ([["all", "All"], ["right", "Right"], ["wrong", "Wrong"]]);

/** Where the filters are folded away until they are asked for: see styles/filters.css. */
const FOLDING = matchMedia("(max-width: 1199px)");

/** How each sample stands to one filter: see RangeState. @param {Selection} selection @param {number} bit 0: the filter is not set @returns {(i: number) => number} */
const standingTo = ({ failed, chosen }, bit) => (i) => (chosen[i] === 0 || (failed[i] & ~bit) !== 0 ? 0 : failed[i] === 0 ? 2 : 1);

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createFilters(root, { bundle, ledger, store, onChange }) {
  const block = select(root).append("section").attr("class", "filters").attr("aria-label", "Filters");
  const toggle = block.append("button").attr("type", "button").attr("class", "filters-toggle").attr("aria-controls", "filters-body").attr("aria-expanded", "false");
  const body = block.append("div").attr("class", "filters-body").attr("id", "filters-body");
  const isFolded = () => FOLDING.matches && toggle.attr("aria-expanded") === "false";
  toggle.on("click", () => {
    toggle.attr("aria-expanded", String(toggle.attr("aria-expanded") === "false"));
    unfold();
  });
  const unfold = () => last && update(last);
  FOLDING.addEventListener("change", unfold);

  /** One entry in the history for a whole drag or word: its first change makes it, the others replace it. */
  let isHeld = false;
  /** @param {Partial<State>} change @param {boolean} isDragging */
  function choose(change, isDragging) {
    onChange(change, { replace: isHeld });
    isHeld = isDragging;
  }

  const find = createSearch(body, choose);
  const { manifest } = bundle;
  /** Confidence has a place of its own. */
  const choices = known(MEASURES, manifest).filter(({ name }) => name !== "confidence");
  const verdict = knows(manifest, "classes") ? createVerdict(body, onChange) : null;
  const confidenceOf = /** @type {Measure} */ (measureOf("confidence"));
  const confidence = !knows(manifest, "sure") ? null : createRange(/** @type {HTMLElement} */ (body.node()), {
    title: confidenceOf.title, about: confidenceOf.about, name: "confidence", removal: "Reset",
    onChange: (ends, isDragging) => choose({ confidence: ends }, isDragging),
    onRemove: () => onChange({ confidence: null }),
  });
  const more = body.append("div").attr("class", "filters-more");
  const add = body.append("label").attr("class", "facet filters-add");
  add.append("span").attr("class", "facet-title").text("Range of a measure");
  const list = add.append("select").attr("name", "add-range");
  list.on("change", function () {
    opened.add(this.value);
    last && update(last);
    /** @type {HTMLElement | null} */ (more.node()?.querySelector(`[data-range="${CSS.escape([...opened].at(-1) ?? "")}"] input`))?.focus();
  });

  /** Measures whose histogram is open although nothing is filtered by them. @type {Set<string>} */
  const opened = new Set();
  /** @type {Map<string, ReturnType<typeof createRange>>} */
  const ranges = new Map();
  /** @type {Facts | null} */
  let last = null;
  /** Standings are functions made anew only for another selection: so a histogram tells whether to draw. @type {Map<number, (i: number) => number>} */
  let standings = new Map();

  /** @param {Selection} selection @param {number} bit */
  function standing(selection, bit) {
    const made = standings.get(bit) ?? standingTo(selection, bit);
    standings.set(bit, made);
    return made;
  }

  /** @param {string} name @param {[number, number] | null} ends */
  function withRange(name, ends) {
    const others = store.get().ranges;
    if (!ends) return { ranges: others.filter((range) => range.name !== name) };
    const range = { name, low: ends[0], high: ends[1] };
    return { ranges: others.some((other) => other.name === name) ? others.map((other) => (other.name === name ? range : other)) : [...others, range] };
  }

  /** @param {Measure} measure */
  function rangeOf({ name, title, about }) {
    const made = ranges.get(name) ?? createRange(/** @type {HTMLElement} */ (more.node()), {
      title, about, name, removal: "Remove",
      onChange: (ends, isDragging) => choose(withRange(name, ends), isDragging),
      onRemove() {
        opened.delete(name);
        if (store.get().ranges.some((range) => range.name === name)) onChange(withRange(name, null));
        else if (last) update(last);
        list.node()?.focus();
      },
    });
    ranges.set(name, made);
    return made;
  }

  /** @param {Facts} facts */
  function updateRanges({ state, selection }) {
    const context = { bundle, ledger, state };
    for (const { name } of state.ranges) if (measureOf(name)) opened.add(name);
    for (const [name, range] of ranges) {
      if (opened.has(name)) continue;
      range.destroy();
      ranges.delete(name);
    }
    for (const measure of choices.filter(({ name }) => opened.has(name))) {
      const at = state.ranges.findIndex(({ name }) => name === measure.name);
      const values = measure.read(context);
      rangeOf(measure).update({
        values,
        domain: measure.domain?.(context) ?? (values ? extentOf(values) : [0, 1]),
        ends: at < 0 ? null : [state.ranges[at].low, state.ranges[at].high],
        format: measure.format,
        standing: standing(selection, at < 0 ? 0 : rangeBit(at)),
      });
    }
    const free = choices.filter(({ name }) => !opened.has(name));
    add.attr("hidden", free.length > 0 ? null : "");
    list.selectAll("option").data([{ name: "", title: "Choose …" }, ...free], (/** @type {any} */ { name }) => name).join("option").attr("value", ({ name }) => name).property("disabled", ({ name }) => name === "").text(({ title }) => title).order();
    list.property("value", "");
  }

  /** @param {Facts} facts */
  function update(facts) {
    if (last?.selection !== facts.selection) standings = new Map();
    last = facts;
    const { state, selection } = facts;
    const active = countFilters(state);
    toggle.text(active === 0 ? "Filters" : `Filters: ${count(active)} active`);
    if (isFolded()) return; // it is counted and drawn when it is seen
    find(state.find);
    verdict?.(state.verdict, verdictCounts(selection, bundle));
    confidence?.update({ values: bundle.confidences, domain: [0, 1], ends: state.confidence, format: confidenceOf.format, standing: standing(selection, FILTER_BITS.confidence) });
    updateRanges(facts);
  }

  return {
    update,
    destroy() {
      FOLDING.removeEventListener("change", unfold);
      confidence?.destroy();
      for (const range of ranges.values()) range.destroy();
      block.remove();
    },
  };
}

/** @typedef {import("d3").Selection<HTMLDivElement, unknown, null, undefined>} Body */

/** Numbers and names. @param {Body} body @param {(change: Partial<State>, isDragging: boolean) => void} choose @returns {(wanted: string) => void} */
function createSearch(body, choose) {
  const label = body.append("label").attr("class", "facet");
  label.append("span").attr("class", "facet-title").text("Find");
  const field = label.append("input").attr("type", "search").attr("name", "find").attr("maxlength", 64).attr("placeholder", "number or class").attr("autocomplete", "off");
  let isTyping = false;
  field.on("input", function () {
    isTyping = true;
    choose({ find: this.value }, true);
  });
  field.on("change", function () {
    isTyping = false;
    choose({ find: this.value }, false);
  });
  return (wanted) => {
    if (!isTyping || document.activeElement !== field.node()) field.property("value", wanted);
  };
}

/** @param {Body} body @param {PartOptions["onChange"]} onChange @returns {(verdict: State["verdict"], counts: number[]) => void} */
function createVerdict(body, onChange) {
  const set = body.append("fieldset").attr("class", "facet");
  set.append("legend").attr("class", "facet-title").text("Read by the network");
  const row = set.append("div").attr("class", "facet-choices");
  const choices = row.selectAll("label").data(VERDICTS).join("label").attr("class", "facet-choice");
  choices.append("input").attr("type", "radio").attr("name", "verdict").attr("value", ([value]) => value).on("change", (_, [value]) => onChange({ verdict: value }));
  choices.append("span").attr("class", "facet-name").text(([, title]) => title);
  const numbers = choices.append("span").attr("class", "facet-count");
  return (verdict, counts) => {
    choices.select("input").property("checked", ([value]) => value === verdict);
    numbers.text((_, i) => count(counts[i]));
  };
}

/** All, right, wrong: how many of each, were this filter not set. @param {Selection} selection @param {import("../../wasm/ntrace.d.ts").Bundle} bundle */
function verdictCounts({ failed, chosen }, { labels, predictions }) {
  const counts = [0, 0, 0];
  for (let i = 0; i < failed.length; i++) {
    if (chosen[i] === 0 || (failed[i] & ~FILTER_BITS.verdict) !== 0) continue;
    counts[0]++;
    counts[labels[i] === predictions[i] ? 1 : 2]++;
  }
  return counts;
}
