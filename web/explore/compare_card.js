/** One sample among those laid side by side: the sketch, how it is read, what explains that, its curve. */
import { line, select } from "d3";
import { shortReading } from "../answers.js";
import { count, layerName, nounOf, percent, sentence, shortPercent } from "../words.js";
import { METHODS, heatOf, pixelsOf, strongest } from "./heat.js";

/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {import("./explanations.js").Explanation} Explanation */
/** @typedef {import("./explanations.js").Method} Method */
/** @typedef {import("../../wasm/ntrace.d.ts").Probabilities} Probabilities */

/**
 * @typedef {object} CardState
 * @property {number} place among the cards
 * @property {number} places
 * @property {"none" | Method} explain
 * @property {Explanation | null} explanation
 * @property {string} problem why there is none, in words; empty while it may come
 * @property {number[] | null} curve neighbours kept at each layer
 * @property {number[][]} others curves of the other cards
 * @property {number} near the most that can be kept
 * @property {string} link to its trace
 * @property {string | null} changeLink to where it can be changed, null where it cannot
 */

/** @typedef {{ onRemove: () => void, onMove: (by: number) => void, onPoint: (isPointed: boolean) => void }} CardActions */

const FACTOR = 4; // pixels drawn for each of the sketch's
const [WIDE, TALL] = [100, 24];
const MOST_BARS = 4;
const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });

/**
 * @param {HTMLElement} root a list's item @param {number} sample
 * @param {Pick<PartOptions, "bundle" | "sketches" | "sprites" | "theme"> & CardActions} options
 */
