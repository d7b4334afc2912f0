/** The route to the explorer: works out what is shown, selected and coloured, and tells every part of it. */
import { createLedger } from "../explore/ledger.js";
import { colourSamples } from "../explore/colours.js";
import { createCompare } from "../explore/compare.js";
import { createFilters } from "../explore/filters.js";
import { createLegend } from "../explore/legend.js";
import { createMap } from "../explore/map.js";
import { createPace } from "../explore/pace.js";
import { createPanel } from "../explore/panel.js";
import { createPlot } from "../explore/plot.js";
import { createGuide } from "../explore/tour.js";
import { createStatus } from "../explore/status.js";
import { createToolbar } from "../explore/toolbar.js";
import { selectSamples } from "../explore/selection.js";
import { createSight } from "../explore/sight.js";

/** @typedef {import("../params.js").State} State */

/**
 * What every part is told when something has changed. Nothing in it may be changed.
 *
 * @typedef {object} Facts
 * @property {State} state
 * @property {import("../explore/selection.js").Selection} selection
 * @property {import("../explore/colours.js").Colouring} colouring
 * @property {import("../explore/ledger.js").Entry<import("../../wasm/ntrace.d.ts").Stability>} stability of state.near and state.reference
 * @property {import("../explore/ledger.js").Entry<import("../../wasm/ntrace.d.ts").Projection>} map of state.layer and state.method
 */

/**
 * What every part is given when it is made.
 *
 * @typedef {object} PartOptions
 * @property {import("../../wasm/ntrace.d.ts").Bundle} bundle
 * @property {import("../explore/ledger.js").Ledger} ledger to read further things that it shows
 * @property {import("../store.js").Store} store for links, undo and redo; changes go through onChange
 * @property {import("../sketches.js").Sketches} sketches
 * @property {import("../sprites.js").Sprites} sprites
 * @property {import("../theme.js").Theme} theme
 * @property {(change: Partial<State>, options?: { replace?: boolean }) => void} onChange
 * @property {(sample: number | null) => void} onPoint the sample that the pointer or the keyboard is at
 */

/**
 * A part of the explorer.
 *
 * @typedef {object} Part
 * @property {(facts: Facts) => void} update
 * @property {(sample: number | null) => void} [point] shows the sample that is pointed at in any part; called at every move of the pointer
 * @property {() => void} destroy
 */

/** Where each part goes. Each place is an element of the class "explore-<name>"; parts of one place stand in it in this order. @type {{ place: string, create: (root: HTMLElement, options: PartOptions) => Part }[]} */
const PARTS = [
  { place: "toolbar", create: createToolbar },
  { place: "toolbar", create: createGuide },
  { place: "filters", create: createFilters },
  { place: "filters", create: createLegend },
  { place: "plot", create: createPlot },
  { place: "panel", create: createPanel },
  { place: "status", create: createStatus },
  { place: "map", create: createMap },
  { place: "compare", create: createCompare },
];

/** Places that are large and, where all stands in one column, far below what is in sight at first. */
const MAY_WAIT = ["map", "panel"];
const ONE_COLUMN = matchMedia("(max-width: 759px)");
/** Milliseconds of a task in which parts are told. */
const SLICE = 3;

