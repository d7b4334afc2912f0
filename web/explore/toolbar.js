/** The explorer's bar: what is compared, which layer is looked at, what colours mean, how many samples are left, undo and redo. */
import { select } from "d3";
import { known } from "../answers.js";
import { maxK } from "../params.js";
import { count, layerName, say } from "../words.js";
import { COLOURINGS } from "./colours.js";
import { NO_FILTERS, NO_SELECTORS, hasFilters, hasSelectors } from "./selection.js";

/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {import("../routes/explore.js").Part} Part */

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createToolbar(root, { bundle, store, onChange }) {
  const { layers, dataset } = bundle.manifest;
  const bar = select(root).append("div").attr("class", "toolbar").attr("role", "group").attr("aria-label", "What is shown");

  /** @param {string} title @param {string} name @param {{ value: string, text: string }[]} items @param {(value: string) => void} choose */
  function list(title, name, items, choose) {
    const label = bar.append("label").attr("class", "toolbar-item");
    label.append("span").text(title);
    const field = label.append("select").attr("name", name);
    field
      .selectAll("option")
      .data(items)
      .join("option")
      .attr("value", ({ value }) => value)
      .text(({ text }) => text);
    return field.on("change", function () {
      choose(this.value);
    });
  }
  const byLayer = layers.map((_, l) => ({ value: `${l}`, text: layerName(layers, l) }));
  const near = bar.append("label").attr("class", "toolbar-item");
  near.append("span").text("Nearest");
  const nearField = near.append("input").attr("type", "number").attr("name", "near").attr("min", 1).attr("max", maxK(bundle.manifest)).attr("inputmode", "numeric");
  nearField.on("change", function () {
    const fits = Number.isInteger(this.valueAsNumber) && this.valueAsNumber >= 1 && this.valueAsNumber <= maxK(bundle.manifest);
    nearField.attr("aria-invalid", fits ? null : "true").attr("title", fits ? null : `A whole number from 1 to ${maxK(bundle.manifest)}`);
    if (fits) onChange({ near: this.valueAsNumber });
  });
  const reference = list("compared with", "reference", byLayer, (value) => onChange({ reference: Number(value) }));
  const layer = list("Look at layer", "layer", byLayer, (value) => onChange({ layer: Number(value) }));
  const colour = list("Colour by", "colour", known(COLOURINGS, bundle.manifest).map(({ name, title }) => ({ value: name, text: title })), (value) => onChange({ colour: value }));

  const counts = bar.append("p").attr("class", "toolbar-counts").attr("role", "status");
  const ends = bar.append("div").attr("class", "toolbar-ends");
  const clear = ends.append("button").attr("type", "button").attr("name", "clear").text("Clear selection").on("click", () => onChange(NO_SELECTORS));
  const reset = ends.append("button").attr("type", "button").attr("name", "reset").text("Show all").on("click", () => onChange(NO_FILTERS));
  const undo = ends.append("button").attr("type", "button").attr("name", "undo").text("Undo").attr("title", "Undo (Ctrl+Z)").on("click", () => store.undo());
  const redo = ends.append("button").attr("type", "button").attr("name", "redo").text("Redo").attr("title", "Redo (Ctrl+Shift+Z)").on("click", () => store.redo());

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const typing = /** @type {Element | null} */ (event.target)?.matches?.("input:not([type=range]), textarea");
    if (typing || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const wish = key === "z" ? (event.shiftKey ? store.redo : store.undo) : key === "y" ? store.redo : null;
    if (!wish) return;
    event.preventDefault();
    wish();
  }
  addEventListener("keydown", onKey);
  /** What the field was last told: what is being typed is left alone when other things change. @type {number | null} */
  let told = null;

  return {
    update({ state, selection }) {
      if (state.near !== told) nearField.property("value", (told = state.near));
      reference.property("value", `${state.reference}`);
      layer.property("value", `${state.layer}`);
      colour.property("value", state.colour);
      const all = dataset.samples;
      const shown = selection.shown.length === all ? `${count(all)} samples` : `${count(selection.shown.length)} of ${count(all)} samples`;
      say(counts, selection.isPart ? `${count(selection.selected.length)} selected of ${shown}` : shown);
      clear.property("disabled", !hasSelectors(state));
      reset.property("disabled", !hasFilters(state));
      undo.property("disabled", !store.canUndo());
      redo.property("disabled", !store.canRedo());
    },
    destroy() {
      removeEventListener("keydown", onKey);
      bar.remove();
    },
  };
}
