/** What the colours mean, and the classes: each is kept, alone or with others, by the label or by the prediction. */
import { select } from "d3";
import { known } from "../answers.js";
import { count } from "../words.js";
import { FILTER_BITS } from "./selection.js";

/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../routes/explore.js").Part} Part */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */

/** The two ways a class keeps samples: what the state calls it, what a column is headed, what a button says of a class. */
const COLUMNS = /** @type {({ part: "classes" | "predicted", title: string, say: (name: string) => string, needs?: import("../answers.js").Answers })[]} */ ([
  { part: "classes", title: "label", say: (name) => `labelled ${name}` },
  { part: "predicted", title: "read as", needs: "classes", say: (name) => `read as ${name}` },
]);
/** The colourings whose colours are the classes'. */
const BY_CLASS = ["class", "prediction"];

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createLegend(root, { bundle, store, onChange }) {
  const { classes } = bundle.manifest;
  const ways = known(COLUMNS, bundle.manifest);
  const block = select(root).append("section").attr("class", "colours").attr("aria-label", "Colours and classes");
  const about = block.append("p").attr("class", "colours-about");
  const key = block.append("ul").attr("class", "colours-key");
  const ramp = block.append("div").attr("class", "colours-ramp");
  const low = ramp.append("span");
  const strip = ramp.append("span").attr("class", "colours-strip").attr("aria-hidden", "true");
  const high = ramp.append("span");

  const fold = block.append("button").attr("type", "button").attr("class", "classes-fold").attr("aria-controls", "classes-list").attr("aria-expanded", "false").text("Classes, to keep some");
  fold.on("click", () => fold.attr("aria-expanded", String(fold.attr("aria-expanded") === "false")));
  const head = block.append("div").attr("class", "classes-head").attr("aria-hidden", "true");
  head.append("span").text("Class");
  for (const { title } of ways) head.append("span").text(title);
  block.append("p").attr("class", "classes-words").text(ways.length > 1 ? "Of each class: how many are labelled so, and how many are read so." : "Of each class: how many are labelled so.");
  const list = block.append("ul").attr("class", "classes-list").attr("id", "classes-list").attr("aria-label", ways.length > 1 ? "Classes: keep samples by label or by prediction" : "Classes: keep samples by label");
  const rows = list.selectAll("li").data(classes).join("li").attr("class", "classes-row");
  rows.append("i").attr("aria-hidden", "true");
  rows.append("span").attr("class", "classes-name").attr("title", (name) => name).text((name) => name);
  const columns = ways.map(({ part, say }) => {
    const buttons = rows.append("button").attr("type", "button").attr("class", "classes-keep").attr("data-keep", (_, c) => `${part}-${c}`);
    buttons.on("click", function (_, name) {
      const c = classes.indexOf(name);
      const chosen = store.get()[part];
      onChange({ [part]: chosen.includes(c) ? chosen.filter((other) => other !== c) : [...chosen, c].sort((a, b) => a - b) });
    });
    return { part, say, buttons };
  });

  /** One stop for the tab key: arrows walk over the buttons. @param {KeyboardEvent} event */
  function onKey(event) {
    const all = /** @type {HTMLButtonElement[]} */ (list.selectAll("button").nodes());
    const at = all.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + ways.length, ArrowUp: at - ways.length, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    all[to]?.focus();
  }
  list.on("keydown", onKey);
  list.on("focusin", (/** @type {FocusEvent} */ event) => list.selectAll("button").attr("tabindex", function () {
    return this === event.target ? 0 : -1;
  }));
  list.selectAll("button").attr("tabindex", (_, i) => (i === 0 ? 0 : -1));

  /** @param {Facts} facts */
  function updateKey({ colouring }) {
    about.text(colouring.complete ? colouring.about : `${colouring.about} It is being worked out.`);
    const items = BY_CLASS.includes(colouring.name) ? [] : colouring.items;
    key.attr("hidden", items.length > 0 ? null : "");
    const entries = key.selectAll("li").data(items, (/** @type {any} */ { text }) => text).join((enter) => {
      const entry = enter.append("li");
      entry.append("i").attr("aria-hidden", "true");
      entry.append("span");
      return entry;
    });
    entries.select("i").style("background", ({ bucket }) => colouring.colours[bucket]);
    entries.select("span").text(({ text }) => text);
    ramp.attr("hidden", colouring.ramp ? null : "");
    low.text(colouring.ramp?.low ?? "");
    high.text(colouring.ramp?.high ?? "");
    if (colouring.ramp) strip.style("background", `linear-gradient(90deg, ${colouring.colours.join(", ")})`);
  }

  /** @param {Facts} facts */
  function updateClasses({ state, selection, colouring }) {
    const isKey = BY_CLASS.includes(colouring.name);
    list.classed("is-key", isKey);
    rows.select("i").style("background", (_, c) => (isKey ? colouring.colours[c] : null));
    rows.classed("is-out", (_, c) => ways.every(({ part }) => state[part].length > 0 && !state[part].includes(c)));
    const counts = countClasses(selection, bundle);
    for (const { part, say, buttons } of columns) {
      const chosen = state[part];
      buttons
        .attr("aria-pressed", (_, c) => String(chosen.includes(c)))
        .classed("is-out", (_, c) => chosen.length > 0 && !chosen.includes(c))
        .attr("aria-label", (name, c) => `${say(name)}: ${count(counts[part][c])}`)
        .text((_, c) => count(counts[part][c]));
    }
  }

  return {
    update(facts) {
      updateKey(facts);
      updateClasses(facts);
    },
    destroy() {
      block.remove();
    },
  };
}

/**
 * How many of the selection have each label, were labels not filtered, and each prediction, were these not.
 * @param {import("./selection.js").Selection} selection @param {import("../../wasm/ntrace.d.ts").Bundle} bundle
 */
function countClasses({ failed, chosen }, { labels, predictions, manifest }) {
  const counts = { classes: new Uint32Array(manifest.classes.length), predicted: new Uint32Array(manifest.classes.length) };
  for (let i = 0; i < failed.length; i++) {
    if (chosen[i] === 0) continue;
    if ((failed[i] & ~FILTER_BITS.classes) === 0) counts.classes[labels[i]]++;
    if ((failed[i] & ~FILTER_BITS.predicted) === 0) counts.predicted[predictions[i]]++;
  }
  return counts;
}
