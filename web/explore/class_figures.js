/** Precision, recall, F1 and support of each class: a table that sorts by any of them, each figure beside that of all samples. */
import { select } from "d3";
import { count, shortPercent } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Summary} Summary */

const COLUMNS = /** @type {const} */ ([
  { name: "class", title: "Class", about: "" },
  { name: "precision", title: "Precision", about: "Of those read as the class, the share with its label" },
  { name: "recall", title: "Recall", about: "Of those with the label, the share read so" },
  { name: "f1", title: "F1", about: "The harmonic mean of precision and recall" },
  { name: "support", title: "Number", about: "How many have the label" },
]);
/** @typedef {typeof COLUMNS[number]["name"]} Column */
/** @typedef {Exclude<Column, "class">} Figure */
const FIGURES = /** @type {Figure[]} */ (COLUMNS.map(({ name }) => name).filter((name) => name !== "class"));

/** @param {string} ranking as in the URL @returns {{ by: Column, descending: boolean }} */
export function readRanking(ranking) {
  const name = ranking.replace(/^-/, "");
  return { by: COLUMNS.find((column) => column.name === name)?.name ?? "class", descending: ranking.startsWith("-") };
}

/** Classes in the order asked for; equal ones in the manifest's. @param {Summary} summary @param {string} ranking @param {number} classes @returns {number[]} */
export function rankClasses(summary, ranking, classes) {
  const { by, descending } = readRanking(ranking);
  const order = Array.from({ length: classes }, (_, c) => c);
  if (by === "class") return descending ? order.reverse() : order;
  return order.sort((a, b) => (descending ? summary[by][b] - summary[by][a] : summary[by][a] - summary[by][b]) || a - b);
}

/**
 * @param {HTMLElement} root
 * @param {{ classes: string[], onRank: (ranking: string) => void, onKeep: (label: number) => void }} options
 */
export function createClassFigures(root, { classes, onRank, onKeep }) {
  const table = select(root).append("table").attr("class", "figures");
  const caption = table.append("caption");
  let ranking = "class";
  const heads = table.append("thead").append("tr").selectAll("th").data(COLUMNS).join("th").attr("scope", "col");
  const buttons = heads.append("button").attr("type", "button").attr("title", ({ about }) => about || null);
  buttons.append("span").text(({ title }) => title);
  buttons.append("i").attr("aria-hidden", "true");
  buttons.on("click", (_, { name }) => {
    const { by, descending } = readRanking(ranking);
    onRank(by === name ? `${descending ? "" : "-"}${name}` : name === "class" ? name : `-${name}`);
  });
  const body = table.append("tbody");

  return {
    /** @param {Summary} summary @param {Summary | null} all to compare with; null: the same @param {string} next */
    update(summary, all, next) {
      ranking = next;
      const { by, descending } = readRanking(ranking);
      heads.attr("aria-sort", ({ name }) => (name === by ? (descending ? "descending" : "ascending") : null));
      buttons.select("i").text(({ name }) => (name === by ? (descending ? " ↓" : " ↑") : ""));
      caption.text(all ? "Bars: 0 to 100 %. Ticks: the same of all samples." : "Bars: 0 to 100 %.");
      table.classed("is-compared", all !== null);
      const rows = body.selectAll("tr").data(rankClasses(summary, ranking, classes.length), (/** @type {any} */ c) => c).join((enter) => {
        const row = enter.append("tr");
        row.append("th").attr("scope", "row").append("button").attr("type", "button").attr("title", (c) => `Keep those labelled ${classes[c]}`).text((c) => classes[c]).on("click", (_, c) => onKeep(c));
        for (const name of FIGURES) {
          const cell = row.append("td").attr("class", `figures-${name}`);
          cell.append("span");
          if (name !== "support") cell.append("i").attr("aria-hidden", "true");
          cell.append("small");
        }
        return row;
      }).order();
      for (const name of FIGURES) {
        const write = name === "support" ? count : shortPercent;
        const cell = rows.select(`.figures-${name}`);
        cell.select("span").text((c) => write(summary[name][c]));
        cell.select("i").style("--share", (c) => String(summary[name][c])).style("--all", (c) => String(all?.[name][c] ?? 0));
        cell.select("small").text((c) => (all ? `, all samples: ${write(all[name][c])}` : ""));
        cell.attr("title", (c) => (all ? `All samples: ${write(all[name][c])}` : null));
      }
    },
    destroy() {
      table.remove();
    },
  };
}

/** @param {Summary} summary @param {string[]} classes @returns {import("./export.js").Table} */
export const figuresTable = (summary, classes) => ({
  columns: COLUMNS.map(({ title }) => title.toLowerCase()),
  rows: classes.map((name, c) => [name, ...FIGURES.map((figure) => summary[figure][c])]),
});
