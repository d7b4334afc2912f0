/** One store, mirrored in the URL's hash: `#/trace?sample=12&from=0&to=13&k=100`. The browser's history is what undo and redo walk. */
import { codecs, formatHash, parseHash } from "./params.js";

/** @typedef {import("./params.js").State} State */
/** @typedef {import("./params.js").Described} Manifest */

/** While something is dragged the URL follows at this pace, in milliseconds: browsers refuse more than some twenty changes a second. */
const PACE = 120;

/** How far into this page's own entries of the history we are; entries of another page have none. */
const placeOf = () => (typeof history.state?.place === "number" ? history.state.place : 0);

/**
 * @param {Manifest} manifest
 * @param {string[]} views the routes there are, the default one first
 */
export function createStore(manifest, views) {
  let state = parseHash(location.hash, manifest, views);
  let last = placeOf();
  /** @type {Set<(state: State, before: State) => void>} */
  const readers = new Set();
  let late = 0;

  /** Writes the state into this entry of the history, if that is still to be done. */
  function write() {
    if (late === 0) return;
    clearTimeout(late);
    late = 0;
    history.replaceState(history.state, "", formatHash(state, manifest));
  }

  /** @param {State} next */
  function take(next) {
    const before = state;
    state = next;
    for (const read of readers) read(state, before);
  }
  function onNavigation() {
    clearTimeout(late);
    late = 0;
    const next = parseHash(location.hash, manifest, views);
    if (next.model !== state.model) return take(next); // its layers are others: they are not ours to check
    const hash = formatHash(next, manifest);
    if (location.hash !== hash) history.replaceState(history.state, "", hash);
    last = Math.max(last, placeOf());
    take(hash === formatHash(state, manifest) ? state : next);
  }

  history.replaceState({ place: placeOf() }, "", formatHash(state, manifest));
  addEventListener("popstate", onNavigation);
  addEventListener("pagehide", write);

  return {
    get: () => state,
    /** A link to the state with some parts changed. @param {Partial<State>} change */
    link: (change) => formatHash({ ...state, ...change }, manifest),
    /** What each part is when nothing is asked. */
    initial: /** @type {Omit<State, "view">} */ (Object.fromEntries(Object.entries(codecs(manifest)).map(([part, { initial }]) => [part, initial]))),
    /**
     * @param {Partial<State>} change
     * @param {{ replace?: boolean }} [options] replace: without a new entry in the history, as while dragging
     */
    set(change, { replace = false } = {}) {
      const next = { ...state, ...change };
      const hash = formatHash(next, manifest);
      if (hash === formatHash(state, manifest)) return;
      if (replace) late ||= window.setTimeout(write, PACE);
      else {
        write();
        last = placeOf() + 1;
        history.pushState({ place: last }, "", hash);
      }
      take(next);
    },
    canUndo: () => placeOf() > 0,
    canRedo: () => placeOf() < last,
    undo() {
      write();
      if (placeOf() > 0) history.back();
    },
    redo() {
      write();
      if (placeOf() < last) history.forward();
    },
    /** @param {(state: State, before: State) => void} read @returns {() => void} ends it */
    subscribe(read) {
      readers.add(read);
      return () => readers.delete(read);
    },
    destroy() {
      write();
      removeEventListener("popstate", onNavigation);
      removeEventListener("pagehide", write);
      readers.clear();
    },
  };
}

/** @typedef {ReturnType<typeof createStore>} Store */
