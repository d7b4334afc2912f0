/** The route to a trace: asks the engine for what the URL says, and hands the answers to the view. */
import { createSession } from "../session.js";
import { createTrace } from "../views/trace.js";

/** @param {HTMLElement} root @param {import("../main.js").Context} context @returns {import("../main.js").Route} */
export function createTraceRoute(root, { bundle, store, sketches, sprites, theme, report }) {
  const view = createTrace(root, { bundle, sketches, sprites, theme, onChange: store.set });
  /** @type {Uint16Array | null} */
  let stability = null;
  /** @type {import("../session.js").Answer} */
  let answer = { trace: null, stage: "waiting", progress: "", error: null };
  let frame = 0;

  function update() {
    frame = 0;
    view.update({ chosen: store.get(), answer, stability });
  }
  const later = () => void (frame ||= requestAnimationFrame(update));

  const session = createSession(bundle, (next) => {
    answer = next;
    if (answer.stage === "waiting") root.dataset.exact = "false"; // at once: what is drawn no longer answers the URL
    if (answer.stage === "failed" && answer.error) report.failed(answer.error, session.retry);
    else if (answer.trace && answer.stage !== "waiting") report.ready();
    else if (!answer.trace) report.progress({ label: answer.progress || "computing the first neighbourhood", done: 0.9 });
    if (answer.stage === "exact" && !stability) void readStability();
    later();
  });

  async function readStability() {
    try {
      stability = (await bundle.stability()).values;
      later();
    } catch {
      return; // the bars stay empty: the figure does not need them
    }
  }
  session.request(store.get());

  return {
    update(state, before) {
      const isAsked = state.sample !== before.sample || state.from !== before.from || state.to !== before.to || state.k !== before.k;
      if (isAsked) session.request(state);
      later();
    },
    destroy() {
      cancelAnimationFrame(frame);
      session.stop();
      view.destroy();
    },
  };
}
