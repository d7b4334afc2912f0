/** The trace view: one sample's neighbourhood between two layers, with everything to choose it and to read it. */
import { createCard } from "./card.js";
import { byChange, fit } from "./changes_order.js";
import { createKSlider } from "./k_slider.js";
import { createLegend } from "./legend.js";
import { createPicker } from "./picker.js";
import { createPlayer } from "./player.js";
import { createRadial } from "./radial.js";
import { createRail } from "./rail.js";
import { createSummary } from "./summary.js";
import { maxK } from "../params.js";
import { isOther } from "../session.js";
import { nounOf } from "../words.js";

/** @typedef {import("../../wasm/ntrace.d.ts").Trace} Trace */
/** @typedef {import("../../wasm/ntrace.d.ts").TracePoint} TracePoint */
/** @typedef {import("../params.js").State} State */

/**
 * @typedef {object} TraceOptions
 * @property {import("../../wasm/ntrace.d.ts").Bundle} bundle
 * @property {import("../sketches.js").Sketches} sketches
 * @property {import("../sprites.js").Sprites} sprites
 * @property {import("../theme.js").Theme} theme
 * @property {(change: Partial<State>, options?: { replace?: boolean }) => void} onChange
 * @property {(layer: number) => void} onAhead a layer that will be asked for soon
 * @property {(isSeen: boolean) => void} onSeen whether the distances by class are in sight
 * @property {(error: Error, retry: () => void) => void} onFailed a part of the page could not be fetched
 * @property {(() => Promise<typeof import("./further.js")>)} [loadFurther] fetches the figures below; without it there are none
 * @property {(sample: number) => string} [changeLink] where a sample can be changed; without it there is no link
 * @property {boolean} [hasPicker] whether another sample can be picked beside the figure; default true
 */

/**
 * @typedef {object} TraceState
 * @property {State} chosen
 * @property {import("../session.js").Answer} answer
 * @property {Uint16Array | null} stability [L, N]
 * @property {string} problem why there is no stability, in words; empty while it may come
 * @property {Record<"from" | "to", import("../density_session.js").KnownDensities>} densities
 */

/** What is drawn of a trace. @typedef {{ trace: Trace, order: TracePoint[], reach: Record<"from" | "to", number> }} Sorted */

/** The parts that the figures below fill. */
const FURTHER = ["bars", "more"];

