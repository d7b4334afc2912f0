/** What is known of the model's answers: everything with a network, perhaps less where activations were packed. */
import { percent } from "./words.js";

/** @typedef {import("../wasm/ntrace.d.ts").Answers} Answers */
/** @typedef {import("../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../wasm/ntrace.d.ts").Manifest} Manifest */

/** From nothing to everything. @type {Answers[]} */
const LEVELS = ["none", "classes", "sure"];

/** Whether at least so much is known. @param {Pick<Manifest, "answers">} manifest @param {Answers} [needed] */
export const knows = ({ answers = "sure" }, needed = "none") => LEVELS.indexOf(answers) >= LEVELS.indexOf(needed);

/** Those of a list of choices whose answers are known. @template {{ needs?: Answers }} T @param {T[]} choices @param {Manifest} manifest */
export const known = (choices, manifest) => choices.filter(({ needs }) => knows(manifest, needs));

/** ", 97 % sure", where that is known. @param {Bundle} bundle @param {number} sample */
const sureness = ({ manifest, confidences }, sample) => (knows(manifest, "sure") ? `, ${percent(confidences[sample])} sure` : "");

/** How the network reads a sample, in a sentence; empty where nobody knows. @param {Bundle} bundle @param {number} sample */
export function readingOf(bundle, sample) {
  const { manifest, labels, predictions } = bundle;
  if (!knows(manifest, "classes")) return "";
  const how = labels[sample] === predictions[sample] ? "rightly" : `wrongly, as ${manifest.classes[predictions[sample]]}`;
  return `The network reads it ${how}${sureness(bundle, sample)}.`;
}

/** The same in a few words: "✓ read rightly, 97 % sure". @param {Bundle} bundle @param {number} sample */
export function shortReading(bundle, sample) {
  const { manifest, labels, predictions } = bundle;
  if (!knows(manifest, "classes")) return "";
  return `${labels[sample] === predictions[sample] ? "✓ read rightly" : `× read as ${manifest.classes[predictions[sample]]}`}${sureness(bundle, sample)}`;
}
