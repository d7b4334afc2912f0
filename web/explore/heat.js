/** Explanations as pictures: signed values in two colours, unsigned ones along a ramp, over the sketch's faint ink; and their sentences. */
import { rgb } from "d3";

/** @typedef {import("../theme.js").Tokens} Tokens */
/** @typedef {import("./explanations.js").Explanation} Explanation */
/** @typedef {import("./explanations.js").Method} Method */

/** How much of the sketch shows through. */
const FAINT = 0.3;
/** Below 1: weak values show too. */
const POWER = 0.7;

/** What each method shows, in a list, in a sentence, and which colours it needs. @type {Record<Method, { title: string, about: string, colours: "bars" | "signed" | "ramp" | "ink" }>} */
export const METHODS = {
  probabilities: { title: "Probabilities", colours: "bars", about: "How sure the network is of each class: the softmax of its last layer." },
  gradient: { title: "Gradient", colours: "signed", about: "Where a little more ink would raise the score of the predicted class, or lower it." },
  integratedGradients: { title: "Integrated gradients", colours: "signed", about: "What each pixel adds to the score of the predicted class, or takes from it, seen from an empty image." },
  gradCam: { title: "Grad-CAM", colours: "ramp", about: "Where the last convolution finds what speaks for the predicted class." },
  occlusion: { title: "Occlusion", colours: "signed", about: "By how much the score of the predicted class drops, or rises, when a small window hides this place." },
  neighborMean: { title: "Mean of the nearest", colours: "ink", about: "The mean image of its nearest in the input, by cosine." },
};

/**
 * One number a pixel: of several channels the one furthest from 0.
 * @param {{ values: Float32Array, channels: number }} explanation
 */
export function pixelsOf({ values, channels }) {
  if (channels === 1) return values;
  return Float32Array.from({ length: values.length / channels }, (_, i) => values.subarray(i * channels, (i + 1) * channels).reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)));
}

/** The largest distance of a value from 0. @param {ArrayLike<number>} values */
export function strongest(values) {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

/** @param {string[]} ramp @returns {(t: number) => [number, number, number]} */
function alongRamp(ramp) {
  const stops = ramp.map((colour) => rgb(colour));
  return (t) => {
    const at = Math.min(stops.length - 2, Math.floor(t * (stops.length - 1)));
    const share = t * (stops.length - 1) - at;
    const [a, b] = [stops[at], stops[at + 1]];
    return [a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share, a.b + (b.b - a.b) * share];
  };
}

/** A value's colour and how opaque it is, -1 to 1 or 0 to 1. @param {"signed" | "ramp" | "ink"} colours @param {Tokens} tokens @returns {(t: number) => [number, number, number, number]} */
function painter(colours, tokens) {
  if (colours === "ramp") {
    const mix = alongRamp(tokens.ramp);
    return (t) => [...mix(Math.max(0, t)), Math.min(1, 0.9 * Math.max(0, t) + 0.08)];
  }
  const [up, down] = [colours === "ink" ? tokens.ink : tokens.closer, tokens.farther].map((colour) => rgb(colour));
  return (t) => {
    const { r, g, b } = t < 0 ? down : up;
    return [r, g, b, colours === "ink" ? t : Math.abs(t) ** POWER];
  };
}

/**
 * A picture of an explanation, one pixel of it for each of the image's.
 * @param {Exclude<Explanation, { method: "probabilities" }> | import("../../wasm/ntrace.d.ts").LayerGradient} explanation
 * @param {Uint8Array | undefined} image the sketch, ink 255; undefined where it is not there yet
 * @param {Tokens} tokens
 */
export function heatOf(explanation, image, tokens) {
  const { width, height, method } = explanation;
  const colours = method === "layerGradient" ? "signed" : METHODS[/** @type {Method} */ (method)].colours;
  const values = pixelsOf(explanation);
  const most = (colours === "signed" ? strongest(values) : 1) || 1;
  const paint = painter(/** @type {"signed" | "ramp" | "ink"} */ (colours), tokens);
  const ink = rgb(tokens.ink);
  const data = new ImageData(width, height);
  for (let i = 0; i < values.length; i++) {
    const [r, g, b, a] = paint(values[i] / most);
    const over = colours === "ink" ? 0 : (FAINT * (image?.[i] ?? 0)) / 255;
    const alpha = over + a * (1 - over);
    if (alpha === 0) continue;
    const share = over / alpha;
    data.data.set([ink.r * share + r * (1 - share), ink.g * share + g * (1 - share), ink.b * share + b * (1 - share), 255 * alpha], 4 * i);
  }
  return data;
}
