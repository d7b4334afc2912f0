/** The route to a trace: asks the engine for what the URL says, and hands the answers to the view. */
import { createDensitySession } from "../density_session.js";
import { whyNoDrawing } from "../drawable.js";
import { createSession, isOther } from "../session.js";
import { createTrace, isSettled } from "../views/trace.js";

/** @typedef {import("../density_session.js").KnownDensities} KnownDensities */

/** @param {HTMLElement} root @param {import("../main.js").Context} context @returns {import("../main.js").Route} */
export function createTraceRoute(root, { bundle, store, sketches, sprites, theme, report, loadFurther }) {
  // Embedded, without the figures below, the trace has no other views to lead to.
  const changeLink = !loadFurther || whyNoDrawing(bundle.manifest) ? undefined : (/** @type {number} */ base) => store.link({ view: "draw", base, marks: [] });
  const view = createTrace(root, { bundle, sketches, sprites, theme, onChange: store.set, onAhead: (to) => session.prepare({ ...store.get(), to }), onSeen, onFailed, loadFurther, changeLink });
  const hasNetwork = bundle.manifest.chunks.some(({ role }) => role === "weights"); // else codes have the last word
  /** @type {Uint16Array | null} */
  let stability = null;
  let problem = "";
  /** @type {import("../session.js").Answer} */
  let answer = { trace: null, stage: "waiting", progress: "", error: null };
  /** @type {KnownDensities} */
  const nothing = { value: null, stage: "waiting", progress: "", error: null };
  let densities = { from: nothing, to: nothing };
  let frame = 0;
  let task = 0;
  let seen = false;

  function update() {
    forget();
    view.update({ chosen: store.get(), answer, stability, problem, densities });
  }
  function forget() {
    cancelAnimationFrame(frame);
    clearTimeout(task);
    frame = task = 0;
  }
  /** What the reader has done is seen in the next picture; what arrives has a task of its own, and the picture one after it. */
  const later = () => void (frame ||= requestAnimationFrame(update));
  const arrived = () => void (task ||= window.setTimeout(update));

  const session = createSession(bundle, (next) => {
    answer = next;
    if (answer.stage === "waiting") root.dataset.exact = "false"; // at once: what is drawn no longer answers the URL
    if (answer.stage === "failed" && answer.error) report.failed(answer.error, session.retry);
    else if (answer.trace && answer.stage !== "waiting") report.ready(answer);
    else if (!answer.trace) report.progress({ label: answer.progress || "computing the first neighbourhood", done: 0.9 });
    if ((answer.stage === "exact" || (!hasNetwork && isSettled(answer))) && !stability) void readStability();
    measure();
    arrived();
  });
  const densitySession = createDensitySession(bundle, (next) => {
    densities = next;
    arrived();
  });

  /** Distances to all samples take the engine a second: they are asked for when they are looked at and the trace is there. */
  function measure() {
    if (!isSettled(answer)) densitySession.stop();
    else if (seen) densitySession.request(store.get());
  }
  /** @param {boolean} isSeen */
  function onSeen(isSeen) {
    seen = isSeen;
    measure();
  }

  /** @param {Error} error @param {() => void} retry */
  function onFailed(error, retry) {
    const hint = "The figures below the first one could not be fetched. Check the connection and try again.";
    report.failed(Object.assign(error, { code: /** @type {const} */ ("network"), hint }), retry);
  }

  async function readStability() {
    try {
      stability = (await bundle.stability()).values;
      problem = "";
    } catch (error) {
      problem = /** @type {import("../../wasm/ntrace.d.ts").NtraceError} */ (error).message; // told where it is missed; the figure does not need it
    }
    arrived();
  }
  session.request(store.get());

  return {
    update(state, before) {
      const isAsked = isOther(state, before);
      if (isAsked) session.request(state);
      if (isAsked && state.keep && state.keep === before.keep) store.set({ keep: null }, { replace: true }); // places in one trace mean nothing in another
      later();
    },
    destroy() {
      forget();
      session.stop();
      densitySession.stop();
      view.destroy();
    },
  };
}