/** @param {HTMLElement} root the page's main @param {TraceOptions} options */
export function createTrace(root, { bundle, sketches, sprites, theme, onChange, onAhead, onSeen, onFailed, loadFurther, hasPicker = true, changeLink }) {
  const { manifest, labels } = bundle;
  root.setAttribute("aria-label", `Trace: the neighbours of one ${nounOf(bundle.manifest).one} between two layers`);
  /** @param {string} name */
  const part = (name) => {
    const element = document.createElement("div");
    element.className = `trace-${name}`;
    if (loadFurther || !FURTHER.includes(name)) root.append(element);
    return element;
  };
  const [headline, figure, bars, controls, side, key, more] = ["headline", "figure", "bars", "controls", "side", "key", "more"].map(part);
  /** @type {TraceState | null} */
  let state = null;
  /** @type {number | null} */
  let pointed = null;
  /** @type {Sorted | null} */
  let sorted = null;
  /** The points that are drawn, null for all. @type {TracePoint[] | null} */
  let kept = null;
  /** @type {Set<number> | null} */
  let keptSamples = null;

  /** @param {number | null} sample */
  function onPoint(sample) {
    if (sample === pointed) return;
    pointed = sample;
    point();
  }
  /** @param {number} sample */
  function onTravel(sample) {
    pointed = null;
    choose({ sample });
  }

  /** One entry in the history for a whole gesture: its first change makes it, those that follow at once replace it. @type {string | null} */
  let run = null;
  let isMine = false;
  /** @param {Partial<State>} change @param {string | null} [gesture] */
  function choose(change, gesture = null) {
    isMine = true;
    onChange(change, { replace: gesture !== null && gesture === run });
    run = gesture;
  }

  const summary = createSummary(headline, { manifest, labels, onAll: () => choose({ keep: null }) });
  const radial = createRadial(figure, { manifest, labels, sketches, sprites, theme, onPoint, onTravel });
  const slider = createKSlider(controls, { max: maxK(manifest), onChoose: (k, dragging) => choose({ k }, dragging ? "k" : null) });
  const player = createPlayer(controls, { manifest, onStep: (to) => choose({ to }, "walk"), onAhead });
  const rail = createRail(controls, { manifest, onChoose: (end, layer, dragging) => choose({ [end]: layer }, dragging ? end : null) });
  const card = createCard(side, { bundle, sketches, sprites, theme, onTravel, changeLink });
  const picker = !hasPicker ? null : createPicker(side, { bundle, sketches, sprites, theme, onPick: onTravel, onFilter: (change) => onChange(change, { replace: true }) });
  const legend = createLegend(key, { manifest });
  const parts = [summary, radial, slider, player, rail, card, ...(picker ? [picker] : []), legend];

  /** The figures below come when they are about to be seen: the first view does without their script. @type {ReturnType<typeof import("./further.js").createFurther> | null} */
  let further = null;
  let isAskedFor = false;
  let isGone = false;
  async function fetchFurther() {
    if (isAskedFor || !loadFurther) return;
    isAskedFor = true;
    try {
      const { createFurther } = await loadFurther();
      if (isGone) return;
      further = createFurther({ figure, bars, more }, {
        bundle, sketches, sprites, theme, onPoint, onTravel,
        onKeep: (keep, dragging) => choose({ keep }, dragging ? "keep" : null),
        onChoose: (to) => choose({ to, turn: to > 0 ? to : null }),
        onLook: (turn) => choose({ turn }),
      });
      updateFurther();
    } catch (error) {
      isAskedFor = false;
      onFailed(/** @type {Error} */ (error), () => void fetchFurther());
    }
  }
  const sight = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) void fetchFurther();
    for (const { target, isIntersecting } of entries) if (target === more) onSeen(isIntersecting);
  });
  sight.observe(bars);
  sight.observe(more);

  const keepOf = (/** @type {State} */ chosen) => fit(chosen.keep, sorted?.order.length ?? 0);
  /** What is sorted of the newest trace, and what is kept of it. @param {TraceState} next */
  function sort({ chosen, answer: { trace } }) {
    if (trace && trace !== sorted?.trace) sorted = { trace, order: byChange(trace.points), reach: reachOf(trace) };
    const keep = keepOf(chosen);
    kept = keep && sorted ? sorted.order.slice(...keep) : null;
    keptSamples = kept && new Set(kept.map(({ sample }) => sample));
  }

  /** The newest wish of each part beside the figure. @type {Map<string, () => void>} */
  const wishes = new Map();
  /** Does something in a task of its own: the figure does not wait for it. @param {string} what @param {() => void} run */
  function soon(what, run) {
    if (!wishes.has(what)) {
      setTimeout(() => {
        const newest = wishes.get(what);
        wishes.delete(what);
        if (!isGone) newest?.();
      });
    }
    wishes.set(what, run);
  }

  function updateFurther() {
    if (state) further?.update({ ...state, sorted, keep: keepOf(state.chosen), pointed });
  }

  function point() {
    if (!state) return;
    const { chosen, answer } = state;
    if (pointed !== null && !answer.trace?.points.some(({ sample }) => sample === pointed)) pointed = null;
    radial.update({ trace: answer.trace, sample: chosen.sample, pointed, kept: keptSamples });
    const shown = { sample: chosen.sample, pointed, trace: answer.trace };
    soon("card", () => card.update(shown));
    updateFurther();
  }

  /** @param {TraceState} next @param {TraceState | null} before */
  function updateChoice({ chosen, stability }, before) {
    const isAsked = !before || isOther(chosen, before.chosen);
    if (isAsked || chosen.shelf !== before.chosen.shelf || chosen.only !== before.chosen.only) soon("picker", () => picker?.update(chosen));
    if (!isAsked && before.stability === stability) return;
    const samples = manifest.dataset.samples;
    soon("rail", () => rail.update({ from: chosen.from, to: chosen.to, kept: (layer) => (stability ? stability[layer * samples + chosen.sample] : null) }));
    slider.update(chosen);
    legend.update(chosen);
  }

  /** @param {TraceState} next @param {TraceState | null} before */
  function updateAnswer({ chosen, answer }, before) {
    if (before?.chosen === chosen && before.answer === answer) return;
    summary.update({ ...answer, kept });
    player.update({ ...chosen, stage: answer.stage === "failed" ? "failed" : isSettled(answer) ? "drawn" : "waiting" });
  }

  return {
    /** @param {TraceState} next */
    update(next) {
      const before = state;
      const { chosen, answer } = next;
      state = next;
      if (before?.chosen !== chosen && !isMine) run = null; // going back ends a gesture
      isMine = false;
      root.dataset.exact = String(answer.stage === "exact");
      root.classList.toggle("is-stale", answer.stage === "failed");
      const isDrawnAnew = before?.chosen.sample !== chosen.sample || before.chosen.keep !== chosen.keep || before.answer.trace !== answer.trace;
      if (isDrawnAnew) sort(next);
      updateChoice(next, before);
      updateAnswer(next, before);
      if (isDrawnAnew) point();
      else updateFurther();
    },
    destroy() {
      isGone = true;
      sight.disconnect();
      further?.destroy();
      for (const each of parts) each.destroy();
      root.replaceChildren();
    },
  };
}

/** Nothing better is under way. @param {import("../session.js").Answer} answer */
export const isSettled = ({ stage, progress }) => stage === "exact" || (stage === "preview" && progress === "");

/** Distances of the k-th nearest at the two layers. @param {Trace} trace */
function reachOf({ points }) {
  const reach = { from: 0, to: 0 };
  for (const { inFrom, inTo, distanceFrom, distanceTo } of points) {
    if (inFrom) reach.from = Math.max(reach.from, distanceFrom);
    if (inTo) reach.to = Math.max(reach.to, distanceTo);
  }
  return reach;
}
