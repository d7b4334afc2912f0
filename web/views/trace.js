/** The trace view: one sample's neighbourhood between two layers, with everything to choose it and to read it. */
import { createCard } from "./card.js";
import { createKSlider } from "./k_slider.js";
import { createLegend } from "./legend.js";
import { createPicker } from "./picker.js";
import { createRadial } from "./radial.js";
import { createRail } from "./rail.js";
import { createSummary } from "./summary.js";
import { maxK } from "../params.js";

/**
 * @typedef {object} TraceOptions
 * @property {import("../../wasm/ntrace.d.ts").Bundle} bundle
 * @property {import("../sketches.js").Sketches} sketches
 * @property {import("../sprites.js").Sprites} sprites
 * @property {import("../theme.js").Theme} theme
 * @property {(change: Partial<import("../params.js").State>, options?: { replace?: boolean }) => void} onChange
 */

/**
 * @typedef {object} TraceState
 * @property {import("../params.js").State} chosen
 * @property {import("../session.js").Answer} answer
 * @property {Uint16Array | null} stability [L, N]
 */

/** @param {HTMLElement} root the page's main @param {TraceOptions} options */
export function createTrace(root, { bundle, sketches, sprites, theme, onChange }) {
  const { manifest, labels } = bundle;
  root.setAttribute("aria-label", "Trace: one sketch's neighbours between two layers");
  /** @param {string} name */
  const part = (name) => {
    const element = document.createElement("div");
    element.className = `trace-${name}`;
    root.append(element);
    return element;
  };
  const [headline, figure, controls, side, key] = ["headline", "figure", "controls", "side", "key"].map(part);
  /** @type {TraceState | null} */
  let state = null;
  /** @type {number | null} */
  let pointed = null;

  /** @param {number | null} sample */
  function onPoint(sample) {
    if (sample === pointed) return;
    pointed = sample;
    point();
  }
  /** @param {number} sample */
  function onTravel(sample) {
    pointed = null;
    onChange({ sample });
  }

  /** One entry in the history for a whole drag: its first change makes it, the others replace it. */
  let held = false;
  /** @param {Partial<import("../params.js").State>} change @param {boolean} dragging */
  function choose(change, dragging) {
    onChange(change, { replace: dragging && held });
    held = dragging;
  }

  const summary = createSummary(headline, { manifest, labels });
  const radial = createRadial(figure, { manifest, labels, sketches, sprites, theme, onPoint, onTravel });
  const slider = createKSlider(controls, { max: maxK(manifest), onChoose: (k, dragging) => choose({ k }, dragging) });
  const rail = createRail(controls, { manifest, onChoose: (end, layer, dragging) => choose({ [end]: layer }, dragging) });
  const card = createCard(side, { bundle, sketches, sprites, theme, onTravel });
  const picker = createPicker(side, { bundle, sketches, sprites, theme, onPick: onTravel, onFilter: (change) => onChange(change, { replace: true }) });
  const legend = createLegend(key, { manifest });
  const parts = [summary, radial, slider, rail, card, picker, legend];

  function point() {
    if (!state) return;
    const { chosen, answer } = state;
    if (pointed !== null && !answer.trace?.points.some(({ sample }) => sample === pointed)) pointed = null;
    radial.update({ trace: answer.trace, sample: chosen.sample, pointed });
    card.update({ sample: chosen.sample, pointed, trace: answer.trace });
  }

  return {
    /** @param {TraceState} next */
    update(next) {
      const before = state;
      state = next;
      const { chosen, answer, stability } = next;
      root.dataset.exact = String(answer.stage === "exact");
      root.classList.toggle("is-stale", answer.stage === "failed");
      if (!before || before.answer !== answer) summary.update(answer);
      if (!before || before.chosen !== chosen || before.stability !== stability) {
        const samples = manifest.dataset.samples;
        rail.update({ from: chosen.from, to: chosen.to, kept: (layer) => (stability ? stability[layer * samples + chosen.sample] : null) });
        slider.update(chosen);
        picker.update(chosen);
        legend.update(chosen);
      }
      if (!before || before.chosen.sample !== chosen.sample || before.answer.trace !== answer.trace) point();
    },
    destroy() {
      for (const each of parts) each.destroy();
      root.replaceChildren();
    },
  };
}
