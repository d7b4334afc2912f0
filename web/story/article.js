/** The story's article as a tree: opening, background, steps beside their figure, and what comes after. */
import { glyphOf } from "../views/glyphs.js";
import { toTrees } from "../rich_text.js";
import { h } from "../tree.js";
import { REFERENCES, background, citation, network, opening, views } from "./matter.js";
import { STEPS } from "./steps.js";

/** @typedef {import("./facts.js").Facts} Facts */
/** @typedef {import("../rich_text.js").Parts} Parts */
/** @typedef {import("../tree.js").Tree} Tree */

/**
 * @typedef {object} Links
 * @property {(view: string) => string} view the address of a route with the state reached
 * @property {(id: string) => string} step the address of a step
 */

/** @param {Parts} parts @param {string} [name] class */
const paragraph = (parts, name) => h("p", { class: name }, ...toTrees(parts));

/** @param {Facts} f */
const networkList = (f) =>
  h(
    "ol",
    { class: "network", "aria-label": "The network, layer by layer" },
    ...network(f).map(({ name, kind, shape, size }) =>
      h(
        "li",
        { class: "network-layer" },
        h("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, h("path", { d: glyphOf(kind) })),
        h("span", { class: "network-name" }, name),
        h("span", { class: "network-shape" }, shape),
        h("span", { class: "network-size" }, `${size} ${size === 1 ? "number" : "numbers"}`),
      ),
    ),
  );

/** @param {Facts} f @param {Links} links */
function openingOf(f, links) {
  const { title, text } = opening(f);
  return h(
    "header",
    { class: "story-opening" },
    h(
      "div",
      { class: "story-opening-text" },
      h("h2", {}, title),
      paragraph(text),
      h("p", { class: "story-ways" }, h("a", { class: "story-way is-first", href: links.step(STEPS[0].id) }, "Read the story"), h("a", { class: "story-way", href: links.view("explore"), "data-view": "explore" }, "Open the explorer")),
    ),
  );
}

/** A step's sentences, or that they are being worked out. @param {Facts} f @param {import("./steps.js").Step} step @returns {Tree[]} */
export function sentencesOf(f, step) {
  const said = step.text(f);
  return said ? said.map((parts) => paragraph(parts)) : [h("p", { class: "is-waiting" }, "Being worked out …")];
}

/** @param {Facts} f @param {Links} links @param {(id: string) => Tree | null} figure a still figure for a step, where there is one */
function stepsOf(f, links, figure) {
  return STEPS.map((step) =>
    h(
      "section",
      { class: "step", id: `step-${step.id}`, "data-step": step.id, "aria-labelledby": `title-${step.id}` },
      step.chapter ? h("h2", { class: "step-chapter" }, step.chapter) : null,
      h("h3", { class: "step-title", id: `title-${step.id}` }, h("a", { href: links.step(step.id) }, step.title(f))),
      h("div", { class: "step-text" }, ...sentencesOf(f, step)),
      figure(step.id),
    ),
  );
}

/** @param {Facts} f @param {Links} links @param {string} version */
function endOf(f, links, version) {
  return h(
    "div",
    { class: "story-end" },
    h(
      "section",
      {},
      h("h2", {}, "Your turn"),
      paragraph([`Take this ${f.noun.one} into the explorer, where all ${f.samples.toLocaleString("en")} wait, or follow its neighbours from layer to layer.`]),
      h("p", { class: "story-ways" }, h("a", { class: "story-way is-first", href: links.view("explore"), "data-view": "explore" }, "To the explorer"), h("a", { class: "story-way", href: links.view("trace"), "data-view": "trace" }, "To its trace")),
    ),
    h(
      "section",
      {},
      h("h2", {}, "Three views, and what they answer"),
      h("div", { class: "story-views" }, ...views(f).map(({ view, title, questions }) => h("div", {}, h("h3", {}, h("a", { href: links.view(view), "data-view": view }, title)), h("ul", {}, ...questions.map((question) => h("li", {}, question)))))),
    ),
    h("section", {}, h("h2", {}, "References"), h("ol", { class: "story-references" }, ...REFERENCES.map(({ text, doi }) => h("li", {}, `${text} `, h("a", { href: `https://doi.org/${doi}`, rel: "noreferrer" }, `doi:${doi}`))))),
    h("section", {}, h("h2", {}, "How to cite"), h("pre", { class: "story-cite", tabindex: "0" }, citation(f, version))),
  );
}

/**
 * @param {Facts} f @param {Links} links @param {string} version of the engine
 * @param {{ figure?: (id: string) => Tree | null, note?: Tree | null }} [still] for the version without scripts
 */
export const articleOf = (f, links, version, { figure = () => null, note = null } = {}) =>
  h(
    "article",
    { class: "story" },
    openingOf(f, links),
    note,
    h("details", { class: "story-background" }, h("summary", {}, "Background: the data, the network, and layers as spaces"), h("div", { class: "story-background-text" }, ...background(f).map((parts) => paragraph(parts)), networkList(f))),
    h("div", { class: "story-body" }, h("div", { class: "story-figure" }), h("div", { class: "story-steps" }, ...stepsOf(f, links, figure))),
    endOf(f, links, version),
  );
