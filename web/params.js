/** The parts of the page's state, and how each stands in the URL. A part that has its default is left out, unless it is one of ALWAYS. */

import { marksCodec } from "./marks.js";

/** @typedef {import("../wasm/ntrace.d.ts").Manifest} Manifest */

/** A range on one axis of the stability plot: both ends belong to it. @typedef {{ layer: number, low: number, high: number }} Brush */
/** A range of a measure at the layer looked at. @typedef {{ name: string, low: number, high: number }} Range */
/** An outline drawn on a map of a layer, its corners in ten-thousandths of that map's square (see explore/plane.js). @typedef {{ layer: number, method: "umap" | "pca", points: [number, number][] }} Lasso */
/** The part of the map that is looked at: its middle in ten-thousandths of the map's square, and how often the whole map would fit. @typedef {{ x: number, y: number, scale: number }} Zoom */

/**
 * @typedef {object} State
 * @property {string} view the route
 * @property {string} model of several in the bundle the one that is shown; empty where there are no names
 * @property {string} against the model that the one shown is compared with; empty: the next one
 * @property {number} sample
 * @property {number} from layer
 * @property {number} to layer
 * @property {number} k
 * @property {readonly [number, number] | null} keep the part of a trace's sorted changes that is drawn, from the first place to before the second; null: all
 * @property {number | "all" | null} shelf the class that the picker shows; null follows the sample's own
 * @property {"all" | "right" | "wrong"} only which predictions the picker shows
 * @property {number} reference the layer that stability compares with
 * @property {number} near how many neighbours stability counts
 * @property {number} layer the layer that the explorer looks at: its map, its measures
 * @property {"umap" | "pca"} method of the map
 * @property {string} colour what colours the samples: see explore/colours.js
 * @property {Brush[]} brushes at most one an axis
 * @property {Lasso | null} lasso
 * @property {Zoom | null} zoom null: the whole map
 * @property {number[]} classes true classes to keep, none for all
 * @property {number[]} predicted predicted classes to keep, none for all
 * @property {"all" | "right" | "wrong"} verdict
 * @property {[number, number] | null} confidence 0 to 1
 * @property {Range[]} ranges
 * @property {string} find a sample's number or a part of a class's name
 * @property {number[]} picks samples picked by hand or by a suggestion, none for all
 * @property {typeof TABS[number]} tab
 * @property {string} sort by what the panel sorts; "-" before it: descending
 * @property {string} ranking by which figure the classes are sorted; "-" before it: descending
 * @property {string} reason whose suggestions are open
 * @property {number[]} pins samples laid side by side
 * @property {string} step of the story, empty at its beginning
 * @property {"folded" | "open"} beside whether the samples laid side by side are shown large
 * @property {import("../wasm/ntrace.d.ts").Mark[]} marks on the drawing sheet
 * @property {number | null} base the sample that the marks change; null: an empty sheet
 * @property {number | null} turn the layer whose turnover is looked into; null: none
 * @property {typeof EXPLANATIONS[number]} explain how the samples laid side by side are explained
 */

export const MAX_K = 1000;
const MOST_LISTED = 2000;
/** The side of a map's square in numbers of the URL. */
export const SIDE = 10000;
export const MOST_ZOOM = 64;
const TABS = /** @type {const} */ (["samples", "classes", "layers", "suggestions", "models"]);
const BESIDE = /** @type {const} */ (["folded", "open"]);
const VERDICTS = /** @type {const} */ (["all", "right", "wrong"]);
const METHODS = /** @type {const} */ (["umap", "pca"]);
export const EXPLANATIONS = /** @type {const} */ (["none", "probabilities", "gradient", "integratedGradients", "gradCam", "occlusion", "neighborMean"]);

/** The largest neighbourhood that a bundle allows. @param {Manifest} manifest */
export const maxK = (manifest) => Math.min(MAX_K, manifest.dataset.samples - 1);

/** What always stands in the URL, so that a link to a trace says what it shows. @type {(keyof State)[]} */
const ALWAYS = ["sample", "from", "to", "k"];

/**
 * @template T
 * @typedef {object} Codec
 * @property {string} name in the URL
 * @property {(text: string) => T | null} read null: the text means nothing here
 * @property {(value: T) => string} write
 * @property {T} initial
 */

