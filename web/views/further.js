/** The figures below the radial one: every change, distances by class, the curve of what is kept and where it breaks. */
import { isOther } from "../session.js";
import { createTurnoverSession } from "../turnover_session.js";
import { createChanges } from "./changes.js";
import { createCurve } from "./curve.js";
import { createDistances } from "./distances.js";
import { createTakeaway } from "./takeaway.js";
import { createTurnover, steepestDrop } from "./turnover.js";

/**
 * @typedef {object} FurtherState
 * @property {import("../params.js").State} chosen
 * @property {import("./trace.js").Sorted | null} sorted the newest trace
 * @property {import("./changes_order.js").Keep | null} keep
 * @property {number | null} pointed
 * @property {Uint16Array | null} stability
 * @property {string} problem why there is none, in words
 * @property {import("./trace.js").TraceState["densities"]} densities
 */

/**
 * @param {{ figure: HTMLElement, bars: HTMLElement, more: HTMLElement }} roots
 * @param {Pick<import("./trace.js").TraceOptions, "bundle" | "sketches" | "sprites" | "theme"> & {
 *   onPoint: (sample: number | null) => void,
 *   onTravel: (sample: number) => void,
 *   onKeep: import("./changes.js").ChangesOptions["onKeep"],
 *   onChoose: (to: number) => void,
 *   onLook: (layer: number | null) => void,
 * }} options onLook: what turned over at a layer is to be shown
 */
export function createFurther({ figure, bars, more }, { bundle, onKeep, onChoose, onLook, ...shared }) {
  const { manifest, labels } = bundle;
  const changes = createChanges(bars, { onPoint: shared.onPoint, onKeep });
  const distances = createDistances(more, { manifest, labels, ...shared });
  const curve = createCurve(more, { manifest, labels, onChoose });
  const turnover = createTurnover(more, { bundle, onLook, ...shared });
  /** @type {FurtherState | null} */
  let state = null;
  /** @type {import("../turnover_session.js").KnownTurnover} */
  let known = { value: null, stage: "waiting", progress: "", error: null };
  const turnoverSession = createTurnoverSession(bundle, (next) => {
    known = next;
    showTurnover();
  });
  const samples = manifest.dataset.samples;

  function showTurnover() {
    if (!state) return;
    const { chosen, stability } = state;
    const steepest = stability && steepestDrop((layer) => stability[layer * samples + chosen.sample], manifest.layers.length);
    turnover.update({ sample: chosen.sample, layer: chosen.turn, known, steepest });
  }
  /** @param {FurtherState} next @param {FurtherState | null} before */
  function askTurnover({ chosen, stability }, before) {
    const { sample, turn } = chosen;
    if (before && before.chosen.sample === sample && before.chosen.turn === turn && before.stability === stability) return;
    if (turn === null) turnoverSession.stop();
    else turnoverSession.request({ sample, layer: turn, k: Math.min(manifest.stability.k, samples - 1), other: null });
    showTurnover();
  }
  const takeaway = createTakeaway({ figure, bars, more }, bundle, () => state);

  return {
    /** @param {FurtherState} next */
    update(next) {
      const before = state;
      state = next;
      const { chosen, sorted, keep, pointed, stability, problem, densities } = next;
      if (sorted) changes.update({ order: sorted.order, keep, pointed });
      const isChosen = !before || isOther(chosen, before.chosen);
      if (isChosen || before.stability !== stability || before.problem !== problem) curve.update({ sample: chosen.sample, from: chosen.from, to: chosen.to, stability, problem });
      askTurnover(next, before);
      if (isChosen || before.densities !== densities || before.sorted !== sorted) {
        distances.update({ ...chosen, known: densities, reach: sorted && !isOther(chosen, sorted.trace) ? sorted.reach : null });
      }
    },
    destroy() {
      turnoverSession.stop();
      for (const each of [takeaway, changes, distances, curve, turnover]) each.destroy();
    },
  };
}
