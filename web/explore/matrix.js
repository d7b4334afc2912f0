/** The layer matrix: how many of their nearest the selected samples have in common at every two layers. First from some samples on codes, then of all, exactly. */
import { select } from "d3";
import { chance, count, layerName, roughly } from "../words.js";
import { createExport } from "./export.js";
import { createFull } from "./map_full.js";
import { createGrid, short } from "./matrix_grid.js";
import { createWork } from "./plot_work.js";

/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../routes/explore.js").Part} Part */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {import("../../wasm/ntrace.d.ts").OverlapMatrix} OverlapMatrix */
/** @typedef {{ key: string, k: number, samples: Uint32Array }} Wish */

/** The engine's graphs hold so many neighbours; beyond them, and without a network, overlaps come from codes, some hundredths of a second a sample. */
const MOST_EXACT = 100;
const FIRST_LOOK = 48;
const MOST_ON_CODES = 240;
/** Milliseconds that a selection has to last before it is worked on. */
const PAUSE = 250;

/** Samples spread evenly over a list. @param {Uint32Array} samples @param {number} most */
export function spread(samples, most) {
  if (samples.length <= most) return samples;
  return Uint32Array.from({ length: most }, (_, i) => samples[Math.floor((i * samples.length) / most)]);
}

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createMatrix(root, { bundle, ledger, store, theme }) {
  const { layers, chunks, dataset } = bundle.manifest;
  const hasNetwork = chunks.some(({ role }) => role === "weights");
  const block = select(root).append("section").attr("class", "matrix").attr("aria-labelledby", "matrix-title");
  const head = block.append("header").attr("class", "matrix-head-line");
  head.append("h2").attr("id", "matrix-title").attr("class", "matrix-title").text("Neighbours in common");
  const full = createFull(/** @type {HTMLElement} */ (block.node()), /** @type {HTMLElement} */ (head.node()));
  const save = createExport(/** @type {HTMLElement} */ (head.node()), { title: "Layer matrix", name: () => `layers-${wish?.k ?? ""}-nearest`, figure: () => /** @type {Element} */ (block.node()), table });
  const about = block.append("p").attr("class", "matrix-about");
  const said = block.append("p").attr("class", "matrix-said").attr("aria-hidden", "true");
  const body = block.append("div").attr("class", "matrix-body");
  const grid = createGrid(/** @type {HTMLElement} */ (body.node()), { layers, label: "Neighbours in common, layer by layer: Enter opens two layers in the trace view", linkOf, onAt: say });
  const legend = block.append("p").attr("class", "matrix-legend");
  const low = legend.append("span").text("0");
  const strip = legend.append("span").attr("class", "matrix-strip").attr("aria-hidden", "true");
  const tick = strip.append("span").attr("class", "matrix-chance");
  const high = legend.append("span");
  const chanceWords = legend.append("span").attr("class", "matrix-chance-words");
  const foot = block.append("div").attr("class", "matrix-foot").attr("data-export", "skip");
  const work = createWork(/** @type {HTMLElement} */ (foot.node()), ledger.retry);
  const stop = foot.append("button").attr("type", "button").attr("name", "stop").text("Stop").on("click", () => halt(true));
  const go = foot.append("button").attr("type", "button").attr("name", "go").text("Work it out for all").on("click", () => halt(false));

  /** @type {Facts | null} */
  let facts = null;
  /** What is worked on. @type {Wish | null} */
  let wish = null;
  /** @type {{ matrix: OverlapMatrix, of: number, isFirst: boolean } | null} */
  let shown = null;
  /** @type {{ from: number, to: number } | null} */
  let at = null;
  let halted = false;
  let timer = 0;
  let width = 0;

  /** @param {number} from @param {number} to */
  function linkOf(from, to) {
    return store.link({ view: "trace", from, to });
  }
  /** @param {{ from: number, to: number } | null} cell */
  function say(cell) {
    at = cell;
    const k = shown?.matrix.k ?? 0;
    if (!cell || !shown) return void said.text("Point at a cell; a click opens its two layers.");
    const mean = shown.matrix.mean[cell.from * layers.length + cell.to];
    said.text(`${layerName(layers, cell.from)} and ${layerName(layers, cell.to)}: ${short(mean)} of ${count(k)}`);
  }
  /** @param {boolean} isHalted */
  function halt(isHalted) {
    halted = isHalted;
    if (halted) ledger.stopOverlaps();
    render();
  }

  /** Takes up the newest selection once it has lasted. @param {Facts} next */
  function follow({ selection, state }) {
    const { key, selected, complete } = selection;
    if (!complete || (wish?.key === key && wish.k === state.near)) return;
    const take = () => {
      timer = 0;
      halted = false;
      wish = { key, k: state.near, samples: selected };
      render();
    };
    clearTimeout(timer);
    if (wish) timer = window.setTimeout(take, PAUSE);
    else take();
  }

  /** What there is of what is wished, asked for where it is not there. @param {Wish} wished */
  function answer({ key, k, samples }) {
    const isExact = hasNetwork && k <= MOST_EXACT;
    const first = ledger.overlapsOnCodes("few", key, k, spread(samples, FIRST_LOOK));
    const mayGoOn = !halted && (isExact || first.progress === null); // the graphs are searched elsewhere, codes are read one after the other
    const all = () => (isExact ? ledger.overlaps(key, k, samples) : ledger.overlapsOnCodes("more", key, k, spread(samples, MOST_ON_CODES)));
    const whole = mayGoOn ? all() : null;
    const best = whole?.value ?? first.value;
    return { found: best && { matrix: best, of: samples.length, isFirst: !whole?.value }, entry: whole ?? first };
  }

  function render() {
    if (!wish || !facts || width === 0) return;
    const { found, entry } = answer(wish);
    shown = found ?? shown;
    const isStale = !found || wish.key !== facts.selection.key || wish.k !== facts.state.near;
    block.classed("is-stale", isStale).attr("aria-busy", String(entry.progress !== null));
    block.attr("data-samples", shown?.matrix.samples ?? 0).attr("data-exact", String(Boolean(found?.matrix.exact)));
    grid.render(shown?.matrix ?? null, { width, tokens: theme.tokens() });
    about.text(words(wish));
    renderLegend(wish.k);
    work.render(entry);
    stop.attr("hidden", entry.progress && !halted ? null : "");
    go.attr("hidden", halted ? null : "");
    say(at);
  }

  /** @param {Wish} wished */
  function words({ k, samples }) {
    const what = `How many of a sample's ${count(k)} nearest two layers have in common, on average`;
    if (!shown) return `${what}.`;
    const { matrix, of, isFirst } = shown;
    if (samples.length === 0) return `${what}: nothing is selected.`;
    const whose = matrix.samples < of ? `${count(matrix.samples)} of ${count(of)} samples` : `${count(of)} ${of === 1 ? "sample" : "samples"}`;
    const how = isFirst ? `A first look at ${whose}, on codes.` : `Of ${whose}, ${matrix.exact ? "exact" : "on codes"}.`;
    return `${what}. ${how}`;
  }

  /** @param {number} k */
  function renderLegend(k) {
    const level = chance(k, dataset.samples);
    strip.style("background", `linear-gradient(90deg in oklab, ${theme.tokens().ramp.join(", ")})`);
    tick.style("left", `${(100 * level) / k}%`);
    low.text("0");
    high.text(count(k));
    chanceWords.text(`chance ${roughly(level)}`);
  }

  function table() {
    const mean = shown?.matrix.mean ?? [];
    const names = layers.map((_, layer) => layerName(layers, layer));
    return { columns: ["layer", ...names], rows: shown ? names.map((name, from) => [name, ...names.map((_, to) => mean[from * layers.length + to])]) : [] };
  }

  block.on("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key.toLowerCase() === "f" && !event.ctrlKey && !event.metaKey && !event.altKey) full.toggle();
  });
  const observer = new ResizeObserver(([{ contentRect }]) => {
    width = contentRect.width;
    render();
  });
  observer.observe(/** @type {HTMLElement} */ (body.node()));
  say(null);

  return {
    update(next) {
      facts = next;
      follow(next);
      render();
    },
    destroy() {
      clearTimeout(timer);
      observer.disconnect();
      work.destroy();
      full.destroy();
      save.destroy();
      block.remove();
    },
  };
}
