/** Colours of the samples: a few buckets, so that what is drawn in bulk changes colour seldom. */
import { interpolateLab, piecewise, rgb } from "d3";
import { count } from "../words.js";
import { MEASURES, extentOf, measureOf } from "./measures.js";

/** @typedef {import("./measures.js").MeasureContext} MeasureContext */
/** @typedef {import("../theme.js").Tokens} Tokens */

/**
 * @typedef {object} Colouring
 * @property {string} name as in the URL
 * @property {string} title
 * @property {string} about one sentence
 * @property {Uint8Array} bucket [N] into `colours`
 * @property {string[]} colours CSS, "#rrggbb"
 * @property {{ bucket: number, text: string }[]} items of a legend of single colours, empty for a ramp
 * @property {{ low: string, high: string } | null} ramp what its ends mean
 * @property {boolean} complete false while the values have not arrived: all samples have one colour then
 */

const STEPS = 24;

/** What can be chosen, in the order of the list. @type {{ name: string, title: string, needs?: import("../answers.js").Answers }[]} */
export const COLOURINGS = [
  { name: "class", title: "Class" },
  { name: "prediction", title: "Predicted class", needs: "classes" },
  { name: "right", title: "Read rightly or wrongly", needs: "classes" },
  ...MEASURES.map(({ name, title, needs }) => ({ name, title, needs })),
];

/** @param {string[]} ramp @param {number} steps */
function stepsOf(ramp, steps) {
  const mix = piecewise(interpolateLab, ramp);
  return Array.from({ length: steps }, (_, i) => rgb(mix(i / (steps - 1))).formatHex());
}

/** @param {string} name @param {string} title @param {string} about @param {Uint16Array} labels @param {string[]} classes @param {Tokens} tokens @returns {Colouring} */
function byClass(name, title, about, labels, classes, tokens) {
  const colours = classes.map((_, c) => tokens.classes[c % tokens.classes.length]);
  return { name, title, about, bucket: Uint8Array.from(labels), colours, items: classes.map((text, bucket) => ({ bucket, text })), ramp: null, complete: true };
}

/** @param {MeasureContext} context @param {Tokens} tokens @returns {Colouring} */
function byVerdict({ bundle }, tokens) {
  return {
    name: "right", title: "Read rightly or wrongly", about: "Whether the class that the network predicts is the label.",
    bucket: Uint8Array.from(bundle.labels, (label, i) => Number(label !== bundle.predictions[i])),
    colours: [tokens.closer, tokens.farther],
    items: [{ bucket: 0, text: "rightly" }, { bucket: 1, text: "wrongly" }],
    ramp: null,
    complete: true,
  };
}

/** @param {import("./measures.js").Measure} measure @param {MeasureContext} context @param {Tokens} tokens @returns {Colouring} */
function byMeasure(measure, context, tokens) {
  const { name, title, about, format } = measure;
  const values = measure.read(context);
  const n = context.bundle.labels.length;
  if (!values) return { name, title, about, bucket: new Uint8Array(n), colours: [tokens.rule], items: [], ramp: null, complete: false };
  const [low, high] = measure.domain?.(context) ?? extentOf(values);
  const scale = STEPS / (high - low || 1);
  const bucket = Uint8Array.from({ length: n }, (_, i) => Math.max(0, Math.min(STEPS - 1, Math.floor((values[i] - low) * scale))));
  return { name, title, about, bucket, colours: stepsOf(tokens.ramp, STEPS), items: [], ramp: { low: format(low), high: format(high) }, complete: true };
}

/** The colouring that the state asks for. @param {MeasureContext} context @param {Tokens} tokens @returns {Colouring} */
export function colourSamples(context, tokens) {
  const { bundle, state } = context;
  const { classes } = bundle.manifest;
  const measure = measureOf(state.colour);
  if (measure) return byMeasure(measure, context, tokens);
  if (state.colour === "right") return byVerdict(context, tokens);
  const several = classes.length > tokens.classes.length ? ` With ${count(classes.length)} classes colours repeat.` : "";
  if (state.colour === "prediction") {
    return byClass("prediction", "Predicted class", `The class that the network predicts.${several}`, bundle.predictions, classes, tokens);
  }
  return byClass("class", "Class", `The label that the sample came with.${several}`, bundle.labels, classes, tokens);
}
