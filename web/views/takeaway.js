/** What the trace view's figures give to take along: each as SVG and PNG, the neighbours, the densities and the curve as tables. */
import { knows } from "../answers.js";
import { createExport } from "../explore/export.js";
import { layerName } from "../words.js";

/** @typedef {import("./further.js").FurtherState} FurtherState */
/** @typedef {import("../explore/export.js").Table} Table */

/** Every sample that is drawn, the one that came closest first. @param {import("./further.js").FurtherState} state @param {import("../../wasm/ntrace.d.ts").Bundle} bundle @returns {Table} */
function neighboursOf({ sorted }, { labels, predictions, manifest }) {
  const { classes } = manifest;
  const isRead = knows(manifest, "classes");
  const columns = ["sample", "label", ...(isRead ? ["prediction"] : []), "near_from", "near_to", "rank_from", "rank_to", "distance_from", "distance_to", "radius_from", "radius_to", "change"];
  const rows = (sorted?.order ?? []).map((p) => [
    p.sample, classes[labels[p.sample]], ...(isRead ? [classes[predictions[p.sample]]] : []), Number(p.inFrom), Number(p.inTo), p.rankFrom + 1, p.rankTo + 1, p.distanceFrom, p.distanceTo, p.radiusFrom, p.radiusTo, p.change,
  ]);
  return { columns, rows };
}

/** @param {FurtherState} state @param {import("../../wasm/ntrace.d.ts").Bundle} bundle @returns {Table} */
function densitiesOf({ densities }, { manifest }) {
  const { classes, layers } = manifest;
  /** @type {(string | number)[][]} */
  const rows = [];
  for (const end of /** @type {const} */ (["from", "to"])) {
    const found = densities[end].value;
    if (!found) continue;
    found.at.forEach((at, p) => rows.push([layerName(layers, found.layer), at, ...classes.map((_, c) => found.density[c * found.points + p])]));
  }
  return { columns: ["layer", "distance", ...classes], rows };
}

/** @param {FurtherState} state @param {import("../../wasm/ntrace.d.ts").Bundle} bundle @returns {Table} */
function curveOf({ chosen, stability }, { manifest }) {
  const n = manifest.dataset.samples;
  return { columns: ["layer", "name", "kept"], rows: manifest.layers.map(({ name }, l) => [l, name, stability ? stability[l * n + chosen.sample] : null]) };
}

/**
 * @param {{ figure: HTMLElement, bars: HTMLElement, more: HTMLElement }} roots
 * @param {import("../../wasm/ntrace.d.ts").Bundle} bundle
 * @param {() => FurtherState | null} read
 */
export function createTakeaway({ figure, bars, more }, bundle, read) {
  /** @param {Element} root @param {string} part */
  const within = (root, part) => /** @type {HTMLElement} */ (root.querySelector(part));
  const name = (/** @type {string} */ what) => () => {
    const chosen = read()?.chosen;
    return chosen ? `${what}-${chosen.sample}-${chosen.from}-${chosen.to}` : what;
  };
  /** @param {(state: FurtherState, bundle: import("../../wasm/ntrace.d.ts").Bundle) => Table} make */
  const table = (make) => () => {
    const state = read();
    return state ? make(state, bundle) : { columns: [], rows: [] };
  };
  /** @type {[root: HTMLElement, figure: HTMLElement, title: string, name: string, make: typeof neighboursOf][]} */
  const wanted = [
    [figure, within(figure, ".radial"), "Trace", "trace", neighboursOf],
    [within(bars, ".changes"), within(bars, ".changes"), "Every change, sorted", "changes", neighboursOf],
    [within(more, ".distances"), within(more, ".distances"), "How far each class lies", "densities", densitiesOf],
    [within(more, ".curve"), within(more, ".curve"), "Neighbours kept at every layer", "curve", curveOf],
  ];
  const saves = wanted.map(([root, drawn, title, file, make]) => {
    root.classList.add("has-export");
    return createExport(root, { title, name: name(file), figure: () => drawn, table: table(make) });
  });
  return { destroy: () => saves.forEach((save) => save.destroy()) };
}
