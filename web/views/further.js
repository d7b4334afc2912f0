/** The figures below the radial one: every change, distances by class, the curve of what is kept. */
import { isOther } from "../session.js";
import { createChanges } from "./changes.js";
import { createCurve } from "./curve.js";
import { createDistances } from "./distances.js";
import { createTakeaway } from "./takeaway.js";

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
 * }} options
 */
export function createFurther({ figure, bars, more }, { bundle, onKeep, onChoose, ...shared }) {
  const { manifest, labels } = bundle;
  const changes = createChanges(bars, { onPoint: shared.onPoint, onKeep });
  const distances = createDistances(more, { manifest, labels, ...shared });
  const curve = createCurve(more, { manifest, labels, onChoose });
  /** @type {FurtherState | null} */
  let state = null;
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
      if (isChosen || before.densities !== densities || before.sorted !== sorted) {
        distances.update({ ...chosen, known: densities, reach: sorted && !isOther(chosen, sorted.trace) ? sorted.reach : null });
      }
    },
    destroy() {
      for (const each of [takeaway, changes, distances, curve]) each.destroy();
    },
  };
}
