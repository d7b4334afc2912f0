/** Classes: how the network's predictions compare with the labels, class by class, for what is shown; the filters by class themselves set aside, so that another cell can be chosen. */
import { select } from "d3";
import { knows } from "../answers.js";
import { count, percent } from "../words.js";
import { createClassFigures, figuresTable } from "./class_figures.js";
import { createConfusion } from "./confusion.js";
import { createExport } from "./export.js";
import { classesAside } from "./selection.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Summary} Summary */
/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../routes/explore.js").Part} Part */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createClasses(root, { bundle, ledger, onChange }) {
  const { classes, dataset } = bundle.manifest;
  const everyone = Uint32Array.from(bundle.labels.keys());
  const words = select(root).append("p").attr("class", "classes-summary").attr("role", "status");
  /** @param {string} title @param {string} name @param {() => import("./export.js").Table} table @param {(() => Element)} [figure] */
  function section(title, name, table, figure) {
    const block = select(root).append("section").attr("class", "classes-section").attr("aria-label", title);
    const head = block.append("div").attr("class", "classes-top");
    head.append("h2").text(title);
    const save = createExport(/** @type {HTMLElement} */ (head.node()), { title, name: () => name, table, figure });
    return { block, body: /** @type {HTMLElement} */ (block.append("div").node()), save };
  }
  const matrix = section("Confusion", "confusion", () => matrixTable(/** @type {Summary} */ (summary), classes), () => confusion.node);
  const confusion = createConfusion(matrix.body, { classes, onKeep: onChange });
  const table = section("Figures of each class", "classes", () => figuresTable(/** @type {Summary} */ (summary), classes));
  const figures = createClassFigures(table.body, { classes, onRank: (ranking) => onChange({ ranking }), onKeep: (label) => onChange({ classes: [label], predicted: [] }) });

  /** What is drawn. @type {Summary | null} */
  let summary = null;
  /** What is asked for and not there yet: one at a time, so that a brush that moves does not pile them up. @type {{ key: string, samples: Uint32Array } | null} */
  let asked = null;

  /** The newest summary there is. @param {Facts} facts */
  function askFor({ selection }) {
    const wanted = classesAside(selection);
    if (wanted.samples.length === 0) return null;
    if (asked && ledger.summary(asked.key, asked.samples).progress) return summary;
    asked = wanted;
    return ledger.summary(wanted.key, wanted.samples).value ?? summary;
  }

  return {
    update(facts) {
      const { state } = facts;
      if (!knows(bundle.manifest, "classes")) {
        words.text("This bundle does not say what the network answers: there is nothing to compare the labels with. Packed with --predictions, it would.");
        for (const { block } of [matrix, table]) block.attr("hidden", "");
        return;
      }
      const all = ledger.summary("all", everyone).value;
      summary = askFor(facts);
      const isPart = summary !== null && summary.samples < dataset.samples;
      words.text(summary ? sentence(summary, isPart ? all : null).replaceAll(" %", "\u00a0%") : "No sample is selected: there is nothing to count.");
      for (const { block } of [matrix, table]) block.attr("hidden", summary ? null : "");
      if (!summary) return;
      confusion.update(summary, state);
      figures.update(summary, isPart ? all : null, state.ranking);
    },
    destroy() {
      confusion.destroy();
      figures.destroy();
      matrix.save.destroy();
      table.save.destroy();
      root.replaceChildren();
    },
  };
}

/** @param {Summary} summary @param {Summary | null} all */
function sentence(summary, all) {
  const { samples, accuracy, balancedAccuracy } = summary;
  const right = Math.round(accuracy * samples);
  const these = all ? `Of the ${count(samples)} ${samples === 1 ? "sample" : "samples"} selected, filters by class aside,` : `Of all ${count(samples)} samples`;
  const first = `${these} the network reads ${count(right)} rightly: ${percent(accuracy)}, or ${percent(balancedAccuracy)} averaged over classes (balanced accuracy).`;
  return all ? `${first} Of all ${count(all.samples)}: ${percent(all.accuracy)}, or ${percent(all.balancedAccuracy)}.` : first;
}

/** @param {Summary} summary @param {string[]} classes @returns {import("./export.js").Table} */
const matrixTable = ({ confusion }, classes) => ({
  columns: ["label", ...classes.map((name) => `read as ${name}`)],
  rows: classes.map((name, label) => [name, ...confusion.subarray(label * classes.length, (label + 1) * classes.length)]),
});
