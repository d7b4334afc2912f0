/** The stability of one model against another: what both keep from layer to layer, and what they have in common at every two layers. */
import { select } from "d3";
import { counterpart } from "../models.js";
import { chance, count, layerName, roughly } from "../words.js";
import { createExport } from "./export.js";
import { createKeptLines } from "./kept_lines.js";
import { createGrid, short } from "./matrix_grid.js";
import { spread } from "./matrix.js";
import { createWork } from "./plot_work.js";

/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../routes/explore.js").Part} Part */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {import("../../wasm/ntrace.d.ts").Comparison} Comparison */
/** @typedef {import("../../wasm/ntrace.d.ts").Manifest} Manifest */
/** @typedef {import("../../wasm/ntrace.d.ts").Stability} Stability */

/** Samples of a first look, on codes; and of all that is looked at where there is nothing but codes. */
const FIRST_LOOK = 48;
const MOST_ON_CODES = 240;

/** The mean of some samples at every layer. @param {Stability} stability of all samples @param {Uint32Array} samples @param {number} layers */
function meansOf({ values, samples: all }, samples, layers) {
  return Array.from({ length: layers }, (_, layer) => {
    let sum = 0;
    for (const sample of samples) sum += values[layer * all.length + sample];
    return samples.length > 0 ? sum / samples.length : 0;
  });
}

