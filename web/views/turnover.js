/** Where it breaks: what turned a neighbourhood over at one layer: the pixels, the channels, who left and who arrived. */
import { rgb, select } from "d3";
import { heatOf } from "../explore/heat.js";
import { callOf, count, layerName, nounOf } from "../words.js";

/** @typedef {import("../turnover_session.js").KnownTurnover} KnownTurnover */
/** @typedef {import("../turnover_session.js").Turnover} Turnover */

/**
 * @typedef {object} TurnoverState
 * @property {number} sample
 * @property {number | null} layer null: none is looked into
 * @property {KnownTurnover} known
 * @property {boolean} [isPair] whether it speaks of a changed sample and its original
 * @property {number | null} steepest the layer at which the curve drops most, for the way there; null: there is none
 */

const SHOWN = 8; // samples of each kind
const SIZE = 34; // pixels of each
const CHANNELS = 8;
const share = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });

/**
 * @param {HTMLElement} root
 * @param {Pick<import("./trace.js").TraceOptions, "bundle" | "sketches" | "sprites" | "theme"> & { onLook: (layer: number | null) => void }} options
 */
export function createTurnover(root, { bundle, sketches, sprites, theme, onLook }) {
  const { manifest, labels } = bundle;
  const { layers, classes } = manifest;
  const { many } = nounOf(manifest);
  const block = select(root).append("section").attr("class", "turnover").attr("aria-label", "Where it breaks");
  const head = block.append("div").attr("class", "figure-head");
  const title = head.append("h2").text("Where it breaks");
  const close = head.append("button").attr("type", "button").attr("class", "turnover-close").text("Close").on("click", () => onLook(null));
  const lead = block.append("p").attr("class", "figure-note").attr("role", "status");
  const way = block.append("button").attr("type", "button").attr("class", "turnover-way");
  const parts = block.append("div").attr("class", "turnover-parts");

  const pixels = parts.append("figure");
  const picture = pixels.append("canvas").attr("class", "turnover-picture").attr("role", "img");
  const pixelWords = pixels.append("figcaption");
  const channels = parts.append("div").attr("class", "turnover-channels");
  channels.append("h3");
  const list = channels.append("ol");
  const channelWords = channels.append("p");
  const crowds = parts.append("div").attr("class", "turnover-crowds");
  const crowd = crowds.selectAll("div").data(/** @type {const} */ (["left", "arrived"])).join("div").attr("class", (kind) => `turnover-${kind}`);
  crowd.append("h3");
  crowd.append("canvas").attr("role", "img");

  /** @type {TurnoverState} */
  let state = { sample: -1, layer: null, known: { value: null, stage: "waiting", progress: "", error: null }, steepest: null };

  /** What there is of what is asked. @returns {Turnover | null} */
  function found() {
    const { value } = state.known;
    return value && value.wish.sample === state.sample && value.wish.layer === state.layer ? value : null;
  }

  function drawPicture() {
    const explanation = found()?.explanation;
    if (!explanation) return;
    const canvas = /** @type {HTMLCanvasElement} */ (picture.node());
    [canvas.width, canvas.height] = [explanation.width, explanation.height];
    canvas.getContext("2d")?.putImageData(heatOf(explanation, sketches.get(state.sample), theme.tokens()), 0, 0);
  }

  /** One channel of an activation as ink. @param {HTMLCanvasElement} canvas @param {Turnover} turnover @param {number} channel */
  function drawChannel(canvas, { explanation, wish }, channel) {
    if (!explanation) return;
    const [all, height, width] = layers[wish.layer].shape;
    const { activation } = explanation;
    const values = Float32Array.from({ length: height * width }, (_, i) => activation[i * all + channel]);
    const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
    const { r, g, b } = rgb(theme.tokens().ink);
    const data = new ImageData(width, height);
    values.forEach((value, i) => data.data.set([r, g, b, (255 * (value - low)) / (high - low || 1)], 4 * i));
    [canvas.width, canvas.height] = [width, height];
    canvas.getContext("2d")?.putImageData(data, 0, 0);
  }

  function drawChannels() {
    const turnover = found();
    const moves = turnover?.explanation?.moves;
    if (!turnover || !moves) return;
    const whole = moves.reduce((sum, move) => sum + Math.abs(move), 0) || 1;
    const strongest = Array.from(moves, (move, channel) => ({ channel, move })).sort((a, b) => Math.abs(b.move) - Math.abs(a.move)).slice(0, CHANNELS);
    const most = Math.abs(strongest[0]?.move ?? 0) || 1;
    const items = list.selectAll("li").data(strongest).join((enter) => {
      const item = enter.append("li");
      item.append("canvas").attr("aria-hidden", "true");
      item.append("span").attr("class", "turnover-name");
      item.append("i").attr("aria-hidden", "true");
      item.append("span").attr("class", "turnover-share");
      return item;
    });
    items.classed("is-against", ({ move }) => move < 0);
    items.select(".turnover-name").text(({ channel }) => `${layers[turnover.wish.layer].shape[1] > 1 ? "channel" : "unit"} ${channel}`);
    items.select("i").style("--share", ({ move }) => String(Math.abs(move) / most));
    items.select(".turnover-share").text(({ move }) => share.format(move / whole));
    items.each(function ({ channel }) {
      drawChannel(/** @type {HTMLCanvasElement} */ (select(this).select("canvas").node()), turnover, channel);
    });
  }

  function drawCrowds() {
    const turnover = found();
    if (!turnover) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    crowd.each(function (kind) {
      const samples = turnover[kind].slice(0, SHOWN);
      const canvas = /** @type {HTMLCanvasElement} */ (select(this).select("canvas").node());
      [canvas.width, canvas.height] = [SHOWN * SIZE * ratio, SIZE * ratio];
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      context.scale(ratio, ratio);
      samples.forEach((sample, i) => sprites.draw(context, sample, (i + 0.5) * SIZE, SIZE / 2, SIZE - 4));
    });
  }

  function draw() {
    drawPicture();
    drawChannels();
    drawCrowds();
  }

  /** @param {Turnover} turnover */
  function describe({ wish, kept, left, explanation }) {
    const name = callOf(manifest, labels, wish.sample);
    const at = layerName(layers, wish.layer);
    if (wish.other !== null) return `By how much the ${name} has moved away from its original at ${at}, pixel by pixel and channel by channel.`;
    const before = layerName(layers, wish.layer - 1);
    if (!explanation) return `Nothing turned over: all ${count(kept)} nearest of this ${name} at ${before} are its nearest at ${at} too.`;
    return `From ${before} to ${at} this ${name} kept ${count(kept)} of its ${count(wish.k)} nearest; ${count(left.length)} left and as many arrived. ${at} parts it from those who left more than from those who arrived by ${explanation.value.toPrecision(3)} in mean squared distance.`;
  }

  /** @param {Turnover | null} turnover */
  function tell(turnover) {
    const { layer, known, steepest, isPair = false } = state;
    title.text(layer === null ? "Where it breaks" : isPair ? `What parts them at ${layerName(layers, layer)}` : `Where it breaks: ${layerName(layers, layer)}`);
    close.attr("hidden", layer === null || isPair ? "" : null);
    way.attr("hidden", layer === null && steepest !== null ? null : "").text(steepest === null ? "" : `Look into ${layerName(layers, steepest)}, where the curve drops most`);
    parts.attr("hidden", turnover?.explanation ? null : "");
    block.attr("data-state", layer === null ? "idle" : turnover ? "ready" : known.stage === "failed" ? "failed" : "waiting");
    if (layer === null) return void lead.text("Choose a layer on the curve, and see which pixels and which channels turned the neighbourhood over there.");
    if (!turnover) return void lead.text(known.error?.message ?? `${known.progress || "Looking at who left and who arrived"} …`);
    lead.text(describe(turnover));
    const [away, towards] = isPair ? ["further from the original", "nearer to it"] : [`further from those who left and nearer to those who arrived`, "the other way"];
    pixelWords.text(`A little more ink where it is green-blue would move it ${away} at this layer; where it is orange, ${towards}.`);
    picture.attr("aria-label", "Saliency of the layer’s activation with respect to the input");
    channels.select("h3").text("The channels that moved most");
    channelWords.text(isPair ? "Each one’s part of the squared distance, and its activation." : "Each one’s part of that difference, of all parts taken without sign, and this one’s activation.");
    crowds.attr("hidden", isPair ? "" : null);
    for (const kind of /** @type {const} */ (["left", "arrived"])) {
      const samples = turnover[kind];
      const own = crowd.filter((of) => of === kind);
      own.select("h3").text(`${count(samples.length)} ${many} ${kind}`);
      own.select("canvas").attr("aria-label", `The nearest of those who ${kind}: ${samples.slice(0, SHOWN).map((sample) => `${classes[labels[sample]]} no. ${count(sample)}`).join(", ")}`);
    }
  }

  way.on("click", () => onLook(state.steepest));
  const ends = [sketches.subscribe(draw), theme.subscribe(draw)];
  return {
    /** @param {TurnoverState} next */
    update(next) {
      const before = found();
      state = next;
      const turnover = found();
      tell(turnover);
      if (turnover && turnover !== before) {
        sketches.want("turnover", [turnover.wish.sample, ...turnover.left.slice(0, SHOWN), ...turnover.arrived.slice(0, SHOWN)]);
        draw();
      }
    },
    destroy() {
      for (const end of ends) end();
      block.remove();
    },
  };
}

/** The layer at which a sample loses most of what it kept at the layer before, the first of equal ones; null where it loses nowhere. @param {(layer: number) => number} kept @param {number} layers */
export function steepestDrop(kept, layers) {
  let [layer, most] = [0, 0];
  for (let l = 1; l < layers; l++) if (kept(l - 1) - kept(l) > most) [layer, most] = [l, kept(l - 1) - kept(l)];
  return layer > 0 ? layer : null;
}
