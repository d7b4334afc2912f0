/** Why samples are suggested, in words: a heading and a line for each reason, a sentence for each sample. What the figures mean stands in include/ntrace/suggest.h. */
import { knows } from "../answers.js";
import { count, layerName, percent, roughly } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../../wasm/ntrace.d.ts").Suggestion} Suggestion */
/** @typedef {Suggestion["reason"]} ReasonName */

/**
 * What sentences are made with.
 *
 * @typedef {object} Speech
 * @property {string} nearest "its 100 nearest"
 * @property {(layer: number) => string} at a layer's name
 * @property {(label: number) => string} name of a class
 * @property {(number: number) => string} samples "1 sketch", "12 sketches"
 * @property {number} k
 * @property {(sample: number, probability: number) => string} reading how the network reads it, to the end of the sentence
 */

/**
 * @template {ReasonName} R
 * @typedef {object} Reason
 * @property {R} name
 * @property {string} title
 * @property {string} about one line on what the samples have in common
 * @property {"layer" | "step" | "label" | null} parts what the samples of one reason are parted by
 * @property {(suggestion: Extract<Suggestion, { reason: R }>, speech: Speech) => string} say
 */

/** @template {ReasonName} R @param {Reason<R>} reason @returns {Reason<any>} */
const reason = (reason) => reason;

/** "all", "none", "45 %". @param {number} share */
const part = (share) => (share === 0 ? "none" : share === 1 ? "all" : percent(share));

/** @param {{ from: number, layer: number, fromClass: number, toClass: number, fromShare: number, toShare: number }} suggestion @param {Speech} speech */
const flip = ({ from, layer, fromClass, toClass, fromShare, toShare }, { nearest, at, name }) =>
  `At ${at(from)} ${part(fromShare)} of ${nearest} are labelled ${name(fromClass)}; at ${at(layer)} ${part(toShare)} are labelled ${name(toClass)}.`;

/** @param {{ from: number, kept: number, meanKept: number }} suggestion @param {Speech} speech */
const stable = ({ from, kept, meanKept }, { nearest, at }) =>
  `Over the layers that follow it keeps ${roughly(kept)} of ${nearest} at ${at(from)} on average; over all samples the average is ${roughly(meanKept)}.`;

/** In the order in which they are shown. */
export const REASONS = [
  reason({
    name: "mislabelled", title: "Perhaps labelled wrongly", parts: null,
    about: "Their neighbours at the last layer and the network agree on a class that is not their label.",
    say: ({ label, layer, suggested, share, probability, ownShare }, { nearest, at, name }) =>
      `Labelled ${name(label)}, but ${part(share)} of ${nearest} at ${at(layer)} are labelled ${name(suggested)} and ${part(ownShare)} as it is; the network gives ${name(suggested)} ${percent(probability)}.`,
  }),
  reason({
    name: "ambiguous", title: "Between two classes", parts: null,
    about: "Their neighbours at the last layer are divided between two classes, nearly equally.",
    say: ({ sample, layer, majority, second, share, secondShare, probability }, { nearest, at, name, reading }) =>
      `At ${at(layer)} ${part(share)} of ${nearest} are labelled ${name(majority)} and ${part(secondShare)} ${name(second)}${reading(sample, probability)}`,
  }),
  reason({
    name: "corrected", title: "Put right by the network", parts: null,
    about: "They begin among another class and end among their own.",
    say: ({ from, layer, majorityBefore, shareBefore, ownShareBefore, ownShareAfter }, { nearest, at, name }) =>
      `At ${at(from)} ${part(shareBefore)} of ${nearest} are labelled ${name(majorityBefore)} and ${part(ownShareBefore)} as it is; at ${at(layer)} ${part(ownShareAfter)} are labelled as it is.`,
  }),
  reason({
    name: "changesClassOverall", title: "From one class to another", parts: null,
    about: "The class that most of their neighbours have differs between the first and the last layer, clearly at both.",
    say: flip,
  }),
  reason({
    name: "unusual", title: "Far from their own class", parts: "layer",
    about: "Few or none of their neighbours have their label.",
    say: ({ layer, majority, purity, distanceRatio }, { nearest, at, name, k }) =>
      purity === 0
        ? `None of ${nearest} at ${at(layer)} has its label; most are labelled ${name(majority)}. ${k === 1 ? "The nearest" : `Neighbour ${count(k)}`} is ${roughly(distanceRatio)} times as far as those of the same class usually are in its class.`
        : `${percent(purity)} of ${nearest} at ${at(layer)} have its label; most are labelled ${name(majority)}. Those with its label are ${roughly(distanceRatio)} times as far as is usual in its class.`,
  }),
  reason({
    name: "mostStable", title: "Keep most of their neighbours", parts: null,
    about: "They stay beside the same samples from the first layer on.",
    say: stable,
  }),
  reason({
    name: "leastStable", title: "Keep fewest of their neighbours", parts: null,
    about: "They leave their first neighbours early and for good.",
    say: stable,
  }),
  reason({
    name: "changesMost", title: "Lose most in one step", parts: "step",
    about: "From one layer to the next they lose more neighbours than others do.",
    say: ({ from, layer, kept, meanKept }, { nearest, at }) => `Of ${nearest} at ${at(from)} it keeps ${count(kept)} at ${at(layer)}; the average is ${roughly(meanKept)}.`,
  }),
  reason({
    name: "changesClass", title: "Change class in one step", parts: "step",
    about: "From one layer to the next the class that most of their neighbours have becomes another.",
    say: flip,
  }),
  reason({
    name: "hub", title: "Near to many", parts: "layer",
    about: "Hubs: they are among the nearest of far more samples than others are.",
    say: ({ layer, neighborhoods, ownShare }, { at, samples, k }) =>
      `At ${at(layer)} it is among the ${k === 1 ? "nearest" : `${count(k)} nearest`} of ${samples(neighborhoods)}, ${part(ownShare)} of them with its label.`,
  }),
  reason({
    name: "typical", title: "Typical of their class", parts: "label",
    about: "At the last layer they are among the nearest of most samples of their class.",
    say: ({ layer, neighborhoods, purity }, { nearest, at, samples, k }) =>
      `At ${at(layer)} it is among the ${k === 1 ? "nearest" : `${count(k)} nearest`} of ${samples(neighborhoods)} of its class; ${part(purity)} of ${nearest} have its label.`,
  }),
];