export function createCompareCard(root, sample, { bundle, sketches, sprites, theme, onRemove, onMove, onPoint }) {
  const { classes, layers } = bundle.manifest;
  const [label, prediction] = [bundle.labels[sample], bundle.predictions[sample]];
  const name = `${classes[label]} no. ${count(sample)}`;
  const card = select(root).attr("class", label === prediction ? "compare-card" : "compare-card is-wrong").attr("data-pin", sample);
  const head = card.append("div").attr("class", "compare-head");
  const title = head.append("h3").text(classes[label]);
  title.append("span").text(` no. ${count(sample)}`);
  /** @param {string} text @param {string} what @param {() => void} act */
  const button = (text, what, act) => head.append("button").attr("type", "button").attr("aria-label", `${what}: ${name}`).attr("title", what).text(text).on("click", act);
  const [left, right] = [button("‹", "Move left", () => onMove(-1)), button("›", "Move right", () => onMove(1))];
  button("×", "Unpin", onRemove);
  card.append("p").attr("class", "compare-reading").text(shortReading(bundle, sample));
  const pictures = card.append("div").attr("class", "compare-pictures");
  const sketch = pictures.append("canvas").attr("class", "compare-sketch").attr("role", "img").attr("aria-label", `${sentence(nounOf(bundle.manifest).one)}: ${name}`);
  const heat = pictures.append("canvas").attr("class", "compare-heat").attr("role", "img");
  const bars = pictures.append("ul").attr("class", "compare-bars").attr("aria-label", "Probabilities");
  const note = card.append("p").attr("class", "compare-note").attr("role", "status");
  const curve = card.append("svg").attr("class", "compare-curve").attr("viewBox", `0 -1 ${WIDE} ${TALL + 2}`).attr("preserveAspectRatio", "none").attr("role", "img");
  const rest = curve.append("g").attr("class", "compare-rest");
  const own = curve.append("path").attr("class", "compare-own");
  const foot = card.append("div").attr("class", "compare-foot");
  const kept = foot.append("span");
  const change = foot.append("a").text("Change it").attr("aria-label", `Change it: ${name}, to see what the network makes of it`);
  const link = foot.append("a").text("Open trace").attr("aria-label", `Open trace of ${name}`);
  card.on("pointerenter focusin", () => onPoint(true)).on("pointerleave focusout", () => onPoint(false));

  /** @type {CardState | null} */
  let state = null;
  /** What the second picture was drawn of. @type {any[]} */
  let drawn = [];

  function drawSketch() {
    const canvas = /** @type {HTMLCanvasElement} */ (sketch.node());
    const image = sprites.large(sample, FACTOR);
    [canvas.width, canvas.height] = [sketches.width * FACTOR, sketches.height * FACTOR];
    if (image) canvas.getContext("2d")?.drawImage(image, 0, 0);
  }
  function drawHeat() {
    const explanation = state?.explanation;
    const image = sketches.get(sample);
    if (!explanation || explanation.method === "probabilities") return;
    if (drawn[0] === explanation && drawn[1] === image && drawn[2] === theme.tokens()) return;
    drawn = [explanation, image, theme.tokens()];
    const canvas = /** @type {HTMLCanvasElement} */ (heat.node());
    [canvas.width, canvas.height] = [explanation.width, explanation.height];
    canvas.getContext("2d")?.putImageData(heatOf(explanation, image, theme.tokens()), 0, 0);
  }
  function draw() {
    drawSketch();
    drawHeat();
  }

  /** The likeliest classes, and the label where it is none of them. @param {Probabilities} explanation */
  function drawBars({ values }) {
    const best = Array.from(values, (share, c) => ({ c, share })).sort((a, b) => b.share - a.share).slice(0, MOST_BARS);
    if (!best.some(({ c }) => c === label)) best[MOST_BARS - 1] = { c: label, share: values[label] };
    const items = bars.selectAll("li").data(best).join((enter) => {
      const item = enter.append("li");
      item.append("span").attr("class", "compare-class");
      item.append("span").attr("class", "compare-share");
      item.append("i").attr("aria-hidden", "true");
      return item;
    });
    items.classed("is-label", ({ c }) => c === label);
    items.select(".compare-class").text(({ c }) => classes[c]).attr("title", ({ c }) => (c === label ? "its label" : null));
    items.select(".compare-share").text(({ share }) => shortPercent(share));
    items.select("i").style("--share", ({ share }) => String(share));
  }

  function showExplanation() {
    const { explain, explanation, problem } = /** @type {CardState} */ (state);
    const method = explain === "none" ? null : METHODS[explain];
    const shown = explanation?.method === explain ? explanation : null;
    pictures.classed("is-waiting", method !== null && !shown && problem === "");
    heat.attr("hidden", method && shown && method.colours !== "bars" ? null : "");
    bars.attr("hidden", shown?.method === "probabilities" ? null : "");
    if (shown?.method === "probabilities") drawBars(/** @type {Probabilities} */ (shown));
    const words = method && shown ? noteOf(shown, classes) : "";
    heat.attr("aria-label", `${method?.title}. ${words}`);
    note.text(problem || (method && !shown ? "Being worked out …" : words)).classed("is-error", problem !== "");
  }

  function showCurve() {
    const { curve: values, others, near } = /** @type {CardState} */ (state);
    const path = line((/** @type {number} */ n) => TALL * (1 - n / near)).x((_, l) => (WIDE * l) / Math.max(1, layers.length - 1)).y((n) => TALL * (1 - n / near));
    curve.attr("hidden", values ? null : "");
    kept.text(values ? `${values[0]} → ${values[values.length - 1]} kept` : "");
    if (!values) return;
    own.attr("d", path(values));
    rest.selectAll("path").data(others).join("path").attr("d", (other) => path(other));
    curve.attr("aria-label", `Neighbours kept: ${values.map((n, l) => `${n} at ${layerName(layers, l)}`).join(", ")}`);
  }

  const ends = [sketches.subscribe(draw), theme.subscribe(draw)];
  return {
    /** @param {CardState} next */
    update(next) {
      state = next;
      left.property("disabled", next.place === 0);
      right.property("disabled", next.place === next.places - 1);
      link.attr("href", next.link);
      change.attr("href", next.changeLink).attr("hidden", next.changeLink ? null : "");
      showExplanation();
      showCurve();
      draw();
    },
    /** @param {boolean} isPointed */
    point: (isPointed) => void card.classed("is-pointed", isPointed),
    destroy() {
      for (const end of ends) end();
    },
  };
}

/** What a picture says in numbers. @param {Explanation} explanation @param {string[]} classes */
function noteOf(explanation, classes) {
  if (explanation.method === "probabilities") return "";
  if (explanation.method === "neighborMean") return `of ${count(explanation.k)}, cosine ${precise.format(explanation.cosine[0])} to ${precise.format(explanation.cosine[explanation.k - 1])}`;
  const { method, class: c } = explanation;
  const name = c === null ? "" : classes[c];
  if (method === "gradCam") return strongest(explanation.values) > 0 ? `for ${name}` : `nothing speaks for ${name} there`;
  const values = pixelsOf(explanation);
  return `score of ${name}, strongest ±${precise.format(strongest(values))}`;
}
