/** The figure's headline: what the engine counted, in two sentences, and how exact it is. */
import { select } from "d3";
import { callOf, chance, count, direction, layerName, nounOf, percent, roughly } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Manifest} Manifest */
/** @typedef {import("../../wasm/ntrace.d.ts").Trace} Trace */
/** @typedef {import("../../wasm/ntrace.d.ts").TracePoint} TracePoint */

/** @param {HTMLElement} root @param {{ manifest: Manifest, labels: Uint16Array, onAll: () => void }} options onAll: all traces are to be drawn again */
export function createSummary(root, { manifest, labels, onAll }) {
  const block = select(root).append("div").attr("class", "summary");
  const headline = block.append("p").attr("class", "summary-headline").attr("aria-live", "polite");
  const moves = block.append("p").attr("class", "summary-moves");
  const state = block.append("p").attr("class", "summary-state");

  /** @type {{ trace: Trace | null, kept: TracePoint[] | null }} */
  let told = { trace: null, kept: null };

  /** @param {Trace} trace @param {TracePoint[] | null} kept */
  function tell({ sample, from, to, k, overlap, closer, farther, points }, kept) {
    const { classes, layers } = manifest;
    const { many } = nounOf(manifest);
    if (from === to) fill(headline, [`These are the ${count(k)} ${many} nearest to this `, ["em", callOf(manifest, labels, sample)], ` at ${layerName(layers, from)}.`]);
    else fill(headline, [
      `Of the ${count(k)} ${many} nearest to this `,
      ["em", callOf(manifest, labels, sample)],
      ` at ${layerName(layers, from)}, `,
      ["strong", count(overlap)],
      ` ${overlap === 1 ? "is" : "are"} still among its ${count(k)} nearest at ${layerName(layers, to)}.`,
    ]);
    if (from === to) fill(moves, ["Choose another layer for “to”, or press play, and see them travel."]);
    else tellMoves(kept ?? points, kept !== null, { k, closer, farther, points });
  }

  /** @param {TracePoint[]} drawn @param {boolean} isPart whether some traces are left out @param {Pick<Trace, "k" | "closer" | "farther" | "points">} trace */
  function tellMoves(drawn, isPart, { k, closer, farther, points }) {
    const went = (/** @type {string} */ way) => drawn.filter((point) => direction(point) === way).length;
    const ways = isPart ? [went("closer"), went("farther")] : [closer, farther];
    fill(moves, [
      isPart ? `${count(drawn.length)} of the ${count(points.length)} traces are drawn: ` : `Chance would keep ${roughly(chance(k, manifest.dataset.samples))}. Among all ${count(drawn.length)} drawn, `,
      ["closer", `${count(ways[0])} came closer`],
      " and ",
      ["farther", `${count(ways[1])} drifted off`],
      ". ",
    ]);
    if (isPart) moves.append("button").attr("type", "button").attr("class", "summary-all").text("Show all").on("click", onAll);
  }

  /** @param {Trace} trace @param {string} stage @param {string} progress */
  function certainty({ from, to, exact }, stage, progress) {
    if (stage === "waiting") return progress ? `${sentence(progress)} …` : "Asking the engine …";
    if (stage === "failed") return "Not the answer to what is chosen now: see below.";
    if (exact) return "Exact: ranked by the network's own activations.";
    const { layers, chunks } = manifest;
    const recall = Math.min(layers[from].recallCodes, layers[to].recallCodes);
    if (!chunks.some(({ role }) => role === "weights")) return `From compressed codes, which find ${percent(recall)} of the true nearest here: this bundle holds no network to rank them exactly.`;
    const preview = `Preview from compressed codes, which find ${percent(recall)} of the true nearest here`;
    return progress ? `${preview}. ${sentence(progress)} …` : `${preview}.`;
  }

  return {
    /** @param {{ trace: Trace | null, stage: string, progress: string, kept: TracePoint[] | null }} answer kept: the points that are drawn, null for all */
    update({ trace, stage, progress, kept }) {
      if (!trace) return;
      if (trace !== told.trace || kept !== told.kept) tell(trace, kept);
      told = { trace, kept };
      state.text(certainty(trace, stage, progress)).classed("is-exact", stage === "exact");
    },
    destroy() {
      block.remove();
    },
  };
}

/** @param {string} text */
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * Text in parts, each either plain or of a kind; never markup.
 *
 * @param {import("d3").Selection<HTMLParagraphElement, unknown, null, undefined>} paragraph
 * @param {(string | [string, string])[]} parts
 */
function fill(paragraph, parts) {
  paragraph.selectChildren().remove();
  paragraph.text("");
  for (const part of parts) {
    const [kind, text] = typeof part === "string" ? ["span", part] : part;
    if (kind === "closer" || kind === "farther") paragraph.append("span").attr("class", `is-${kind}`).text(text);
    else paragraph.append(kind).text(text);
  }
}
