/** The panel: tabs, each with a part of its own, which is made when it is first shown and told of changes while it is. */
import { select } from "d3";
import { createClasses } from "./classes.js";
import { createMatrix } from "./matrix.js";
import { createModelCompare } from "./model_compare.js";
import { createSamples } from "./samples.js";
import { createSuggestions } from "./suggestions.js";

/** @typedef {import("../params.js").State} State */
/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../routes/explore.js").Part} Part */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */

/** @typedef {{ name: State["tab"], title: string, create: (root: HTMLElement, options: PartOptions) => Part }} Tab */

/** What the panel shows, one at a time, in the order of the tabs. @type {Tab[]} */
const TABS = [
  { name: "samples", title: "Samples", create: createSamples },
  { name: "classes", title: "Classes", create: createClasses },
  { name: "layers", title: "Layers", create: createMatrix },
  { name: "suggestions", title: "Suggestions", create: createSuggestions },
  { name: "models", title: "Models", create: createModelCompare },
];

/** Where a key moves to; "Home" and "End" go to the ends. @type {Record<string, (at: number, count: number) => number>} */
const STEPS = { ArrowRight: (at) => at + 1, ArrowLeft: (at) => at - 1, Home: () => 0, End: (_, count) => count - 1 };

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createPanel(root, options) {
  const tabsShown = TABS.filter(({ name }) => name !== "models" || options.bundle.models.length > 1);
  const block = select(root).append("section").attr("class", "panel").attr("aria-label", "Panel");
  const list = block.append("div").attr("class", "panel-tabs").attr("role", "tablist").attr("aria-label", "What the panel shows");
  /** @type {Map<State["tab"], Part>} */
  const made = new Map();
  /** @type {State["tab"] | null} */
  let shown = null;
  /** @type {number | null} */
  let pointed = null;

  const tabs = list
    .selectAll("button")
    .data(tabsShown)
    .join("button")
    .attr("type", "button")
    .attr("role", "tab")
    .attr("id", ({ name }) => `tab-${name}`)
    .attr("aria-controls", ({ name }) => `panel-${name}`)
    .text(({ title }) => title)
    .on("click", (_, { name }) => options.onChange({ tab: name }))
    .on("keydown", onKey);
  const bodies = block
    .selectAll(".panel-body")
    .data(tabsShown)
    .join("div")
    .attr("class", ({ name }) => `panel-body panel-${name}`)
    .attr("role", "tabpanel")
    .attr("id", ({ name }) => `panel-${name}`)
    .attr("aria-labelledby", ({ name }) => `tab-${name}`);

  /** @param {KeyboardEvent} event @param {Tab} tab */
  function onKey(event, tab) {
    const step = STEPS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const at = (step(tabsShown.indexOf(tab), tabsShown.length) + tabsShown.length) % tabsShown.length;
    options.onChange({ tab: tabsShown[at].name });
    /** @type {HTMLElement} */ (tabs.nodes()[at]).focus();
  }

  /** The shown tab's part. @param {Tab} tab @returns {Part} */
  function partOf({ name, create }) {
    const part = made.get(name) ?? create(/** @type {HTMLElement} */ (bodies.nodes()[tabsShown.findIndex((tab) => tab.name === name)]), options);
    made.set(name, part);
    return part;
  }

  return {
    update(facts) {
      const tab = tabsShown.find(({ name }) => name === facts.state.tab) ?? tabsShown[0];
      if (!tab) return;
      const isOther = shown !== tab.name;
      shown = tab.name;
      tabs.attr("aria-selected", ({ name }) => String(name === shown)).attr("tabindex", ({ name }) => (name === shown ? 0 : -1));
      bodies.attr("hidden", ({ name }) => (name === shown ? null : ""));
      const part = partOf(tab);
      part.update(facts);
      if (isOther) part.point?.(pointed);
    },
    point(sample) {
      pointed = sample;
      if (shown) made.get(shown)?.point?.(sample);
    },
    destroy() {
      for (const part of made.values()) part.destroy();
      block.remove();
    },
  };
}
