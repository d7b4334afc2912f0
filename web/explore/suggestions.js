/** Samples worth a look, by reason, each with the sentence that says why. A click pins one; a group is picked as a whole, and plot and map show it. */
import { select } from "d3";
import { count } from "../words.js";
import { createExport } from "./export.js";
import { togglePin } from "./pins.js";
import { REASONS, partsOf, sentenceOf, speechOf, traceOf } from "./suggestion_words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Suggestion} Suggestion */
/** @typedef {import("../../wasm/ntrace.d.ts").Suggestions} Suggestions */
/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../routes/explore.js").Part} Part */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {import("./suggestion_words.js").Speech} Speech */
/** @typedef {{ title: string, suggestions: Suggestion[] }} Group */

const FIRST = 3; // of a group, until more are asked for
const THUMB = 44; // CSS pixels
const SPRITES = 4; // milliseconds of a frame for making thumbnails

/** @param {Suggestion[]} suggestions each sample once */
const samplesOf = (suggestions) => [...new Set(suggestions.map(({ sample }) => sample))].sort((a, b) => a - b);

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createSuggestions(root, { bundle, ledger, store, sketches, sprites, theme, onChange, onPoint }) {
  const { classes, layers } = bundle.manifest;
  const scale = Math.ceil(devicePixelRatio);
  const top = select(root).append("div").attr("class", "suggestions-top");
  const words = top.append("p").attr("class", "panel-words").attr("role", "status");
  const save = createExport(/** @type {HTMLElement} */ (top.node()), { title: "suggestions", name: () => "suggestions", table: () => tableOf() });
  const list = select(root).append("ul").attr("class", "suggestions-reasons");
  /** Groups that are shown whole. @type {Set<string>} */
  const whole = new Set();
  /** @type {Suggestions | null} */
  let found = null;
  /** @type {Speech} */
  let speech = speechOf(bundle, 1);
  /** @type {Facts | null} */
  let facts = null;
  /** @type {number | null} */
  let pointed = null;
  let isReached = false;
  let frame = 0;

  /** @returns {import("./export.js").Table} */
  const tableOf = () => ({
    columns: ["reason", "sample", "label", "layer", "sentence"],
    rows: (found?.suggestions ?? []).map((suggestion) => [suggestion.reason, suggestion.sample, classes[suggestion.label], suggestion.layer, sentenceOf(suggestion, speech)]),
  });

  /** @param {any} root a group's place @param {string} key @param {Group} group */
  function showGroup(root, key, { title, suggestions }) {
    const samples = samplesOf(suggestions);
    const isPicked = String(facts?.state.picks) === String(samples);
    const shown = whole.has(key) ? suggestions : suggestions.slice(0, FIRST);
    const head = root.selectAll(".suggestions-head").data([0]).join("div").attr("class", "suggestions-head");
    head.selectAll("h4").data(title ? [title] : []).join("h4").text((/** @type {string} */ text) => text);
    head.selectAll("button").data([samples]).join("button").attr("type", "button").attr("class", "suggestions-pick")
      .attr("aria-pressed", String(isPicked))
      .attr("aria-label", `${isPicked ? "Let go of" : "Select"} ${title ? `these ${count(samples.length)}: ${title}` : `these ${count(samples.length)}`}`)
      .text(isPicked ? "Let go" : `Select ${samples.length === 1 ? "it" : `these ${count(samples.length)}`}`)
      .on("click", () => onChange({ picks: isPicked ? [] : samples }));
    const items = root.selectAll("ul").data([0]).join("ul").selectAll("li")
      .data(shown, (/** @type {Suggestion} */ { sample }) => sample).join((/** @type {any} */ enter) => createItem(enter)).order();
    items.select(".suggestion").attr("aria-pressed", (/** @type {Suggestion} */ { sample }) => String(facts?.state.pins.includes(sample)));
    items.select(".suggestion-why").text((/** @type {Suggestion} */ suggestion) => sentenceOf(suggestion, speech));
    items.select("a").attr("href", (/** @type {Suggestion} */ suggestion) => store.link({ view: "trace", sample: suggestion.sample, ...traceOf(suggestion, layers.length) }));
    items.classed("is-pointed", (/** @type {Suggestion} */ { sample }) => sample === pointed);
    const rest = suggestions.length - shown.length;
    root.selectAll(".suggestions-more").data(rest > 0 ? [rest] : []).join("button").attr("type", "button").attr("class", "suggestions-more")
      .text((/** @type {number} */ n) => `Show ${count(n)} more`)
      .on("click", () => {
        whole.add(key);
        show();
      });
  }

  /** @param {any} enter */
  function createItem(enter) {
    const item = enter.append("li").attr("class", "suggestion-item").attr("data-suggested", (/** @type {Suggestion} */ { sample }) => sample);
    const button = item.append("button").attr("type", "button").attr("class", "suggestion").attr("title", "Pin: lays it beside others");
    button.append("canvas").attr("width", THUMB * scale).attr("height", THUMB * scale).attr("aria-hidden", "true");
    const text = button.append("span").attr("class", "suggestion-text");
    const name = text.append("span").attr("class", "suggestion-name").text((/** @type {Suggestion} */ { label }) => classes[label]);
    name.append("span").text((/** @type {Suggestion} */ { sample }) => ` no. ${count(sample)}`);
    text.append("span").attr("class", "suggestion-why");
    button.on("click", (/** @type {Event} */ _, /** @type {Suggestion} */ { sample }) => onChange({ sample, ...togglePin(store.get(), sample) }));
    item.append("a").text("Trace").attr("aria-label", (/** @type {Suggestion} */ { sample, label }) => `Open the trace of ${classes[label]} no. ${count(sample)}`);
    item.on("pointerenter focusin", (/** @type {Event} */ _, /** @type {Suggestion} */ { sample }) => onPoint(sample)).on("pointerleave focusout", () => onPoint(null));
    return item;
  }

  function show() {
    if (!facts || !found) return;
    const { reason: open } = facts.state;
    const reasons = REASONS.flatMap((reason) => {
      const suggestions = /** @type {Suggestions} */ (found).suggestions.filter(({ reason: name }) => name === reason.name);
      return suggestions.length > 0 ? [{ ...reason, suggestions }] : [];
    });
    const entries = list.selectAll("li.suggestions-reason").data(reasons, (/** @type {any} */ { name }) => name).join((enter) => {
      const entry = enter.append("li").attr("class", "suggestions-reason");
      const heading = entry.append("h3").append("button").attr("type", "button").attr("class", "suggestions-toggle").attr("aria-controls", ({ name }) => `reason-${name}`);
      heading.append("span").text(({ title }) => title);
      heading.append("span").attr("class", "suggestions-count");
      heading.on("click", (_, { name }) => onChange({ reason: store.get().reason === name ? "none" : name }));
      entry.append("p").attr("class", "suggestions-about").text(({ about }) => about);
      entry.append("div").attr("class", "suggestions-body").attr("id", ({ name }) => `reason-${name}`);
      return entry;
    }).order();
    entries.select(".suggestions-count").text(({ suggestions }) => count(suggestions.length));
    entries.select(".suggestions-toggle").attr("aria-expanded", ({ name }) => String(name === open));
    entries.select(".suggestions-body").attr("hidden", ({ name }) => (name === open ? null : "")).each(function (reason) {
      const groups = reason.name === open ? partsOf(reason.suggestions, reason, speech) : [];
      select(this).selectAll("section").data(groups, (/** @type {any} */ { title }) => title).join("section").each(function (group) {
        showGroup(select(this), `${reason.name} ${group.title}`, group);
      });
    });
    if (!isReached) reach();
    sketches.want("suggestions", shownSamples());
    redraw();
  }

  /** What the URL opened may lie below the others: it is scrolled to, once. */
  function reach() {
    isReached = true;
    const open = root.querySelector('.suggestions-toggle[aria-expanded="true"]')?.getBoundingClientRect();
    const box = root.getBoundingClientRect();
    if (open && open.bottom > box.top + box.height / 2) root.scrollTop += open.top - box.top;
  }

  /** @returns {HTMLElement[]} */
  const itemNodes = () => [...root.querySelectorAll(/** @type {"li"} */ ("li.suggestion-item"))];
  const shownSamples = () => itemNodes().map(({ dataset }) => Number(dataset.suggested));

  function draw() {
    frame = 0;
    const complete = sprites.prepare(shownSamples(), SPRITES);
    const size = THUMB * scale;
    for (const node of itemNodes()) {
      const sample = Number(node.dataset.suggested);
      const context = node.querySelector("canvas")?.getContext("2d");
      if (!context || node.dataset.drawn === "true" || !sprites.has(sample)) continue;
      context.clearRect(0, 0, size, size);
      node.dataset.drawn = String(sprites.draw(context, sample, size / 2, size / 2, 0.88 * size));
    }
    if (!complete) redraw();
  }
  const redraw = () => void (frame ||= requestAnimationFrame(draw));
  function repaint() {
    for (const node of itemNodes()) delete node.dataset.drawn;
    redraw();
  }
  const ends = [sketches.subscribe(redraw), theme.subscribe(repaint)];

  return {
    update(next) {
      facts = next;
      const { value, progress, error } = ledger.suggestions();
      found = value;
      if (value) speech = speechOf(bundle, value.k);
      const n = value ? samplesOf(value.suggestions).length : 0;
      words.text(error ? [error.message, error.hint].filter(Boolean).join(" ") : value ? `${speech.samples(n)} worth a look, found in the neighbourhoods of all layers.` : `Looking at every neighbourhood: ${progress?.label ?? "starting"} …`);
      show();
    },
    point(sample) {
      if (sample === pointed) return;
      pointed = sample;
      for (const node of itemNodes()) node.classList.toggle("is-pointed", Number(node.dataset.suggested) === sample && sample !== null);
    },
    destroy() {
      cancelAnimationFrame(frame);
      for (const end of ends) end();
      sketches.want("suggestions", []);
      save.destroy();
      root.replaceChildren();
    },
  };
}
