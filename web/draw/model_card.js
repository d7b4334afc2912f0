/** What the network can do, beside the pad, so that nobody is misled. */
import { select } from "d3";
import people from "../../data/people.json";
import { count, nounOf, percent } from "../words.js";

/** @param {HTMLElement} root @param {{ manifest: import("../../wasm/ntrace.d.ts").Manifest }} options */
export function createModelCard(root, { manifest }) {
  const { network, dataset, classes, provenance } = manifest;
  const { many } = nounOf(manifest);
  const block = select(root).append("section").attr("class", "model-card").attr("aria-label", "What this network can do");
  block.append("h2").text("What this network can do");
  const facts = block.append("dl");
  /** @param {string} name @param {string} value */
  const fact = (name, value) => {
    facts.append("dt").text(name);
    facts.append("dd").text(value);
  };
  const exact = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`;
  fact(`balanced accuracy on the ${dataset.synthetic ? "synthetic " : ""}${many} of this bundle`, exact(network.balancedAccuracy));
  if (provenance.weightsSha256 === people.weightsSha256) {
    fact(`balanced accuracy on ${count(people.sketches)} sketches that people drew (${people.source}), fed as drawings here are`, exact(people.balancedAccuracy));
  }
  block
    .append("p")
    .text(
      `It knows ${count(classes.length)} classes and nothing else: whatever you draw, it names one of them, and how sure it is says little of whether it is right. They are ${classes.join(", ")}.` +
        (provenance.weightsSha256 === people.weightsSha256 ? ` It was trained on synthetic sketches alone; of people’s sketches it misreads about ${percent(1 - people.balancedAccuracy)}, averaged over classes.` : ""),
    );
  return { destroy: () => void block.remove() };
}
