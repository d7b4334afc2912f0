/** What the colours mean: the classes, or a ramp with its ends. A class is a button that keeps it alone, or with others. */
import { select } from "d3";
import { count } from "../words.js";

/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {import("../routes/explore.js").Part} Part */

/** How the legend's items filter, where they do. @type {Record<string, "classes" | "predicted">} */
const FILTER_OF = { class: "classes", prediction: "predicted" };

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createLegend(root, { onChange }) {
  const block = select(root).append("section").attr("class", "colours").attr("aria-label", "Colours");
  const head = block.append("p").attr("class", "colours-about");
  const list = block.append("ul").attr("class", "colours-list");
  const ramp = block.append("div").attr("class", "colours-ramp");
  const low = ramp.append("span");
  const strip = ramp.append("span").attr("class", "colours-strip").attr("aria-hidden", "true");
  const high = ramp.append("span");

  /** How many samples each item stands for. @param {import("../routes/explore.js").Facts} facts */
  function countsOf({ selection, colouring }) {
    const counts = new Uint32Array(256);
    for (const sample of selection.selected) counts[colouring.bucket[sample]]++;
    return counts;
  }

  return {
    update(facts) {
      const { state, colouring } = facts;
      head.text(colouring.complete ? colouring.about : `${colouring.about} It is being worked out.`);
      const counts = countsOf(facts);
      const part = FILTER_OF[colouring.name];
      const chosen = part ? state[part] : [];
      list.attr("hidden", colouring.items.length > 0 ? null : "");
      const items = list
        .selectAll("li")
        .data(colouring.items, (/** @type {any} */ item) => `${colouring.name} ${item.bucket}`)
        .join((enter) => {
          const item = enter.append("li");
          const button = item.append("button").attr("type", "button").attr("class", "colours-item");
          button.append("i").attr("aria-hidden", "true");
          button.append("span").attr("class", "colours-name");
          button.append("span").attr("class", "colours-count");
          return item;
        });
      const buttons = items
        .select("button")
        .property("disabled", part === undefined)
        .attr("aria-pressed", ({ bucket }) => (part ? String(chosen.includes(bucket)) : null))
        .classed("is-out", ({ bucket }) => chosen.length > 0 && !chosen.includes(bucket))
        .on("click", (_, { bucket }) => {
          if (part) onChange({ [part]: chosen.includes(bucket) ? chosen.filter((c) => c !== bucket) : [...chosen, bucket].sort((a, b) => a - b) });
        });
      buttons.select("i").style("background", ({ bucket }) => colouring.colours[bucket]);
      buttons.select(".colours-name").text(({ text }) => text);
      buttons.select(".colours-count").text(({ bucket }) => count(counts[bucket]));
      ramp.attr("hidden", colouring.ramp ? null : "");
      low.text(colouring.ramp?.low ?? "");
      high.text(colouring.ramp?.high ?? "");
      if (colouring.ramp) strip.style("background", `linear-gradient(90deg, ${colouring.colours.join(", ")})`);
    },
    destroy() {
      block.remove();
    },
  };
}