/** @param {Pick<Bundle, "manifest" | "predictions">} bundle @param {number} k @returns {Speech} */
export function speechOf({ manifest, predictions }, k) {
  const { classes, layers, dataset } = manifest;
  const { one, many } = dataset.noun ?? { one: "sample", many: "samples" };
  return {
    k,
    nearest: k === 1 ? "its one nearest" : `its ${count(k)} nearest`,
    at: (layer) => layerName(layers, layer),
    name: (label) => classes[label],
    samples: (number) => `${count(number)} ${number === 1 ? one : many}`,
    reading: (sample, probability) => (knows(manifest, "classes") ? `; the network reads it as ${classes[predictions[sample]]}${knows(manifest, "sure") ? `, ${percent(probability)} sure` : ""}.` : "."),
  };
}

/** @param {Suggestion} suggestion @param {Speech} speech @returns {string} */
export const sentenceOf = (suggestion, speech) => /** @type {Reason<any>} */ (REASONS.find(({ name }) => name === suggestion.reason)).say(suggestion, speech);

/** The two layers between which a trace shows what a suggestion speaks of. @param {Suggestion} suggestion @param {number} layers @returns {{ from: number, to: number }} */
export function traceOf(suggestion, layers) {
  if ("from" in suggestion) return { from: suggestion.from, to: suggestion.layer };
  return suggestion.layer === 0 ? { from: 0, to: layers - 1 } : { from: 0, to: suggestion.layer };
}

/**
 * Suggestions of one reason in their parts: all in one, or by layer, by step or by class.
 * @param {Suggestion[]} suggestions @param {Reason<any>} reason @param {Speech} speech @returns {{ title: string, suggestions: Suggestion[] }[]}
 */
export function partsOf(suggestions, { parts }, speech) {
  /** @type {Map<string, Suggestion[]>} */
  const found = new Map();
  for (const suggestion of suggestions) {
    const title = parts === null ? "" : parts === "label" ? speech.name(suggestion.label)
      : parts === "step" && "from" in suggestion ? `${speech.at(suggestion.from)} → ${speech.at(suggestion.layer)}` : `At ${speech.at(suggestion.layer)}`;
    found.set(title, [...(found.get(title) ?? []), suggestion]);
  }
  return [...found].map(([title, part]) => ({ title, suggestions: part }));
}