/** @param {Manifest} manifest */
const hasNetwork = ({ chunks }) => chunks.some(({ role }) => role === "weights");

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createModelCompare(root, { bundle, ledger, store, theme, onChange }) {
  const { manifest, model } = bundle;
  const { layers, dataset } = manifest;
  const others = bundle.models.filter((name) => name !== model);
  const block = select(root).append("section").attr("class", "matrix models").attr("aria-labelledby", "models-title");
  const head = block.append("header").attr("class", "matrix-head-line");
  head.append("h2").attr("id", "models-title").attr("class", "matrix-title").text("Two models");
  const save = createExport(/** @type {HTMLElement} */ (head.node()), { title: "Two models", name: () => `models-${shown?.k ?? ""}-nearest`, figure: () => /** @type {Element} */ (block.node()), table });
  const choice = block.append("label").attr("class", "models-choice");
  choice.append("span").text(`${model} against`);
  const field = choice.append("select").attr("name", "against").on("change", function () {
    onChange({ against: others[Number(this.value)] });
  });
  field.selectAll("option").data(others).join("option").attr("value", (_, i) => i).text((name) => name);
  const about = block.append("p").attr("class", "matrix-about");
  const lines = createKeptLines(/** @type {HTMLElement} */ (block.append("div").node()), { samples: dataset.samples });
  const said = block.append("p").attr("class", "matrix-said").attr("aria-hidden", "true");
  const body = block.append("div").attr("class", "matrix-body");
  const foot = block.append("div").attr("class", "matrix-foot").attr("data-export", "skip");
  const work = createWork(/** @type {HTMLElement} */ (foot.node()), ledger.retry);

  /** @type {Facts | null} */
  let facts = null;
  /** The grid of the other model, made when its layers are known. @type {{ of: string, columns: import("../../wasm/ntrace.d.ts").Layer[], grid: ReturnType<typeof createGrid> } | null} */
  let made = null;
  /** @type {Comparison | null} */
  let shown = null;
  let width = 0;

  /** @param {{ from: number, to: number } | null} cell */
  function say(cell) {
    if (!cell || !shown || !made) return void said.text("A row is a layer of this model, a column one of the other.");
    const mean = shown.mean[cell.from * made.columns.length + cell.to];
    said.text(`${layerName(layers, cell.from)} here, ${layerName(made.columns, cell.to)} there: ${short(mean)} of ${count(shown.k)}`);
  }

  /** @param {string} other @param {Manifest} described */
  function gridOf(other, described) {
    if (made?.of === other) return made.grid;
    body.node()?.replaceChildren();
    const label = `Neighbours in common: rows are layers of ${model}, columns of ${other}. Enter looks at the row's layer`;
    const grid = createGrid(/** @type {HTMLElement} */ (body.node()), { layers, columns: described.layers, label, linkOf: (from) => store.link({ layer: from }), onAt: say });
    made = { of: other, columns: described.layers, grid };
    return grid;
  }

  /** What there is of the comparison, asked for where it is not there. @param {Facts} now @param {string} other @param {Manifest} described */
  function answer({ selection: { key, selected }, state: { near } }, other, described) {
    const isExact = hasNetwork(manifest) && hasNetwork(described) && near <= 100;
    const first = ledger.comparison("glance", other, isExact ? `first ${key}` : key, near, spread(selected, isExact ? FIRST_LOOK : MOST_ON_CODES));
    const whole = isExact ? ledger.comparison("comparison", other, key, near, selected) : first;
    return { found: whole.value ?? first.value, entry: whole };
  }

  function render() {
    if (!facts || width === 0) return;
    const { state, selection, stability } = facts;
    const other = others.includes(state.against) ? state.against : bundle.models[(bundle.models.indexOf(model) + 1) % bundle.models.length];
    field.property("value", others.indexOf(other));
    const { value: described, error } = ledger.manifestOf(other);
    if (!described) return work.render({ progress: error ? null : { label: "opening the other model", done: 0 }, error });
    const grid = gridOf(other, described);
    const { found, entry } = answer(facts, other, described);
    shown = found;
    const reference = counterpart(layers, described.layers, state.reference);
    const theirs = ledger.stabilityOf(other, { near: state.near, reference }, described.stability).value;
    block.attr("aria-busy", String(entry.progress !== null)).attr("data-against", other).attr("data-samples", found?.samples ?? 0).attr("data-exact", String(Boolean(found?.exact)));
    grid.render(found, { width, tokens: theme.tokens() });
    renderLines(stability.value, theirs, other, described, selection.selected);
    about.text(words(other, selection.selected.length));
    work.render(entry);
    say(null);
  }

  /** @param {Stability | null} ours @param {Stability | null} theirs @param {string} other @param {Manifest} described @param {Uint32Array} selected */
  function renderLines(ours, theirs, other, described, selected) {
    /** @type {import("./kept_lines.js").KeptLine[]} */
    const given = [];
    if (ours) given.push({ name: `${model}: kept from its ${layerName(layers, ours.reference)}`, kind: "own", values: meansOf(ours, selected, layers.length) });
    if (theirs) given.push({ name: `${other}: kept from its ${layerName(described.layers, theirs.reference)}`, kind: "other", values: meansOf(theirs, selected, described.layers.length) });
    const both = shown && layers.map((_, layer) => /** @type {Comparison} */ (shown).mean[layer * described.layers.length + counterpart(layers, described.layers, layer)]);
    if (both) given.push({ name: "in common, each layer with its counterpart", kind: "both", values: both });
    lines.render(given, { k: facts?.state.near ?? 1, width });
  }

  /** @param {string} other @param {number} of */
  function words(other, of) {
    const what = `How many of a sample's ${count(facts?.state.near ?? 0)} nearest at a layer of ${model} are among those at a layer of ${other}, on average`;
    if (!shown) return `${what}.`;
    const whose = shown.samples < of ? `${count(shown.samples)} of ${count(of)} samples` : `${count(of)} ${of === 1 ? "sample" : "samples"}`;
    return `${what}. Of ${whose}, ${shown.exact ? "exact" : "on codes"}. Chance: ${roughly(chance(shown.k, dataset.samples))}.`;
  }

  function table() {
    const columns = made?.columns ?? [];
    const rows = shown ? layers.map((_, from) => [layerName(layers, from), ...columns.map((__, to) => /** @type {Comparison} */ (shown).mean[from * columns.length + to])]) : [];
    return { columns: ["layer", ...columns.map((_, layer) => layerName(columns, layer))], rows };
  }

  const observer = new ResizeObserver(([{ contentRect }]) => {
    width = contentRect.width;
    render();
  });
  observer.observe(/** @type {HTMLElement} */ (body.node()));

  return {
    update(next) {
      facts = next;
      render();
    },
    destroy() {
      observer.disconnect();
      work.destroy();
      save.destroy();
      block.remove();
    },
  };
}