/** @param {string} name @param {number} low @param {number} high @param {number} initial @returns {Codec<number>} */
const whole = (name, low, high, initial) => ({
  name,
  initial,
  read: (text) => (/^\d{1,9}$/.test(text) && Number(text) >= low && Number(text) <= high ? Number(text) : null),
  write: String,
});

/** @template {string} T @param {string} name @param {readonly T[]} values the default first @returns {Codec<T>} */
const oneOf = (name, values) => ({
  name,
  initial: values[0],
  read: (text) => values.find((value) => value === text) ?? null,
  write: String,
});

/** Short texts: names of measures, what was typed. @param {string} name @param {string} initial @param {RegExp} form @returns {Codec<string>} */
const text = (name, initial, form) => ({ name, initial, read: (given) => (form.test(given) ? given : null), write: String });

/**
 * Items joined by dots, each of which has to mean something.
 * @template T @param {string} name @param {(item: string) => T | null} read @param {(item: T) => string} write @returns {Codec<T[]>}
 */
const list = (name, read, write) => ({
  name,
  initial: [],
  read(given) {
    const items = given === "" ? [] : given.split(".").slice(0, MOST_LISTED).map(read);
    return items.includes(null) ? null : /** @type {T[]} */ (items);
  },
  write: (items) => items.map(write).join("."),
});

/** @param {string} name @param {number} count */
const numbers = (name, count) => list(name, (item) => whole("", 0, count - 1, 0).read(item), String);

/** Numbers in a URL: four significant digits, no exponent. @param {number} value */
const short = (value) => String(Number(value.toPrecision(4)));
const DECIMAL = /^-?\d{1,9}(,\d{1,9})?$/;
/** Decimals are written with a comma, as dots part the items of a list. @param {string} given */
const decimal = (given) => (DECIMAL.test(given) ? Number(given.replace(",", ".")) : NaN);
/** @param {number} value */
const comma = (value) => short(value).replace(".", ",");

/** @param {string} given "low~high" @returns {[number, number] | null} */
function interval(given) {
  const [low, high] = given.split("~").map(decimal);
  return low <= high ? [low, high] : null;
}

/** Places in an order, from the first to before the second: "low~high". @param {string} name @returns {Codec<readonly [number, number] | null>} */
const part = (name) => ({
  name,
  initial: null,
  read(given) {
    const [, low, high] = given.match(/^(\d{1,5})~(\d{1,5})$/) ?? [];
    return Number(low) < Number(high) ? [Number(low), Number(high)] : null;
  },
  write: (ends) => (ends ? ends.join("~") : ""),
});

/** A number, or nothing. @param {string} name @param {number} count @returns {Codec<number | null>} */
const maybe = (name, count) => ({ name, initial: null, read: whole(name, 0, count - 1, 0).read, write: String });

const place = whole("", 0, SIDE, 0);

/** @param {number} layers @returns {Codec<Lasso | null>} */
const outline = (layers) => ({
  name: "lasso",
  initial: null,
  read(given) {
    const [first = "", kind, ...rest] = given.split(".");
    const layer = whole("", 0, layers - 1, 0).read(first);
    const method = METHODS.find((name) => name === kind);
    const places = rest.map(place.read);
    if (layer === null || !method || places.includes(null) || places.length < 6 || places.length % 2 || places.length > MOST_LISTED) return null;
    const flat = /** @type {number[]} */ (places);
    return { layer, method, points: Array.from({ length: flat.length / 2 }, (_, i) => /** @type {[number, number]} */ ([flat[2 * i], flat[2 * i + 1]])) };
  },
  write: (lasso) => (lasso ? [lasso.layer, lasso.method, ...lasso.points.flat()].join(".") : ""),
});

/** Scale in hundredths. @type {Codec<Zoom | null>} */
const zoomed = {
  name: "zoom",
  initial: null,
  read(given) {
    const [x, y, ...rest] = given.split(".");
    const [left, top, hundredths] = [place.read(x), place.read(y ?? ""), whole("", 100, 100 * MOST_ZOOM, 100).read(rest.join("."))];
    return left === null || top === null || hundredths === null ? null : { x: left, y: top, scale: hundredths / 100 };
  },
  write: (zoom) => (zoom ? [zoom.x, zoom.y, 100 * zoom.scale].map(Math.round).join(".") : ""),
};

/** A manifest, and of several models beside it their names and the first of them. @typedef {Manifest & { models?: string[], firstModel?: string }} Described */

/**
 * Every part of the state but the route.
 * @param {Described} manifest @returns {{ [P in Exclude<keyof State, "view">]: Codec<State[P]> }}
 */
