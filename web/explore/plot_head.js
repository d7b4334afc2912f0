/** What stands above the stability plot: what it shows, in words, and the sample that is looked at, with the way to its trace. */
import { select } from "d3";
import { chance, count, layerName, roughly, say } from "../words.js";
import { createExport } from "./export.js";
import { createPicture } from "./plot_tip.js";

/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */

const PICTURE = 28;

/** From where to where a sample's trace is best looked at from here. @param {import("../params.js").State} state @param {number} last layer */
export const traceOf = ({ reference, layer }, last) => ({ from: reference, to: layer === reference ? last : layer });

/** @param {HTMLElement} root @param {PartOptions} options @param {import("./export.js").ExportOptions} exported */
export function createHead(root, options, exported) {
  const { bundle, store } = options;
  const { classes, layers, dataset } = bundle.manifest;
  const head = select(root).append("header").attr("class", "plot-head");
  head.append("h2").attr("class", "plot-title").attr("id", "plot-title").text("Neighbours kept, layer by layer");
  const sample = head.append("p").attr("class", "plot-sample").attr("data-export", "skip");
  const picture = sample.append("canvas").attr("aria-hidden", "true").style("width", `${PICTURE}px`).style("height", `${PICTURE}px`);
  const name = sample.append("span");
  const link = sample.append("a").attr("class", "plot-trace").text("Open trace");
  const about = select(root).append("p").attr("class", "plot-about");
  const draw = createPicture(/** @type {HTMLCanvasElement} */ (picture.node()), PICTURE, options);
  const save = createExport(/** @type {HTMLElement} */ (head.node()), exported);

  return {
    /** @param {Facts} facts @param {number | null} glimpsed how many are drawn while all are worked out */
    render({ state }, glimpsed) {
      const k = count(state.near);
      const what = `how many of its ${k} nearest at ${layerName(layers, state.reference)} are among its ${k} nearest at each layer`;
      const key = glimpsed === null ? "Bold: median. Dashed: quartiles." : `A first look at ${count(glimpsed)} samples.`;
      say(about, `A line a sample: ${what}. ${key} Chance: ${roughly(chance(state.near, dataset.samples))}.`);
      draw(state.sample);
      const label = `${classes[bundle.labels[state.sample]]} no. ${state.sample}`;
      say(name, label);
      link.attr("href", store.link({ view: "trace", ...traceOf(state, layers.length - 1) })).attr("aria-label", `Open trace of ${label}`);
    },
    destroy() {
      save.destroy();
      head.remove();
      about.remove();
    },
  };
}
