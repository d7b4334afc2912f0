/** The card: the sketch that is pointed at, or the one in the centre, large and in words. */
import { select } from "d3";
import { readingOf } from "../answers.js";
import { callOf, count, direction, distance, layerName, membership, nounOf, ordinal, percent, verdict } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Trace} Trace */

/**
 * @typedef {object} CardOptions
 * @property {import("../../wasm/ntrace.d.ts").Bundle} bundle
 * @property {import("../sketches.js").Sketches} sketches
 * @property {import("../sprites.js").Sprites} sprites
 * @property {import("../theme.js").Theme} theme
 * @property {(sample: number) => void} onTravel
 * @property {(sample: number) => string} [changeLink] where the sample can be changed; without it there is no link
 */

const touch = globalThis.matchMedia?.("(hover: none)");
const FACTOR = 7; // pixels drawn for each of the sketch's

/** @param {HTMLElement} root @param {CardOptions} options */
export function createCard(root, { bundle, sketches, sprites, theme, onTravel, changeLink }) {
  const { classes, layers } = bundle.manifest;
  /** @type {{ sample: number, pointed: number | null, trace: Trace | null }} */
  let state = { sample: 0, pointed: null, trace: null };
  const block = select(root).append("section").attr("class", "card").attr("aria-label", `The ${nounOf(bundle.manifest).one} in detail`);
  const picture = block.append("canvas").attr("class", "card-picture").attr("aria-hidden", "true");
  const text = block.append("div").attr("class", "card-text");
  const role = text.append("p").attr("class", "card-role");
  const title = text.append("h2").attr("class", "card-title");
  const reading = text.append("p").attr("class", "card-reading");
  const change = changeLink ? text.append("a").attr("class", "card-change").text("What if it were different?") : null;
  const move = block.append("div").attr("class", "card-move");
  const words = move.append("p").attr("class", "card-verdict");
  const table = move.append("table").attr("class", "card-ranks");
  const hint = move.append("p").attr("class", "card-hint");
  const travel = move.append("button").attr("type", "button").attr("class", "card-travel").text("Travel to it");
  travel.on("click", () => state.pointed !== null && onTravel(state.pointed));

  let frame = 0;
  const redraw = () => void (frame ||= requestAnimationFrame(draw));
  function draw() {
    frame = 0;
    const canvas = /** @type {HTMLCanvasElement} */ (picture.node());
    const sample = state.pointed ?? state.sample;
    const image = sprites.large(sample, FACTOR);
    canvas.width = sketches.width * FACTOR;
    canvas.height = sketches.height * FACTOR;
    if (image) canvas.getContext("2d")?.drawImage(image, 0, 0);
    else sketches.want("card", [sample]);
  }

  /** @param {import("../../wasm/ntrace.d.ts").TracePoint} point @param {Trace} trace */
  function tell(point, { from, to, exact }) {
    words.attr("class", `card-verdict is-${direction(point)} is-${membership(point)}`).text(`${verdict(point)}.`);
    const about = (/** @type {boolean} */ member) => (member && exact ? "" : "about ");
    const rows = [
      ["", layerName(layers, from), layerName(layers, to)],
      ["Rank", about(point.inFrom) + ordinal(point.rankFrom), about(point.inTo) + ordinal(point.rankTo)],
      ["Distance", distance(point.distanceFrom), distance(point.distanceTo)],
      ["Radius", point.radiusFrom.toFixed(2), point.radiusTo.toFixed(2)],
    ];
    table
      .selectAll("tr")
      .data(rows)
      .join("tr")
      .selectAll("td")
      .data((row) => row)
      .join("td")
      .text((cell) => cell);
  }

  const ends = [sketches.subscribe(redraw), theme.subscribe(redraw)];
  return {
    /** @param {{ sample: number, pointed: number | null, trace: Trace | null }} next */
    update(next) {
      state = next;
      const sample = state.pointed ?? state.sample;
      change?.attr("href", changeLink?.(sample) ?? null);
      const point = state.trace?.points.find((p) => p.sample === state.pointed);
      role.text(state.pointed === null ? "In the centre" : "Pointed at");
      title.text(callOf(bundle.manifest, bundle.labels, sample));
      const isGuest = /** @type {any} */ (bundle.manifest).guest?.sample === sample;
      title.append("span").attr("class", "card-number").text(isGuest ? "" : ` no. ${count(sample)}`);
      const [label, prediction] = [bundle.labels[sample], bundle.predictions[sample]];
      reading.text(isGuest ? `The network reads it as ${classes[prediction]}, ${percent(bundle.confidences[sample])} sure.` : readingOf(bundle, sample)).classed("is-wrong", label !== prediction);
      block.classed("has-point", point !== undefined);
      for (const part of [words, table, travel]) part.attr("hidden", point ? null : "");
      hint.attr("hidden", point ? "" : null).text(touch.matches ? "Tap a neighbour to put it in the centre; hold one, or slide, to look first." : "Point at a neighbour to see how it moved. Click it to put it in the centre.");
      if (point && state.trace) tell(point, state.trace);
      redraw();
    },
    destroy() {
      cancelAnimationFrame(frame);
      for (const end of ends) end();
      block.remove();
    },
  };
}
