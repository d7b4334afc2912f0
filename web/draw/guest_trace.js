/** The sheet's own trace between any two layers, once the hand rests: the trace view, with one sample more. */
import { createDensitySession } from "../density_session.js";
import { createSession, isOther } from "../session.js";
import { createTrace, isSettled } from "../views/trace.js";

/** @typedef {import("./guest.js").Guest} Guest */
/** @typedef {import("../params.js").State} State */

/**
 * @param {HTMLElement} root
 * @param {{
 *   guest: Guest,
 *   onTravel: (sample: number) => void,
 *   onExact: () => void,
 *   onFailed: (error: Error, retry: () => void) => void,
 * } & Pick<import("../views/trace.js").TraceOptions, "theme" | "onChange" | "loadFurther">} options
 */
export function createGuestTrace(root, { guest, theme, onChange, loadFurther, onTravel, onExact, onFailed }) {
  const { bundle, sketches, sprites, sample } = guest;
  /** @type {State | null} */
  let chosen = null;
  /** @type {Uint16Array | null} */
  let stability = null;
  /** @type {import("../session.js").Answer} */
  let answer = { trace: null, stage: "waiting", progress: "", error: null };
  /** @type {import("../density_session.js").KnownDensities} */
  const nothing = { value: null, stage: "waiting", progress: "", error: null };
  let densities = { from: nothing, to: nothing };
  let frame = 0;
  let seen = false;
  /** @type {ReturnType<typeof createSession> | null} */
  let session = null;
  /** @type {ReturnType<typeof createDensitySession> | null} */
  let densitySession = null;

  const view = createTrace(root, {
    bundle, sketches, sprites, theme, loadFurther, onFailed, hasPicker: false,
    onChange: (change, options) => (change.sample === undefined ? onChange(change, options) : onTravel(change.sample)),
    onAhead: (to) => chosen && session?.prepare({ ...own(chosen), to }),
    onSeen(isSeen) {
      seen = isSeen;
      measure();
    },
  });

  const own = (/** @type {State} */ state) => ({ ...state, sample, k: Math.min(state.k, sample - 1) });
  function update() {
    frame = 0;
    if (chosen) view.update({ chosen: own(chosen), answer, stability, problem: "", densities });
  }
  const later = () => void (frame ||= requestAnimationFrame(update));
  function measure() {
    if (!isSettled(answer)) densitySession?.stop();
    else if (seen && chosen) densitySession?.request(own(chosen));
  }

  return {
    /** Another image is on the sheet: what is known of the one before is forgotten. @param {State} state */
    show(state) {
      session?.stop();
      densitySession?.stop();
      chosen = state;
      root.dataset.exact = "false";
      densities = { from: nothing, to: nothing };
      stability = guest.stability()?.slice() ?? null; // another array: the curve reads it anew
      session = createSession(bundle, (next) => {
        answer = next;
        if (answer.stage === "exact") onExact();
        measure();
        later();
        if (answer.stage === "failed" && answer.error) onFailed(answer.error, () => session?.retry());
      });
      densitySession = createDensitySession(bundle, (next) => {
        densities = next;
        later();
      });
      session.request(own(state));
    },
    /** What every sample keeps has arrived. */
    refresh() {
      stability = guest.stability()?.slice() ?? null;
      later();
    },
    /** The state has changed, not the sheet. @param {State} state */
    update(state) {
      if (!chosen || !session) return;
      const isAsked = isOther(own(state), own(chosen));
      chosen = state;
      if (isAsked) session.request(own(state));
      later();
    },
    destroy() {
      cancelAnimationFrame(frame);
      session?.stop();
      densitySession?.stop();
      view.destroy();
    },
  };
}
