/** The selection, sample by sample: sorted by any measure, pinned by a click. */
import { select } from "d3";
import { known, knows } from "../answers.js";
import { whyNoDrawing } from "../drawable.js";
import { count, say } from "../words.js";
import { createExport } from "./export.js";
import { createGrid } from "./grid.js";
import { MEASURES } from "./measures.js";
import { KEYS, createOrder, readSort } from "./order.js";
import { togglePin } from "./pins.js";

/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../routes/explore.js").Part} Part */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createSamples(root, options) {
  const { bundle, ledger, store, onChange } = options;
  const bar = select(root).append("div").attr("class", "panel-bar");
  const label = bar.append("label").attr("class", "panel-sort").text("Sort by");
  const by = label.append("select").attr("name", "sort").attr("aria-label", "Sort by");
  by.selectAll("option").data(known(KEYS, options.bundle.manifest)).join("option").attr("value", ({ name }) => name).text(({ title }) => title);
  by.on("change", function () {
    onChange({ sort: `${readSort(store.get().sort).descending ? "-" : ""}${this.value}` });
  });
  const way = bar.append("button").attr("type", "button").attr("name", "direction");
  way.on("click", () => {
    const { key, descending } = readSort(store.get().sort);
    onChange({ sort: `${descending ? "" : "-"}${key.name}` });
  });
  const save = createExport(/** @type {HTMLElement} */ (bar.node()), {
    title: "selected samples",
    name: () => "samples",
    table: () => tableOf({ bundle, ledger, state: store.get() }, samples),
  });
  const words = select(root).append("p").attr("class", "panel-words");
  const said = words.append("span");
  const change = words.append("a").attr("class", "panel-change").attr("hidden", whyNoDrawing(bundle.manifest) ? "" : null);
  const grid = createGrid(root, {
    ...options,
    onPin: (sample) => onChange({ sample, ...togglePin(store.get(), sample), beside: "open" }),
    onOpen: (sample) => onChange({ view: "trace", sample }),
  });

  const order = createOrder();
  let samples = new Uint32Array();
  /** What the list was made of. @type {any[]} */
  let made = [];

  /** @param {Facts} facts @param {import("./order.js").Order} sorted */
  function listOf({ selection }, { ranked }) {
    if (made[0] !== selection || made[1] !== ranked) {
      made = [selection, ranked];
      samples = ranked.filter((sample) => selection.mask[sample] === 2);
    }
    return samples;
  }

  return {
    update(facts) {
      const { state, selection } = facts;
      const sorted = order({ bundle, ledger, state });
      const { key, descending, values } = sorted;
      const list = listOf(facts, sorted);
      by.property("value", key.name);
      way.text(descending ? "↓ Descending" : "↑ Ascending").attr("aria-label", `Sorted ${descending ? "descending" : "ascending"}: switch`);
      say(said, `${wordsOf(list.length, key.title, values !== null)} `);
      say(change, `What if ${bundle.manifest.classes[bundle.labels[state.sample]]} no. ${count(state.sample)} were different?`);
      change.attr("href", store.link({ view: "draw", base: state.sample, marks: [] }));
      const { format } = key;
      grid.update({
        samples: list,
        key: `${selection.key} ${state.sort}`,
        pins: state.pins,
        note: format ? (sample) => (values ? format(values[sample]) : "…") : null,
        noteTitle: key.title,
      });
    },
    point: grid.point,
    destroy() {
      save.destroy();
      grid.destroy();
      root.replaceChildren();
    },
  };
}

/** @param {number} n @param {string} title @param {boolean} complete */
function wordsOf(n, title, complete) {
  if (n === 0) return "No sample is selected.";
  const samples = `${count(n)} ${n === 1 ? "sample" : "samples"}`;
  return complete ? `${samples}. A click lays one beside others.` : `${samples}. “${title}” is being worked out; they stand by number until then.`;
}

/** The samples with every measure that is at hand. @param {import("./measures.js").MeasureContext} context @param {Uint32Array} samples @returns {import("./export.js").Table} */
function tableOf(context, samples) {
  const { bundle, ledger, state } = context;
  const { classes } = bundle.manifest;
  const isRead = knows(bundle.manifest, "classes");
  const values = known(MEASURES, bundle.manifest).flatMap((measure) => {
    const values = ledger.atHand(() => measure.read(context));
    return values ? [{ title: measure.atLayer ? `${measure.name} at layer ${state.layer}` : measure.name, values }] : [];
  });
  return {
    columns: ["sample", "label", ...(isRead ? ["prediction"] : []), ...values.map(({ title }) => title)],
    rows: (function* () {
      for (const i of samples) yield [i, classes[bundle.labels[i]], ...(isRead ? [classes[bundle.predictions[i]]] : []), ...values.map(({ values }) => values[i])];
    })(),
  };
}
