/**
 * The button that takes a figure along, the same in every view:
 *
 *     const save = createExport(corner, { title: "Stability plot", name: () => "stability", figure: () => plot, table: () => ({ columns, rows }) });
 *     …
 *     save.destroy();
 *
 * It stands where it is put, in an element of the class "export"; a view places it in the figure's corner by that class.
 * SVG: see vector.js. PNG: the same at twice the size. CSV: RFC 4180, UTF-8, a line of column names first.
 */
import { select } from "d3";
import { drawingOf } from "./vector.js";

/** @typedef {{ columns: string[], rows: Iterable<(string | number | null)[]> }} Table rows are asked for one by one: a generator need not hold them */

/**
 * @typedef {object} ExportOptions
 * @property {string} title of the figure, as a heading has it
 * @property {() => string} name of the file, without its ending
 * @property {() => Element} [figure] what is drawn, the elements within it included; without it only CSV is offered
 * @property {() => Table} [table] without it no CSV is offered
 * @property {import("./vector.js").DrawingOptions["redraw"]} [redraw]
 */

const PNG_SCALE = 2;
/** Work between two breaths, in milliseconds. */
const SLICE = 8;
const KEPT_URL = 10_000;
const GLYPH = "M8 2.5v7.5 M4.75 7l3.25 3.25l3.25 -3.25 M2.5 11v2.5h11v-2.5";

/** @param {ExportOptions} options @returns {[kind: "svg" | "png" | "csv", about: string][]} */
const kindsOf = ({ figure, table }) => [
  .../** @type {["svg" | "png", string][]} */ (figure ? [["svg", "drawing, to edit"], ["png", "picture"]] : []),
  .../** @type {["csv", string][]} */ (table ? [["csv", "table"]] : []),
];

/** @param {HTMLElement} root @param {ExportOptions} options */
export function createExport(root, options) {
  const box = select(root).append("div").attr("class", "export").attr("data-export", "skip");
  const button = box.append("button").attr("type", "button").attr("class", "export-button").attr("aria-haspopup", "menu").attr("aria-expanded", "false");
  button.attr("aria-label", `Export: ${options.title}`).attr("title", "Export");
  button.append("svg").attr("viewBox", "0 0 16 16").attr("aria-hidden", "true").append("path").attr("d", GLYPH);
  const menu = box.append("div").attr("class", "export-menu").attr("role", "menu").attr("aria-label", `Export: ${options.title}`).attr("hidden", "");
  const items = menu.selectAll("button").data(kindsOf(options)).join("button");
  items.attr("type", "button").attr("role", "menuitem").attr("tabindex", -1).attr("data-kind", ([kind]) => kind);
  items.append("strong").text(([kind]) => kind.toUpperCase());
  items.append("span").text(([, about]) => about);
  const note = box.append("p").attr("class", "export-note").attr("role", "status");
  const buttons = () => /** @type {HTMLButtonElement[]} */ (items.nodes());

  /** @param {boolean} isOpen */
  function open(isOpen) {
    menu.attr("hidden", isOpen ? null : "");
    button.attr("aria-expanded", String(isOpen));
    if (isOpen) buttons()[0].focus();
  }
  const isOpen = () => menu.attr("hidden") === null;
  const close = () => {
    if (!isOpen()) return;
    const within = menu.node()?.contains(document.activeElement);
    open(false);
    if (within) button.node()?.focus();
  };

  button.on("click", () => open(!isOpen()));
  items.on("click", async (_, [kind]) => {
    close();
    note.text(`Making the ${kind.toUpperCase()} …`);
    try {
      save(await fileOf(kind, options), `${options.name()}.${kind}`);
      note.text("");
    } catch (error) {
      note.text(`The ${kind.toUpperCase()} could not be made: ${/** @type {Error} */ (error).message}`);
    }
  });
  box.on("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!isOpen()) return;
    const all = buttons();
    const at = all.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") close();
    else if (next === undefined) return;
    else all[next % all.length].focus();
    event.preventDefault();
    event.stopPropagation();
  });
  box.on("focusout", (/** @type {FocusEvent} */ event) => {
    if (!box.node()?.contains(/** @type {Node | null} */ (event.relatedTarget))) open(false);
  });

  return { destroy: () => void box.remove() };
}

/** @param {"svg" | "png" | "csv"} kind @param {ExportOptions} options */
async function fileOf(kind, { title, figure, table, redraw }) {
  if (kind === "csv") return csvOf(/** @type {NonNullable<typeof table>} */ (table)());
  const drawing = await drawingOf(/** @type {NonNullable<typeof figure>} */ (figure)(), { title, about: `Neighborhood Traces, ${location.href}`, redraw });
  return kind === "svg" ? new Blob([drawing.text], { type: "image/svg+xml" }) : pngOf(drawing);
}

/** @param {import("./vector.js").Drawing} drawing @returns {Promise<Blob>} */
async function pngOf({ text, width, height }) {
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(width * PNG_SCALE), Math.round(height * PNG_SCALE)];
    /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large for this browser"))), "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}

const SPECIAL = /[",\r\n]/;

/** @param {(string | number | null)[]} row */
const lineOf = (row) => `${row.map((value) => (value === null ? "" : SPECIAL.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value))).join(",")}\r\n`;

/** A table as text, in slices: the page stays quick while thousands of lines are written. @param {Table} table @returns {Promise<Blob>} */
export async function csvOf({ columns, rows }) {
  const parts = [lineOf(columns)];
  let until = performance.now() + SLICE;
  for (const row of rows) {
    parts.push(lineOf(row));
    if (performance.now() < until) continue;
    await new Promise((resolve) => setTimeout(resolve));
    until = performance.now() + SLICE;
  }
  return new Blob(parts, { type: "text/csv;charset=utf-8" });
}

/** @param {Blob} file @param {string} name */
function save(file, name) {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_URL);
}
