/** A grid of samples of any length: only the rows in view exist, and are filled anew as it scrolls. */
import { select } from "d3";
import { count, percent } from "../words.js";

/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */

/**
 * @typedef {object} GridState
 * @property {Uint32Array} samples in their order
 * @property {string} key changes when another list is meant: the grid then begins at its top
 * @property {number[]} pins
 * @property {((sample: number) => string) | null} note a further line of each sample
 * @property {string} noteTitle what that line says
 */

/**
 * @typedef {object} Cell
 * @property {HTMLElement} node
 * @property {CanvasRenderingContext2D} context
 * @property {{ label: Element, read: Element, note: Element }} lines
 * @property {number} sample -1: none
 * @property {boolean} isDrawn
 */

/** @typedef {{ index: number, node: HTMLElement, cells: Cell[] }} Row */

const THUMB = 60; // CSS pixels
const LEAST_WIDTH = 84;
const BEYOND = 2; // rows kept ready above and below
const SPRITES = 4; // milliseconds of a frame for making thumbnails

/**
 * @param {HTMLElement} root
 * @param {Pick<PartOptions, "bundle" | "sketches" | "sprites" | "theme" | "onPoint"> & { onPin: (sample: number) => void, onOpen: (sample: number) => void }} options
 */
export function createGrid(root, { bundle, sketches, sprites, theme, onPoint, onPin, onOpen }) {
  const { classes } = bundle.manifest;
  const scale = Math.max(2, Math.ceil(devicePixelRatio));
  const scroller = /** @type {HTMLElement} */ (
    select(root).append("div").attr("class", "samples").attr("role", "grid").attr("aria-multiselectable", "true")
      .attr("aria-label", "Samples: arrow keys move, Enter pins, T opens the trace").node()
  );
  const space = /** @type {HTMLElement} */ (select(scroller).append("div").attr("class", "samples-space").attr("role", "none").node());
  /** @type {GridState} */
  let state = { samples: new Uint32Array(), key: "", pins: [], note: null, noteTitle: "" };
  /** @type {Row[]} */
  let rows = [];
  /** The place in the list that the keyboard is at. */
  let active = 0;
  /** @type {number | null} */
  let pointed = null;
  let [across, rowHeight, height] = [1, 1, 0];
  let frame = 0;

  /** @returns {Cell} */
  function createCell() {
    const node = document.createElement("div");
    node.className = "samples-cell";
    node.setAttribute("role", "gridcell");
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = THUMB * scale;
    const [label, read, note] = ["label", "read", "note"].map((name) => {
      const line = document.createElement("span");
      line.className = `samples-${name}`;
      return line;
    });
    node.append(canvas, label, read, note);
    return { node, context: /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), lines: { label, read, note }, sample: -1, isDrawn: false };
  }

  /** @returns {Row} */
  function createRow() {
    const node = document.createElement("div");
    node.className = "samples-row";
    node.setAttribute("role", "row");
    const cells = Array.from({ length: across }, createCell);
    node.append(...cells.map((cell) => cell.node));
    space.append(node);
    return { index: -1, node, cells };
  }

  /** What a screen reader says of a sample. @param {number} sample */
  function describe(sample) {
    const [label, prediction] = [bundle.labels[sample], bundle.predictions[sample]];
    const read = label === prediction ? "read rightly" : `read wrongly as ${classes[prediction]}`;
    const note = state.note ? `, ${state.noteTitle}: ${state.note(sample)}` : "";
    return `${classes[label]}, number ${sample}, ${read}, ${percent(bundle.confidences[sample])} sure${note}`;
  }

  /** @param {Cell} cell @param {number} at place in the list */
  function fill(cell, at) {
    const sample = at < state.samples.length ? state.samples[at] : -1;
    const { node, lines } = cell;
    if (cell.sample !== sample) {
      cell.sample = sample;
      cell.isDrawn = false;
      cell.context.clearRect(0, 0, THUMB * scale, THUMB * scale);
      node.dataset.sample = `${sample}`;
      node.style.visibility = sample < 0 ? "hidden" : "";
    }
    node.tabIndex = at === active && sample >= 0 ? 0 : -1;
    if (sample < 0) return;
    const [label, prediction] = [bundle.labels[sample], bundle.predictions[sample]];
    const isWrong = label !== prediction;
    lines.label.textContent = classes[label];
    lines.read.textContent = isWrong ? `× ${classes[prediction]}` : `✓ ${percent(bundle.confidences[sample])}`;
    lines.note.textContent = state.note?.(sample) ?? "";
    node.classList.toggle("is-wrong", isWrong);
    node.classList.toggle("is-pointed", sample === pointed);
    node.setAttribute("aria-selected", String(state.pins.includes(sample)));
    node.setAttribute("aria-label", describe(sample));
  }

  /** @param {Row} row @param {number} index */
  function place(row, index) {
    if (row.index !== index) {
      row.index = index;
      row.node.style.transform = `translateY(${index * rowHeight}px)`;
      row.node.setAttribute("aria-rowindex", `${index + 1}`);
    }
    row.cells.forEach((cell, i) => fill(cell, index * across + i));
  }

  const rowCount = () => Math.ceil(state.samples.length / across);

  /** The rows in view, some beyond, and the one that the keyboard is at, so that it keeps the focus. @returns {Set<number>} */
  function wantedRows() {
    const first = Math.max(0, Math.floor(scroller.scrollTop / rowHeight) - BEYOND);
    const last = Math.min(rowCount() - 1, Math.floor((scroller.scrollTop + height) / rowHeight) + BEYOND);
    const wanted = new Set(Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i));
    if (rowCount() > 0) wanted.add(Math.floor(active / across));
    return wanted;
  }

  /** Fills the rows that have come into view; all of them where the list itself has changed. @param {boolean} all */
  function render(all) {
    const wanted = wantedRows();
    const free = rows.filter(({ index }) => !wanted.delete(index));
    if (all) for (const row of rows) if (!free.includes(row)) place(row, row.index);
    for (const index of wanted) {
      const row = free.pop() ?? createRow();
      if (!rows.includes(row)) rows.push(row);
      place(row, index);
    }
    for (const row of free) row.node.remove();
    rows = rows.filter((row) => !free.includes(row));
    sketches.want("samples", inView());
    redraw();
  }

  /** Samples with a cell, those in view first. */
  function inView() {
    const middle = scroller.scrollTop + height / 2;
    const near = [...rows].sort((a, b) => Math.abs(a.index * rowHeight - middle) - Math.abs(b.index * rowHeight - middle));
    return near.flatMap(({ cells }) => cells.flatMap(({ sample }) => (sample < 0 ? [] : [sample])));
  }

  function draw() {
    frame = 0;
    const complete = sprites.prepare(inView(), SPRITES);
    for (const cell of rows.flatMap(({ cells }) => cells)) {
      if (cell.isDrawn || cell.sample < 0 || !sprites.has(cell.sample)) continue;
      cell.isDrawn = sprites.draw(cell.context, cell.sample, (THUMB * scale) / 2, (THUMB * scale) / 2, 0.86 * THUMB * scale);
    }
    if (!complete) redraw();
  }
  const redraw = () => void (frame ||= requestAnimationFrame(draw));
  function repaint() {
    for (const cell of rows.flatMap(({ cells }) => cells)) {
      cell.isDrawn = false;
      cell.context.clearRect(0, 0, THUMB * scale, THUMB * scale);
    }
    redraw();
  }

  /** Fits columns and rows to the room there is. */
  function measure() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const columns = Math.max(1, Math.floor(scroller.clientWidth / Math.max(LEAST_WIDTH, 5.25 * rem)));
    const tall = Math.round(THUMB + (state.note ? 3.6 : 2.6) * rem);
    height = scroller.clientHeight;
    if (columns !== across || tall !== rowHeight) {
      const top = Math.floor(scroller.scrollTop / rowHeight) * across;
      for (const { node } of rows) node.remove();
      [rows, across, rowHeight] = [[], columns, tall];
      scroller.style.setProperty("--across", `${across}`);
      scroller.style.setProperty("--row", `${rowHeight}px`);
      fit();
      scroller.scrollTop = Math.floor(top / across) * rowHeight;
    }
    render(false);
  }
  function fit() {
    space.style.height = `${rowCount() * rowHeight}px`;
    scroller.setAttribute("aria-rowcount", `${rowCount()}`);
    scroller.setAttribute("aria-colcount", `${across}`);
  }

  /** The cell of an event. @param {Event} event */
  const sampleAt = (event) => {
    const cell = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".samples-cell"));
    return cell ? Number(cell.dataset.sample) : null;
  };
  const activeCell = () => rows.find(({ index }) => index === Math.floor(active / across))?.cells[active % across];

  /** @param {number} to */
  function move(to) {
    active = Math.max(0, Math.min(state.samples.length - 1, to));
    const top = Math.floor(active / across) * rowHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + rowHeight > scroller.scrollTop + height) scroller.scrollTop = top + rowHeight - height;
    render(true);
    activeCell()?.node.focus({ preventScroll: true });
  }

  /** Where a key goes from a place. @type {Record<string, (at: number, event: KeyboardEvent) => number>} */
  const KEYS = {
    ArrowRight: (at) => at + 1,
    ArrowLeft: (at) => at - 1,
    ArrowDown: (at) => (at + across < state.samples.length ? at + across : at),
    ArrowUp: (at) => (at - across >= 0 ? at - across : at),
    PageDown: (at) => at + across * Math.max(1, Math.floor(height / rowHeight)),
    PageUp: (at) => at - across * Math.max(1, Math.floor(height / rowHeight)),
    Home: (at, { ctrlKey }) => (ctrlKey ? 0 : at - (at % across)),
    End: (at, { ctrlKey }) => (ctrlKey ? state.samples.length - 1 : at - (at % across) + across - 1),
  };

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const sample = sampleAt(event);
    if (sample === null || event.altKey || event.metaKey) return;
    const key = KEYS[event.key];
    if (key) move(key(active, event));
    else if (event.ctrlKey) return;
    else if (event.key === "Enter" || event.key === " ") onPin(sample);
    else if (event.key === "t" || event.key === "T") onOpen(sample);
    else return;
    event.preventDefault();
  }

  const listeners = select(scroller);
  listeners.on("keydown", onKey);
  listeners.on("scroll", () => render(false), { passive: true });
  listeners.on("pointerover focusin", (event) => {
    const sample = sampleAt(event);
    if (sample !== null) onPoint(sample);
  });
  listeners.on("pointerleave focusout", () => onPoint(null));
  listeners.on("click", (event) => {
    const sample = sampleAt(event);
    if (sample === null) return;
    active = state.samples.indexOf(sample);
    onPin(sample);
  });
  const observer = new ResizeObserver(measure);
  observer.observe(scroller);
  const ends = [sketches.subscribe(redraw), theme.subscribe(repaint)];

  return {
    /** @param {GridState} next */
    update(next) {
      const before = state;
      const focused = scroller.contains(document.activeElement);
      const sample = before.samples[active];
      state = next;
      if (before.samples !== next.samples) {
        active = Math.max(0, state.samples.indexOf(sample));
        fit();
        if (before.key !== next.key) scroller.scrollTop = 0;
      }
      if (!before.note !== !next.note) measure();
      render(true);
      if (focused) activeCell()?.node.focus({ preventScroll: true });
    },
    /** @param {number | null} sample */
    point(sample) {
      if (sample === pointed) return;
      pointed = sample;
      for (const cell of rows.flatMap(({ cells }) => cells)) cell.node.classList.toggle("is-pointed", cell.sample === sample && sample !== null);
    },
    destroy() {
      cancelAnimationFrame(frame);
      observer.disconnect();
      for (const end of ends) end();
      sketches.want("samples", []);
      scroller.remove();
    },
  };
}
