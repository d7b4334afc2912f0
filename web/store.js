/**
 * One store, mirrored in the URL's hash: `#/trace?sample=12&from=0&to=13&k=100`.
 *
 * @typedef {object} State
 * @property {string} view the route
 * @property {number} sample
 * @property {number} from layer
 * @property {number} to layer
 * @property {number} k
 * @property {number | "all" | null} shelf the class that the picker shows; null follows the sample's own
 * @property {"all" | "right" | "wrong"} only which predictions the picker shows
 */

/** @typedef {import("../wasm/ntrace.d.ts").Manifest} Manifest */

export const MAX_K = 1000;

/** The largest neighbourhood that a bundle allows. @param {Manifest} manifest */
export const maxK = (manifest) => Math.min(MAX_K, manifest.dataset.samples - 1);

/** @param {string | null} text @param {number} low @param {number} high @param {number} otherwise */
function integer(text, low, high, otherwise) {
  const value = text !== null && /^\d{1,9}$/.test(text) ? Number(text) : otherwise;
  return value >= low && value <= high ? value : otherwise;
}

/**
 * What a hash asks for, each part that is absent or out of range replaced by the bundle's opening.
 *
 * @param {string} hash @param {Manifest} manifest @param {string[]} views the routes there are, the default one first
 * @returns {State}
 */
export function parseHash(hash, manifest, views) {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const asked = new URLSearchParams(query);
  const { opening, layers, classes, dataset } = manifest;
  const last = layers.length - 1;
  const shelf = asked.get("class");
  const only = asked.get("only");
  return {
    view: views.includes(path) ? path : views[0],
    sample: integer(asked.get("sample"), 0, dataset.samples - 1, opening.sample),
    from: integer(asked.get("from"), 0, last, opening.from),
    to: integer(asked.get("to"), 0, last, opening.to),
    k: integer(asked.get("k"), 1, maxK(manifest), Math.min(opening.k, maxK(manifest))),
    shelf: shelf === "all" ? "all" : shelf === null ? null : [integer(shelf, 0, classes.length - 1, -1)].find((c) => c >= 0) ?? null,
    only: only === "right" || only === "wrong" ? only : "all",
  };
}

/** @param {State} state */
export function formatHash({ view, sample, from, to, k, shelf, only }) {
  const query = new URLSearchParams({ sample: `${sample}`, from: `${from}`, to: `${to}`, k: `${k}` });
  if (shelf !== null) query.set("class", `${shelf}`);
  if (only !== "all") query.set("only", only);
  return `#/${view}?${query}`;
}

/**
 * @param {Manifest} manifest
 * @param {string[]} views
 */
export function createStore(manifest, views) {
  let state = parseHash(location.hash, manifest, views);
  /** @type {Set<(state: State, before: State) => void>} */
  const readers = new Set();

  /** @param {State} next */
  function take(next) {
    const before = state;
    state = next;
    for (const read of readers) read(state, before);
  }
  function onNavigation() {
    const next = parseHash(location.hash, manifest, views);
    if (location.hash !== formatHash(next)) history.replaceState(null, "", formatHash(next));
    if (formatHash(next) !== formatHash(state)) take(next);
  }

  history.replaceState(null, "", formatHash(state));
  addEventListener("popstate", onNavigation);

  return {
    get: () => state,
    /**
     * @param {Partial<State>} change
     * @param {{ replace?: boolean }} [options] replace: without a new entry in the history, as while dragging
     */
    set(change, { replace = false } = {}) {
      const next = { ...state, ...change };
      const hash = formatHash(next);
      if (hash === formatHash(state)) return;
      if (replace) history.replaceState(null, "", hash);
      else history.pushState(null, "", hash);
      take(next);
    },
    /** @param {(state: State, before: State) => void} read @returns {() => void} ends it */
    subscribe(read) {
      readers.add(read);
      return () => readers.delete(read);
    },
    destroy() {
      removeEventListener("popstate", onNavigation);
      readers.clear();
    },
  };
}

/** @typedef {ReturnType<typeof createStore>} Store */
