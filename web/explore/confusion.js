/** The confusion matrix: rows of labels, columns of predictions. A cell, or the head of a row or column, keeps its samples. Built some rows a frame, so that a hundred classes do not hold the page up. */
import { select } from "d3";
import { count, shortPercent } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Summary} Summary */
/** @typedef {{ classes: number[], predicted: number[] }} Kept */

const A_FRAME = 160; // cells made or filled: the browser then lays them out and paints them, which takes longer
const TONES = 8; // classes.css has one rule for each
const ROW = 20; // CSS pixels, about: to guess which rows are in view
const IN_VIEW = 30;
const HEAD = -1; // the row or column of the heads

/** Counts that fit into a cell. @param {number} n */
const narrow = (n) => (n === 0 ? "" : n < 1000 ? `${n}` : `${Math.round(n / 1000)}k`);

/** @param {number} label @param {number} prediction @returns {Kept} */
const keptBy = (label, prediction) => ({ classes: label === HEAD ? [] : [label], predicted: prediction === HEAD ? [] : [prediction] });

/** @param {number[]} a @param {number[]} b */
const isSame = (a, b) => a.length === b.length && a.every((value, i) => value === b[i]);

/**
 * @param {HTMLElement} root
 * @param {{ classes: string[], onKeep: (kept: Kept) => void }} options
 */
