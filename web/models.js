/** Several models of the same samples: the control that names them, and what becomes of the state when another one is shown. */
import { select } from "d3";
import { formatHash } from "./params.js";

/** @typedef {import("../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../wasm/ntrace.d.ts").Layer} Layer */
/** @typedef {import("./params.js").State} State */

/**
 * Where a layer is in another model: the one of the same name, the same one of several; else the one as far along.
 * @param {Pick<Layer, "name">[]} layers @param {Pick<Layer, "name">[]} others @param {number} layer
 */
export function counterpart(layers, others, layer) {
  const { name } = layers[layer];
  const before = layers.slice(0, layer).filter((other) => other.name === name).length;
  const alike = others.flatMap((other, l) => (other.name === name ? [l] : []));
  return alike[before] ?? Math.round((layer * (others.length - 1)) / (layers.length - 1));
}

/** The state for another model. A map's outline and the part that is looked at are of that map alone. @param {State} state @param {Layer[]} layers @param {Layer[]} others @returns {State} */
export function moved(state, layers, others) {
  const to = (/** @type {number} */ layer) => counterpart(layers, others, layer);
  const brushes = state.brushes.map((brush) => ({ ...brush, layer: to(brush.layer) }));
  const once = brushes.filter(({ layer }, i) => brushes.findIndex((other) => other.layer === layer) === i);
  return { ...state, from: to(state.from), to: to(state.to), reference: to(state.reference), layer: to(state.layer), brushes: once, lasso: null, zoom: null, keep: null };
}

/**
 * @param {HTMLElement} root a label
 * @param {{ bundle: Bundle, store: import("./store.js").Store, onSwitch: (hash: string) => void, onError: (error: import("../wasm/ntrace.d.ts").NtraceError) => void }} options
 * onSwitch: gets the address of another model
 */
export function createModels(root, { bundle, store, onSwitch, onError }) {
  const { models, firstModel } = bundle;
  const label = select(root);
  label.selectAll("span").data(["Model"]).join("span").text((text) => text);
  const field = label.selectAll("select").data([0]).join("select").attr("name", "model").attr("aria-busy", null);
  field
    .selectAll("option")
    .data(models)
    .join("option")
    .attr("value", (_, i) => i)
    .text((name) => name);
  field.property("value", models.indexOf(bundle.model));
  field.on("change", async function () {
    const model = models[Number(/** @type {HTMLSelectElement} */ (this).value)];
    field.attr("aria-busy", "true");
    try {
      const manifest = await bundle.manifestOf(model);
      onSwitch(formatHash({ ...moved(store.get(), bundle.manifest.layers, manifest.layers), model }, { ...manifest, models, firstModel }));
    } catch (error) {
      field.property("value", models.indexOf(bundle.model)).attr("aria-busy", null);
      onError(/** @type {import("../wasm/ntrace.d.ts").NtraceError} */ (error));
    }
  });
}
