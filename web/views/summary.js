/** The figure's headline: what the engine counted, in two sentences, and how exact it is. */
import { select } from "d3";
import { chance, count, direction, layerName, percent, roughly } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Manifest} Manifest */
/** @typedef {import("../../wasm/ntrace.d.ts").Trace} Trace */
/** @typedef {import("../../wasm/ntrace.d.ts").TracePoint} TracePoint */

/** @param {HTMLElement} root @param {{ manifest: Manifest, labels: Uint16Array, onAll: () => void }} options onAll: all traces are to be drawn again */
export function createSummary(root, { manifest, labels, onAll }) {
  const block = select(root).append("div").attr("class", "summary");
  const headline = block.append("p").attr("class", "summary-headline").attr("aria-live", "polite");
  const moves = block.append("p").attr("class", "summary-moves");
  const state = block.append("p").attr("class", "summary-state");

  /** @param {Trace} trace @param {TracePoint[] | null} kept */
  function tell({ sample, from, to, k, overlap, closer, farther, points }, kept) {
    const { classes, layers, dataset } = manifest;
    if (from === to) fill(headline, ["“From” and “to” are both ", layerName(layers, from), ": nothing moves. Choose two layers to see this ", ["em", classes[labels[sample]]], "’s neighbours travel."]);
    else fill(headline, [
      `Of the ${count(k)} sketches nearest to this `,
      ["em", classes[labels[sample]]],
      ` at ${layerName(layers, from)}, `,
      ["strong", count(overlap)],
      ` ${overlap === 1 ? "is" : "are"} still among its ${count(k)} nearest at ${layerName(layers, to)}.`,
    ]);
    const drawn = kept ?? points;
    const ways = kept ? [kept.filter((point) => direction(point) === "closer").length, kept.filter((point) => direction(point) === "farther").length] : [closer, farther];
    fill(moves, [
      kept ? `${count(kept.length)} of the ${count(points.length)} traces are drawn: ` : `Chance would keep ${roughly(chance(k, dataset.samples))}. Among all ${count(drawn.length)} drawn, `,
      ["closer", `${count(ways[0])} came closer`],
      " and ",
      ["farther", `${count(ways[1])} drifted off`],
      ". ",
    ]);
    if (kept) moves.append("button").attr("type", "button").attr("class", "summary-all").text("Show all").on("click", onAll);
  }

  /** @param {Trace} trace @param {string} stage @param {string} progress */
  function certainty({ from, to, exact }, stage, progress) {
    if (stage === "waiting") return progress ? `${sentence(progress)} …` : "Asking the engine …";
    if (stage === "failed") return "Not the answer to what is chosen now: see below.";
    if (exact) return "Exact: ranked by the network's own activations.";
    const { layers } = manifest;
    const recall = Math.min(layers[from].recallCodes, layers[to].recallCodes);
    const preview = `Preview from compressed codes, which find ${percent(recall)} of the true nearest here`;
    return progress ? `${preview}. ${sentence(progress)} …` : `${preview}.`;
  }

  return {
    /** @param {{ trace: Trace | null, stage: string, progress: string, kept: TracePoint[] | null }} answer kept: the points that are drawn, null for all */
    update({ trace, stage, progress, kept }) {
      if (!trace) return;
      tell(trace, kept);
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
