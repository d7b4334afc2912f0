/** Pinned samples side by side, explained in one way. */
import { select } from "d3";
import { whyNoDrawing } from "../drawable.js";
import { EXPLANATIONS } from "../params.js";
import { count } from "../words.js";
import { createCompareCard } from "./compare_card.js";
import { createExplanations } from "./explanations.js";
import { METHODS } from "./heat.js";

/** @typedef {import("../params.js").State} State */
/** @typedef {import("../routes/explore.js").Facts} Facts */
/** @typedef {import("../routes/explore.js").Part} Part */
/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {ReturnType<typeof createCompareCard>} Card */

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createCompare(root, options) {
  const { bundle, store, sketches, onChange, onPoint } = options;
  const { chunks, layers, dataset } = bundle.manifest;
  const isDrawable = whyNoDrawing(bundle.manifest) === "";
  const block = select(root).append("section").attr("class", "compare").attr("aria-label", "Side by side").attr("hidden", "");
  const bar = block.append("div").attr("class", "compare-bar");
  const title = bar.append("h2");
  const label = bar.append("label");
  label.append("span").text("Explain by");
  const method = label.append("select").attr("name", "explain").attr("aria-label", "Explain by");
  method.selectAll("option").data(EXPLANATIONS).join("option").attr("value", (name) => name).text((name) => (name === "none" ? "nothing yet" : METHODS[name].title));
  method.on("change", function () {
    onChange({ explain: /** @type {State["explain"]} */ (this.value), beside: "open" });
  });
  /** Why not every method can be chosen, in words. */
  const lacking = chunks.some(({ role }) => role === "weights") ? "" : `This bundle holds no network, which explanations need${dataset.image ? "; only the mean of the nearest pictures can be had" : ""}.`;
  method.selectAll("option").property("disabled", (name) => lacking !== "" && name !== "none" && !(name === "neighborMean" && dataset.image));
  const about = bar.append("p").attr("class", "compare-about").attr("role", "status");
  const legend = bar.append("p").attr("class", "compare-legend");
  const all = bar.append("button").attr("type", "button").text("Unpin all").on("click", () => onChange({ pins: [] }));
  const fold = bar.append("button").attr("type", "button").attr("class", "compare-fold").attr("aria-controls", "compare-cards");
  const list = block.append("ul").attr("class", "compare-cards").attr("id", "compare-cards").attr("aria-label", "Pinned samples");

  /** @type {Map<number, Card>} */
  const cards = new Map();
  /** Cards that can be seen: only these are explained. @type {Set<number>} */
  const seen = new Set();
  /** @type {Facts | null} */
  let facts = null;
  let frame = 0;
  const later = () => void (frame ||= requestAnimationFrame(show));
  const explanations = createExplanations(bundle, later);
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const sample = Number(/** @type {HTMLElement} */ (target).dataset.pin);
      if (isIntersecting) seen.add(sample);
      else seen.delete(sample);
    }
    later();
  });

  fold.on("click", () => onChange({ beside: store.get().beside === "open" ? "folded" : "open" }));

  /** @param {number} sample @param {number} by */
  function move(sample, by) {
    const pins = store.get().pins.filter((pin) => pin !== sample);
    pins.splice(store.get().pins.indexOf(sample) + by, 0, sample);
    onChange({ pins });
  }

  /** @param {HTMLElement} node @param {number} sample */
  function add(node, sample) {
    const card = createCompareCard(node, sample, {
      ...options,
      onRemove: () => onChange({ pins: store.get().pins.filter((pin) => pin !== sample) }),
      onMove: (by) => move(sample, by),
      onPoint: (isPointed) => onPoint(isPointed ? sample : null),
    });
    cards.set(sample, card);
    observer.observe(node);
  }
  /** @param {HTMLElement} node @param {number} sample */
  function remove(node, sample) {
    cards.get(sample)?.destroy();
    cards.delete(sample);
    seen.delete(sample);
    observer.unobserve(node);
    node.remove();
  }

  /** How many neighbours a sample keeps at each layer. @param {number} sample */
  function curveOf(sample) {
    const values = facts?.stability.value?.values;
    return values ? layers.map((_, l) => values[l * dataset.samples + sample]) : null;
  }

  function show() {
    frame = 0;
    if (!facts) return;
    const { pins, explain, near } = facts.state;
    const wishOf = (/** @type {number} */ sample) => ({ sample, method: /** @type {import("./explanations.js").Method} */ (explain), k: Math.min(near, dataset.samples - 1) });
    explanations.want(explain === "none" ? [] : pins.filter((sample) => seen.has(sample)).map(wishOf));
    const curves = new Map(pins.map((sample) => [sample, curveOf(sample)]));
    pins.forEach((sample, place) => {
      const { value, error } = explain === "none" ? { value: null, error: null } : explanations.get(wishOf(sample));
      cards.get(sample)?.update({
        place, places: pins.length, explain, near, explanation: value,
        problem: error ? [error.message, error.hint].filter(Boolean).join(" ") : "",
        curve: curves.get(sample) ?? null,
        others: [...curves].flatMap(([other, curve]) => (other === sample || !curve ? [] : [curve])),
        link: store.link({ view: "trace", sample }),
        changeLink: isDrawable ? store.link({ view: "draw", base: sample, marks: [] }) : null,
      });
    });
  }

  function join() {
    const { pins } = /** @type {Facts} */ (facts).state;
    list.selectAll("li.compare-card").data(pins, function (sample) {
      return sample === undefined ? Number(/** @type {HTMLElement} */ (this).dataset.pin) : /** @type {number} */ (sample);
    }).join(
      (enter) => enter.append("li").each(function (sample) {
        add(this, sample);
      }),
      (update) => update,
      (exit) => exit.each(function () {
        remove(/** @type {HTMLElement} */ (this), Number(/** @type {HTMLElement} */ (this).dataset.pin));
      }),
    ).order();
  }

  return {
    update(next) {
      facts = next;
      const { pins, explain, beside } = next.state;
      block.attr("hidden", pins.length > 0 ? null : "").classed("is-folded", beside === "folded");
      fold.attr("aria-expanded", String(beside === "open")).text(beside === "open" ? "Hide ▾" : "Show ▴");
      title.text(`Side by side: ${count(pins.length)}`);
      method.property("value", explain);
      const chosen = explain === "none" ? null : METHODS[explain];
      about.text(chosen?.about ?? `Lines: neighbours kept, layer by layer; the other samples' in grey. ${lacking}`.trim());
      legend.attr("class", `compare-legend is-${chosen?.colours ?? "none"}`);
      showLegend(legend, chosen?.colours ?? "none");
      all.attr("aria-label", `Unpin all ${count(pins.length)}`);
      sketches.want("compare", pins);
      join();
      show();
    },
    point(sample) {
      for (const [pin, card] of cards) card.point(pin === sample);
    },
    destroy() {
      cancelAnimationFrame(frame);
      observer.disconnect();
      explanations.close();
      for (const card of cards.values()) card.destroy();
      sketches.want("compare", []);
      block.remove();
    },
  };
}

/** What the colours of the pictures mean. @type {Record<string, [string, string][]>} */
const LEGENDS = {
  signed: [["against", "speaks against it"], ["for", "speaks for it"]],
  ramp: [["ramp", "little to most"]],
};

/** @param {import("d3").Selection<HTMLParagraphElement, unknown, null, undefined>} legend @param {string} colours */
function showLegend(legend, colours) {
  const items = legend.selectAll("span").data(LEGENDS[colours] ?? [], (/** @type {any} */ [kind]) => kind).join((enter) => {
    const item = enter.append("span");
    item.append("i").attr("aria-hidden", "true");
    item.append("b");
    return item;
  });
  items.attr("class", ([kind]) => `is-${kind}`);
  items.select("b").text(([, text]) => text);
}
