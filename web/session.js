/** Asks the engine for traces, the latest wish only: a newer one cancels what is under way. */

/** @typedef {import("../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../wasm/ntrace.d.ts").Trace} Trace */
/** @typedef {import("../wasm/ntrace.d.ts").NtraceError} NtraceError */

/**
 * What is known about the trace that is asked for.
 *
 * @typedef {object} Answer
 * @property {Trace | null} trace the newest there is; of an older wish while "waiting"
 * @property {"waiting" | "preview" | "exact" | "failed"} stage
 * @property {string} progress in words, empty when nothing is under way
 * @property {NtraceError | null} error
 */

/**
 * @param {Bundle} bundle
 * @param {(answer: Answer) => void} onAnswer
 */
export function createSession(bundle, onAnswer) {
  /** @type {Answer} */
  let answer = { trace: null, stage: "waiting", progress: "", error: null };
  /** @type {AbortController | null} */
  let current = null;
  /** @type {{ sample: number, from: number, to: number, k: number } | null} */
  let wish = null;
  let frame = 0;

  /** @param {Partial<Answer>} change */
  function tell(change) {
    answer = { ...answer, ...change };
    onAnswer(answer);
  }

  async function ask() {
    frame = 0;
    if (!wish) return;
    const mine = new AbortController();
    current = mine;
    const isCurrent = () => current === mine && !mine.signal.aborted;
    try {
      const trace = await bundle.trace({
        ...wish,
        signal: mine.signal,
        onPreview: (preview) => isCurrent() && tell({ trace: preview, stage: "preview" }),
        onProgress: ({ label }) => isCurrent() && tell({ progress: label }),
      });
      if (isCurrent()) tell({ trace, stage: trace.exact ? "exact" : "preview", progress: "" });
    } catch (error) {
      const failure = /** @type {NtraceError} */ (error);
      if (isCurrent() && failure.code !== "cancelled") tell({ stage: "failed", progress: "", error: failure });
    }
  }

  function start() {
    current?.abort();
    current = null;
    tell({ stage: "waiting", progress: "", error: null });
    if (frame === 0) frame = requestAnimationFrame(() => void ask());
  }

  return {
    /** @param {{ sample: number, from: number, to: number, k: number }} asked */
    request({ sample, from, to, k }) {
      wish = { sample, from, to, k };
      start();
    },
    retry: start,
    stop() {
      cancelAnimationFrame(frame);
      current?.abort();
    },
  };
}