export function createConfusion(root, { classes, onKeep }) {
  const size = classes.length;
  const grid = /** @type {HTMLElement} */ (
    select(root).append("div").attr("class", "confusion").attr("role", "grid").attr("aria-label", "Confusion matrix: rows are labels, columns predictions; arrow keys move, Enter keeps the samples of a cell")
      .attr("aria-rowcount", size + 1).attr("aria-colcount", size + 1).style("--size", String(size)).node()
  );
  const words = select(root).append("p").attr("class", "confusion-words").attr("role", "status");
  /** Cells by row and column, heads first. @type {HTMLElement[][]} */
  const cells = [];
  /** @type {Summary | null} */
  let summary = null;
  /** @type {Kept} */
  let kept = { classes: [], predicted: [] };
  let active = [0, 0];
  let top = 0;
  let worst = 1;
  /** The cell that is pointed at. @type {[number, number] | null} */
  let looked = null;
  let frame = 0;

  /** @param {number} row @param {number} column counted with the heads */
  function createCell(row, column) {
    const cell = document.createElement("div");
    cell.className = row === 0 || column === 0 ? "confusion-head" : row === column ? "confusion-cell is-right" : "confusion-cell";
    cell.setAttribute("role", row === 0 ? "columnheader" : column === 0 ? "rowheader" : "gridcell");
    cell.dataset.row = `${row - 1}`;
    cell.dataset.column = `${column - 1}`;
    cell.tabIndex = -1;
    if (row === 0 || column === 0) {
      const name = document.createElement("span");
      name.textContent = row + column === 0 ? "label ↓ read as →" : classes[Math.max(row, column) - 1];
      cell.append(name);
    }
    return cell;
  }
  /** @param {number} row */
  function createRow(row) {
    const node = document.createElement("div");
    node.className = row === 0 ? "confusion-row confusion-top" : "confusion-row";
    node.setAttribute("role", "row");
    node.setAttribute("aria-rowindex", `${row + 1}`);
    cells[row] = Array.from({ length: size + 1 }, (_, column) => createCell(row, column));
    node.append(...cells[row]);
    grid.append(node);
  }
  /** Rows that do not show what they should, those in view first. @type {number[]} */
  let stale = [];

  /** Makes rows that are not there and fills those that are stale, as many as a frame has time for. */
  function work() {
    frame = 0;
    let rows = Math.ceil(A_FRAME / (size + 1));
    while ((stale.length > 0 || cells.length <= size) && rows-- > 0) {
      const row = stale.shift() ?? cells.length;
      if (row === cells.length) createRow(row);
      cells[row].forEach((cell, column) => fill(cell, row - 1, column - 1));
    }
    if (stale.length > 0 || cells.length <= size) frame ||= requestAnimationFrame(work);
  }
  function show() {
    worst = mostMistaken();
    const first = Math.floor(top / ROW);
    const distance = (/** @type {number} */ row) => (row >= first && row <= first + IN_VIEW ? 0 : 1);
    const fresh = cells.map((_, row) => row).filter((row) => !stale.includes(row)).sort((a, b) => distance(a) - distance(b) || a - b);
    stale = [...stale, ...fresh]; // what waits already comes first, so that no row starves while a brush moves
    frame ||= requestAnimationFrame(work);
  }

  /** What a cell says in a sentence. @param {number} label @param {number} prediction */
  function sentence(label, prediction) {
    if (!summary) return "";
    const { support, confusion } = summary;
    if (label === HEAD && prediction === HEAD) return "";
    if (label === HEAD) {
      let read = 0;
      for (let l = 0; l < size; l++) read += confusion[l * size + prediction];
      return `${count(read)} read as ${classes[prediction]}.`;
    }
    const all = support[label];
    if (prediction === HEAD) return `${count(all)} labelled ${classes[label]}.`;
    const n = confusion[label * size + prediction];
    return `${count(n)} of ${count(all)} labelled ${classes[label]} ${n === 1 ? "is" : "are"} read as ${classes[prediction]}${all > 0 ? `: ${shortPercent(n / all)}` : ""}.`;
  }

  /** The largest share of a label that is read as one other class: what the darkest mistake stands for. */
  function mostMistaken() {
    let most = 0;
    if (summary) for (let i = 0; i < size * size; i++) if (i % (size + 1)) most = Math.max(most, summary.confusion[i] / (summary.support[Math.floor(i / size)] || 1));
    return most || 1;
  }

  /** @param {HTMLElement} cell @param {number} label @param {number} prediction */
  function fill(cell, label, prediction) {
    if (label !== HEAD && prediction !== HEAD && summary) {
      const n = summary.confusion[label * size + prediction];
      const text = narrow(n);
      if (cell.textContent !== text) cell.textContent = text;
      const tone = n === 0 ? 0 : Math.ceil(TONES * Math.sqrt(n / summary.support[label] / (label === prediction ? 1 : worst)));
      if (cell.dataset.tone !== `${tone}`) cell.dataset.tone = `${tone}`;
    }
    const isKept = (kept.classes.length === 0 || kept.classes.includes(label) || label === HEAD) && (kept.predicted.length === 0 || kept.predicted.includes(prediction) || prediction === HEAD);
    const isAny = kept.classes.length + kept.predicted.length === 0;
    cell.classList.toggle("is-out", !isKept);
    cell.setAttribute("aria-selected", String(isKept && !isAny && label !== HEAD && prediction !== HEAD));
    cell.tabIndex = label + 1 === active[0] && prediction + 1 === active[1] ? 0 : -1;
  }
  const speak = () => words.text(looked ? sentence(...looked) : "Point at a cell to read it; click it to keep its samples.");

  /** @param {number} label @param {number} prediction */
  function keep(label, prediction) {
    if (label === HEAD && prediction === HEAD) return onKeep({ classes: [], predicted: [] });
    if (label !== HEAD && prediction !== HEAD && summary?.confusion[label * size + prediction] === 0) return;
    const wish = keptBy(label, prediction);
    const isAgain = isSame(wish.classes, kept.classes) && isSame(wish.predicted, kept.predicted);
    onKeep(isAgain ? { classes: [], predicted: [] } : wish);
  }

  /** The cell of an event. @param {Event} event @returns {[number, number] | null} */
  function cellAt(event) {
    const cell = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-row]"));
    return cell ? [Number(cell.dataset.row), Number(cell.dataset.column)] : null;
  }
  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const at = cellAt(event);
    if (!at || event.altKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") keep(...at);
    else {
      const [r, c] = active;
      const to = { ArrowRight: [r, c + 1], ArrowLeft: [r, c - 1], ArrowDown: [r + 1, c], ArrowUp: [r - 1, c], Home: [event.ctrlKey ? 0 : r, 0], End: [event.ctrlKey ? size : r, size] }[event.key];
      if (!to) return;
      const cell = cells[to[0]]?.[to[1]];
      cell?.focus();
      cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    event.preventDefault();
  }
  /** @param {Event} event */
  function onFocus(event) {
    const at = cellAt(event);
    if (!at) return;
    cells[active[0]][active[1]].tabIndex = -1;
    active = [at[0] + 1, at[1] + 1];
    cells[active[0]][active[1]].tabIndex = 0;
  }

  select(grid)
    .on("scroll", () => (top = grid.scrollTop))
    .on("keydown", onKey)
    .on("focusin.active", onFocus)
    .on("click", (event) => {
      const at = cellAt(event);
      if (at) keep(...at);
    })
    .on("pointerover focusin.look", (event) => {
      looked = cellAt(event);
      speak();
    })
    .on("pointerleave focusout", () => {
      looked = null;
      speak();
    });
  speak();
  work();

  return {
    node: grid,
    /** @param {Summary | null} next @param {Kept} chosen */
    update(next, chosen) {
      if (summary === next && isSame(chosen.classes, kept.classes) && isSame(chosen.predicted, kept.predicted)) return;
      summary = next;
      kept = chosen;
      show();
      speak();
    },
    destroy() {
      cancelAnimationFrame(frame);
      root.replaceChildren();
    },
  };
}
