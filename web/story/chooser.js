/** The story's menu: which sample, between which layers, how many neighbours. Open at any point of the story. */
import { select } from "d3";
import { maxK } from "../params.js";
import { count, layerName } from "../words.js";
import { createKSlider } from "../views/k_slider.js";

/** @typedef {import("./facts.js").Facts} Facts */
/** @typedef {import("../params.js").State} State */

const CELL = 40; // CSS pixels
const SPRITES = 4; // milliseconds of a frame for making thumbnails

/**
 * @param {HTMLElement} root
 * @param {object} options
 * @param {import("../../wasm/ntrace.d.ts").Bundle} options.bundle
 * @param {import("../sketches.js").Sketches} options.sketches
 * @param {import("../sprites.js").Sprites} options.sprites
 * @param {import("../theme.js").Theme} options.theme
 * @param {(change: Partial<State>, options?: { replace?: boolean }) => void} options.onChange
 */
export function createChooser(root, { bundle, sketches, sprites, theme, onChange }) {
  const { layers, dataset, classes } = bundle.manifest;
  const block = select(root).append("section").attr("class", "chooser").attr("aria-label", "What the story is about");
  const offers = block.append("div").attr("class", "chooser-offers").attr("role", "group").attr("aria-label", "Samples that the engine found worth a story");
  const said = block.append("p").attr("class", "chooser-said");
  const more = block.append("details").attr("class", "chooser-more");
  more.append("summary").text("Layers, neighbours, any other");
  const fields = more.append("div").attr("class", "chooser-fields");
  const byNumber = fields.append("label").attr("class", "toolbar-item");
  byNumber.append("span").text("Number");
  const number = byNumber.append("input").attr("type", "number").attr("name", "sample").attr("min", 0).attr("max", dataset.samples - 1).attr("inputmode", "numeric");
  number.on("change", function () {
    const fits = Number.isInteger(this.valueAsNumber) && this.valueAsNumber >= 0 && this.valueAsNumber < dataset.samples;
    number.attr("aria-invalid", fits ? null : "true").attr("title", fits ? null : `From 0 to ${count(dataset.samples - 1)}`);
    if (fits) onChange({ sample: this.valueAsNumber });
  });
  fields
    .append("button")
    .attr("type", "button")
    .attr("name", "random")
    .text("Any")
    .on("click", () => onChange({ sample: Math.floor(Math.random() * dataset.samples) }));
  const ends = /** @type {const} */ (["from", "to"]).map((end) => {
    const label = fields.append("label").attr("class", "toolbar-item");
    label.append("span").text(end === "from" ? "From" : "To");
    const field = label.append("select").attr("name", end);
    field
      .selectAll("option")
      .data(layers)
      .join("option")
      .attr("value", (_, l) => l)
      .text((_, l) => layerName(layers, l));
    field.on("change", function () {
      onChange({ [end]: Number(this.value) });
    });
    return { end, field };
  });
  let held = false;
  const slider = createKSlider(/** @type {HTMLElement} */ (fields.node()), {
    max: maxK(bundle.manifest),
    onChoose(k, dragging) {
      onChange({ k }, { replace: dragging && held });
      held = dragging;
    },
  });

  /** @type {{ sample: number, title: string }[]} */
  let shown = [];
  /** @type {number[]} */
  let choices = [];
  /** What the number's field was last told: what is being typed is left alone when answers arrive. @type {number | null} */
  let told = null;
  let frame = 0;
  const redraw = () => void (frame ||= requestAnimationFrame(draw));
  function draw() {
    frame = 0;
    const complete = sprites.prepare(choices, SPRITES);
    for (const button of root.querySelectorAll("button[data-offer]")) {
      const context = button.querySelector("canvas")?.getContext("2d");
      context?.clearRect(0, 0, 2 * CELL, 2 * CELL);
      const sample = Number(button.getAttribute("data-offer"));
      if (context && sprites.has(sample)) sprites.draw(context, sample, CELL, CELL, 1.8 * CELL);
    }
    if (!complete) redraw();
  }
  const stops = [sketches.subscribe(redraw), theme.subscribe(redraw)];

  return {
    /** @param {Facts} facts */
    update({ sample, from, to, k, offers: found, label, noun }) {
      shown = found ?? [];
      const listed = shown.some((one) => one.sample === sample) ? shown : [{ sample, title: "chosen" }, ...shown];
      choices = listed.map((one) => one.sample);
      offers
        .selectAll("button")
        .data(listed, (/** @type {any} */ one) => one.sample)
        .join((enter) => {
          const button = enter.append("button").attr("type", "button").attr("class", "chooser-offer");
          button.append("canvas").attr("width", 2 * CELL).attr("height", 2 * CELL).attr("aria-hidden", "true");
          return button;
        })
        .order()
        .attr("data-offer", (one) => one.sample)
        .attr("aria-pressed", (one) => String(one.sample === sample))
        .attr("title", (one) => one.title)
        .attr("aria-label", (one) => `${one.title}: ${classes[bundle.labels[one.sample]]}, number ${one.sample}`)
        .on("click", (_, one) => onChange({ sample: one.sample }));
      const title = shown.find((one) => one.sample === sample)?.title;
      said.text(`${classes[label]}, no. ${count(sample)}${title ? `: ${title}` : ""}`).attr("title", `The chosen ${noun.one}`);
      if (sample !== told) number.property("value", (told = sample));
      for (const { end, field } of ends) field.property("value", `${end === "from" ? from : to}`);
      slider.update({ k });
      sketches.want("chooser", choices);
      redraw();
    },
    destroy() {
      cancelAnimationFrame(frame);
      for (const stop of stops) stop();
      slider.destroy();
      block.remove();
    },
  };
}