export function codecs(manifest) {
  const { opening, layers, classes, dataset, stability, models = [], firstModel = "" } = manifest;
  const last = layers.length - 1;
  const most = maxK(manifest);
  const label = whole("", 0, classes.length - 1, 0);
  return {
    model: { name: "model", initial: firstModel, read: (given) => models.find((name) => name === given) ?? null, write: String },
    against: { name: "against", initial: "", read: (given) => models.find((name) => name === given) ?? null, write: String },
    sample: whole("sample", 0, dataset.samples - 1, opening.sample),
    from: whole("from", 0, last, opening.from),
    to: whole("to", 0, last, opening.to),
    k: whole("k", 1, most, Math.min(opening.k, most)),
    keep: part("keep"),
    shelf: { name: "shelf", initial: null, read: (given) => (given === "all" ? "all" : label.read(given)), write: String },
    only: oneOf("only", VERDICTS),
    reference: whole("reference", 0, last, stability.reference),
    near: whole("near", 1, most, Math.min(stability.k, most)),
    layer: whole("layer", 0, last, last),
    method: oneOf("map", METHODS),
    colour: text("colour", "class", /^[A-Za-z]{1,32}$/),
    brushes: list(
      "brush",
      (item) => {
        const [layer, range = ""] = item.split(/-(.*)/);
        const at = whole("", 0, last, 0).read(layer);
        const ends = interval(range);
        return at === null || !ends ? null : { layer: at, low: ends[0], high: ends[1] };
      },
      ({ layer, low, high }) => `${layer}-${comma(low)}~${comma(high)}`,
    ),
    lasso: outline(layers.length),
    zoom: zoomed,
    classes: numbers("class", classes.length),
    predicted: numbers("predicted", classes.length),
    verdict: oneOf("verdict", VERDICTS),
    confidence: { name: "confidence", initial: null, read: interval, write: (ends) => (ends ? ends.map(comma).join("~") : "") },
    ranges: list(
      "range",
      (item) => {
        const [name, range = ""] = item.split(/-(.*)/);
        const ends = interval(range);
        return /^[A-Za-z]{1,32}$/.test(name) && ends ? { name, low: ends[0], high: ends[1] } : null;
      },
      ({ name, low, high }) => `${name}-${comma(low)}~${comma(high)}`,
    ),
    find: text("find", "", /^.{0,64}$/),
    picks: numbers("picks", dataset.samples),
    tab: oneOf("tab", TABS),
    sort: text("sort", "sample", /^-?[A-Za-z]{1,32}$/),
    ranking: text("ranking", "class", /^-?[a-z0-9]{1,16}$/),
    reason: text("reason", "mislabelled", /^[A-Za-z]{1,32}$/),
    pins: numbers("pins", dataset.samples),
    beside: oneOf("beside", BESIDE),
    explain: oneOf("explain", EXPLANATIONS),
    marks: marksCodec,
    base: maybe("base", dataset.samples),
    turn: { ...maybe("turn", layers.length), read: whole("turn", 1, last, 1).read },
    step: text("step", "", /^[a-z-]{1,32}$/),
  };
}

/**
 * What a hash asks for, each part that is absent or out of range replaced by its default.
 * @param {string} hash @param {Described} manifest @param {string[]} views the routes there are, the default one first @returns {State}
 */
export function parseHash(hash, manifest, views) {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const asked = new URLSearchParams(query);
  const parts = Object.entries(codecs(manifest)).map(([part, { name, read, initial }]) => {
    const given = asked.get(name);
    return [part, (given === null ? null : read(given)) ?? initial];
  });
  return /** @type {State} */ ({ view: views.includes(path) ? path : views[0], ...Object.fromEntries(parts) });
}

/** @param {State} state @param {Described} manifest */
export function formatHash(state, manifest) {
  const query = new URLSearchParams();
  for (const [part, { name, write, initial }] of Object.entries(codecs(manifest))) {
    const value = /** @type {any} */ (state)[part];
    const written = /** @type {(value: any) => string} */ (write)(value);
    const usual = initial === null ? value === null : written === /** @type {(value: any) => string} */ (write)(initial);
    if (!usual || ALWAYS.includes(/** @type {keyof State} */ (part))) query.set(name, written);
  }
  return `#/${state.view}?${String(query).replaceAll("%2C", ",").replaceAll("%7E", "~")}`;
}
