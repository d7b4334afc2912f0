/** A grid of samples of any length: only the rows in view exist, and are filled anew as it scrolls. */
import { select } from "d3";
import { knows } from "../answers.js";
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
 * @property {HTMLElement[]} lines label, prediction, note, and what only a screen reader says
 * @property {number} sample -1: none
 * @property {boolean} isDrawn
 */

/** A row has one canvas for all its thumbnails: each canvas costs the browser something at every frame. @typedef {{ index: number, node: HTMLElement, context: CanvasRenderingContext2D, cells: Cell[] }} Row */

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
  const [isRead, isSure] = [knows(bundle.manifest, "classes"), knows(bundle.manifest, "sure")];
  const scale = Math.ceil(devicePixelRatio);
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
  let [across, rowHeight, width, height, top] = [1, 1, 0, 0, 0];
  let frame = 0;

  /** @returns {Cell} */
  function createCell() {
    const node = document.createElement("div");
    node.className = "samples-cell";
    node.setAttribute("role", "gridcell");
    const lines = ["label", "read", "note", "more"].map((name) => {
      const line = document.createElement("span");
      line.className = `samples-${name}`;
      return line;
    });
    node.append(...lines);
    node.style.visibility = "hidden"; // until it has a sample: the last row may not be full
    return { node, lines, sample: -1, isDrawn: false };
  }

  /** @returns {Row} */
  function createRow() {
    const node = document.createElement("div");
    node.className = "samples-row";
    node.setAttribute("role", "row");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * scale, THUMB * scale];
    canvas.setAttribute("aria-hidden", "true");
    const cells = Array.from({ length: across }, createCell);
    node.append(canvas, ...cells.map((cell) => cell.node));
    space.append(node);
    const row = { index: -1, node, context: /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), cells };
    rows.push(row);
    return row;
  }

  /** What a screen reader says of a sample besides what is seen. @param {number} sample */
  function describe(sample) {
    const verdict = bundle.labels[sample] === bundle.predictions[sample] ? "read rightly" : `read wrongly${isSure ? `, ${percent(bundle.confidences[sample])} sure` : ""}`;
    return `${state.note ? `(${state.noteTitle}) ` : ""}number ${sample}${isRead ? `, ${verdict}` : ""}`;
  }

  /** Writing the same text again would lay it out again. @param {HTMLElement} line @param {string} text */
  const write = (line, text) => void (line.textContent !== text && (line.textContent = text));

  /** @param {Cell} cell @param {number} at place in the list */
  function fill(cell, at) {
    const sample = state.samples[at] ?? -1;
    const { node, lines } = cell;
    if (cell.sample !== sample) {
      cell.sample = sample;
      cell.isDrawn = false;
      node.dataset.sample = `${sample}`;
      node.style.visibility = sample < 0 ? "hidden" : "";
    }
    node.tabIndex = at === active && sample >= 0 ? 0 : -1;
    if (sample < 0) return;
    const [label, prediction] = [bundle.labels[sample], bundle.predictions[sample]];
    const isWrong = label !== prediction;
    write(lines[0], classes[label]);
    write(lines[1], isWrong ? `× ${classes[prediction]}` : isSure ? `✓ ${percent(bundle.confidences[sample])}` : isRead ? "✓" : `no. ${count(sample)}`);
    write(lines[2], state.note?.(sample) ?? "");
    node.classList.toggle("is-wrong", isWrong);
    node.classList.toggle("is-pointed", sample === pointed);
    node.setAttribute("aria-selected", String(state.pins.includes(sample)));
    write(lines[3], describe(sample));
  }

  /** @param {Row} row @param {number} index -1: spare */
  function place(row, index) {
    row.node.hidden = index < 0;
    if (row.index !== index) {
      row.index = index;
      row.node.style.transform = `translateY(${index * rowHeight}px)`;
      row.node.setAttribute("aria-rowindex", `${index + 1}`);
    }
    row.cells.forEach((cell, i) => fill(cell, index * across + i));
    if (row.cells.some(({ isDrawn, sample }) => !isDrawn && sample >= 0)) wipe(row);
  }

  /** @param {Row} row */
  function wipe({ context, cells }) {
    context.clearRect(0, 0, width * scale, THUMB * scale);
    for (const cell of cells) cell.isDrawn = false;
  }

  const rowCount = () => Math.ceil(state.samples.length / across);

  /** The rows in view, some beyond, and the one that the keyboard is at, so that it keeps the focus. @returns {Set<number>} */
  function wantedRows() {
    const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND);
    const last = Math.min(rowCount() - 1, Math.floor((top + height) / rowHeight) + BEYOND);
    const wanted = new Set(Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i));
    if (rowCount() > 0) wanted.add(Math.floor(active / across));
    return wanted;
  }

  /** Fills the rows that have come into view; all of them where the list itself has changed. @param {boolean} all */
  function render(all) {
    const wanted = wantedRows();
    const free = rows.filter(({ index }) => !wanted.delete(index));
    if (all) for (const row of rows) if (!free.includes(row)) place(row, row.index);
    for (const index of wanted) place(free.pop() ?? createRow(), index);
    for (const row of free) place(row, -1);
    sketches.want("samples", inView());
    redraw();
  }

  /** Samples with a cell, those in view first. */
  function inView() {
    const middle = top + height / 2;
    const near = [...rows].sort((a, b) => Math.abs(a.index * rowHeight - middle) - Math.abs(b.index * rowHeight - middle));
    return near.flatMap(({ cells }) => cells.flatMap(({ sample }) => (sample < 0 ? [] : [sample])));
  }

  function draw() {
    frame = 0;
    const complete = sprites.prepare(inView(), SPRITES);
    const size = THUMB * scale;
    for (const { context, cells } of rows) {
      cells.forEach((cell, i) => {
        if (cell.isDrawn || cell.sample < 0 || !sprites.has(cell.sample)) return;
        cell.isDrawn = sprites.draw(context, cell.sample, ((i + 0.5) / across) * width * scale, size / 2, 0.86 * size);
      });
    }
    if (!complete) redraw();
  }
  const redraw = () => void (frame ||= requestAnimationFrame(draw));
  function repaint() {
    rows.forEach(wipe);
    redraw();
  }

  /** Fits columns and rows to the room there is. */
  function measure() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const columns = Math.max(1, Math.floor(scroller.clientWidth / Math.max(LEAST_WIDTH, 5.25 * rem)));
    const tall = Math.round(THUMB + (state.note ? 3.6 : 2.6) * rem);
    const isOther = columns !== across || tall !== rowHeight || scroller.clientWidth !== width;
    height = scroller.clientHeight;
    if (isOther) {
      const first = Math.floor(top / rowHeight) * across;
      for (const { node } of rows) node.remove();
      [rows, across, rowHeight, width] = [[], columns, tall, scroller.clientWidth];
      scroller.style.setProperty("--across", `${across}`);
      scroller.style.setProperty("--row", `${rowHeight}px`);
      fit();
      scrollTo(Math.floor(first / across) * rowHeight);
    }
    render(false);
  }
  /** @param {number} to */
  function scrollTo(to) {
    if (to === 0 && top === 0) return; // asking the browser where it is costs it a layout
    scroller.scrollTop = to;
    top = scroller.scrollTop;
  }
  function fit() {
    space.style.height = `${rowCount() * rowHeight}px`;
    scroller.setAttribute("aria-rowcount", `${rowCount()}`);
    scroller.setAttribute("aria-colcount", `${across}`);
  }

  /** The cell of an event. @param {Event} event */
  const sampleAt = (event) => {
    const cell = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".samples-cell"));
    const sample = Number(cell?.dataset.sample ?? -1);
    return sample >= 0 ? sample : null;
  };
  const activeCell = () => rows.find(({ index }) => index === Math.floor(active / across))?.cells[active % across];

  /** @param {number} to */
  function move(to) {
    active = Math.max(0, Math.min(state.samples.length - 1, to));
    const goal = Math.floor(active / across) * rowHeight;
    if (goal < top) scrollTo(goal);
    else if (goal + rowHeight > top + height) scrollTo(goal + rowHeight - height);
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

  function onScroll() {
    if (top === scroller.scrollTop) return;
    top = scroller.scrollTop;
    render(false);
  }

  const listeners = select(scroller);
  listeners.on("keydown", onKey);
  listeners.on("scroll", onScroll, { passive: true });
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
  let first = 0;
  const observer = new ResizeObserver(() => {
    if (width === 0) first = window.setTimeout(measure); // not in the frame in which all parts are placed
    else measure();
  });
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
        active = before.key === next.key && focused ? Math.max(0, state.samples.indexOf(sample)) : 0;
        fit();
        scrollTo(before.key === next.key ? top : 0);
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
      clearTimeout(first);
      observer.disconnect();
      for (const end of ends) end();
      sketches.want("samples", []);
      scroller.remove();
    },
  };
}