/** @param {HTMLElement} root @param {import("../main.js").Context} context @returns {import("../main.js").Route} */
export function createExploreRoute(root, { bundle, store, sketches, sprites, theme, report }) {
  root.setAttribute("aria-label", "Explorer: all samples over all layers");
  let frame = 0;
  let ready = false;
  /** @type {number | null} */
  let pointed = null;
  const ledger = createLedger(bundle, arrived);
  const select = remembered(selectSamples);
  const colour = remembered(colourSamples);

  /** @param {number | null} sample */
  function onPoint(sample) {
    if (sample === pointed) return;
    pointed = sample;
    for (const part of parts.values()) part.point?.(sample);
  }
  /** @type {PartOptions} */
  const options = { bundle, ledger, store, sketches, sprites, theme, onChange: store.set, onPoint };
  /** @type {Map<string, HTMLElement>} */
  const places = new Map();
  /** @param {string} name */
  function placeOf(name) {
    const place = places.get(name) ?? document.createElement("div");
    place.className = `explore-${name}`;
    if (!places.has(name)) root.append(place);
    places.set(name, place);
    return place;
  }
  for (const { place } of PARTS) placeOf(place);
  const sight = createSight(new Map((ONE_COLUMN.matches ? MAY_WAIT : []).map((name) => [name, placeOf(name)])), arrived);
  /** Those that are made, by their place in PARTS. @type {Map<number, Part>} */
  const parts = new Map();
  /** @type {Facts | null} */
  let facts = null;
  /** What each part was told last, and which was told last. @type {(Facts | undefined)[]} */
  const told = [];
  let at = -1;
  let telling = false;
  let looked = false;
  const control = new AbortController();
  const pace = createPace(control.signal, SLICE);
  /** Whether there are newer facts, and whether the reader waits for them: not for what arrives by itself. */
  let isStale = false;
  let isUrgent = false;

  function arrived() {
    frame ||= requestAnimationFrame(update);
  }
  /** From now on no part is told of the state as it was before: a handle that is dragged would be put back. */
  function later() {
    isStale = true;
    isUrgent = ready;
    arrived();
  }
  function learn() {
    const state = store.get();
    const context = { bundle, ledger, state };
    facts = {
      state,
      selection: select(context),
      colouring: colour(context, theme.tokens()),
      stability: ledger.stability(state),
      map: sight.waits("map") ? ledger.atHand(() => ledger.map(state)) : ledger.map(state),
    };
  }
  function update() {
    frame = 0;
    isStale = true;
    if (!telling) void tell().catch(onError);
  }

  /** The part after the last one that does not know the newest facts; -1: all know them that do not wait. */
  function nextPart() {
    for (let i = 1; i <= PARTS.length; i++) {
      const next = (at + i) % PARTS.length;
      if (told[next] !== facts && !sight.waits(PARTS[next].place)) return next;
    }
    return -1;
  }
  /** Makes the parts and tells them: in short tasks, where newer facts reach each within one round; all at once what the reader waits for, as it is seen. */
  async function tell() {
    telling = true;
    for (let next = -1; isStale || (next = nextPart()) >= 0; ) {
      if (!isUrgent) await pace();
      if (isStale) {
        isStale = false;
        learn();
      } else await tellOne(next);
    }
    if (!looked && sight.waits()) {
      looked = true;
      await sight.look();
      isStale = true;
      return tell();
    }
    telling = isUrgent = false;
    if (facts) tellReady(facts);
  }
  /** @param {number} next */
  async function tellOne(next) {
    at = next;
    let part = parts.get(at);
    if (!part) {
      const { place, create } = PARTS[at];
      parts.set(at, (part = create(placeOf(place), options)));
      await pace();
      part.point?.(pointed);
    }
    told[at] = facts ?? undefined;
    if (facts) part.update(facts);
  }
  /** @param {Facts} now */
  function tellReady({ state, stability }) {
    if (ready) return sight.relax();
    if (!(stability.value || stability.error || !ledger.isShipped(state))) return; // others take a minute, in which all the rest is there already
    ready = true;
    report.ready();
    sight.relax();
  }
  /** @param {import("../../wasm/ntrace.d.ts").NtraceError} error */
  function onError(error) {
    if (control.signal.aborted) return;
    telling = false;
    report.failed(error, later);
  }

  const end = theme.subscribe(later);
  report.progress({ label: "opening the explorer", done: 0.5 });
  later();

  return {
    update: later,
    destroy() {
      cancelAnimationFrame(frame);
      control.abort();
      end();
      sight.close();
      for (const part of parts.values()) part.destroy();
      ledger.close();
      root.replaceChildren();
      root.removeAttribute("aria-label");
    },
  };
}

/**
 * The same answer, the same object, while nothing that it depends on has changed: parts tell by identity what to redraw.
 * @template {any[]} A @template {object} R @param {(...given: A) => R} work @returns {(...given: A) => R}
 */
function remembered(work) {
  /** @type {R | null} */
  let last = null;
  return (...given) => {
    const next = work(...given);
    if (last && same(last, next)) return last;
    return (last = next);
  };
}

/** Whether two records hold the same, arrays compared item by item. @param {any} a @param {any} b @returns {boolean} */
function same(a, b) {
  if (a === b) return true;
  if (ArrayBuffer.isView(a)) return ArrayBuffer.isView(b) && sameNumbers(/** @type {any} */ (a), /** @type {any} */ (b));
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}

/** @param {Uint8Array | Uint32Array} a @param {Uint8Array | Uint32Array} b */
function sameNumbers(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
