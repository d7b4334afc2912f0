/** Asks the engine, the latest wish only: a newer one cancels what is under way. */

/** @typedef {import("../wasm/ntrace.d.ts").NtraceError} NtraceError */

/**
 * What is known about what is asked for.
 *
 * @template V
 * @typedef {object} Known
 * @property {V | null} value the newest there is; of an older wish while "waiting"
 * @property {"waiting" | "preview" | "exact" | "failed"} stage
 * @property {string} progress in words, empty when nothing is under way
 * @property {NtraceError | null} error
 */

/**
 * @template W
 * @template {{ exact: boolean }} V
 * @param {(wish: W, options: import("../wasm/ntrace.d.ts").CallOptions & { onPreview: (value: V) => void }) => Promise<V>} ask
 * @param {(known: Known<V>) => void} onAnswer
 */
export function createAsker(ask, onAnswer) {
  /** @type {Known<V>} */
  let known = { value: null, stage: "waiting", progress: "", error: null };
  /** @type {AbortController | null} */
  let current = null;
  /** @type {W | null} */
  let wish = null;
  let frame = 0;

  /** @param {Partial<Known<V>>} change */
  function tell(change) {
    known = { ...known, ...change };
    onAnswer(known);
  }

  async function start() {
    frame = 0;
    if (wish === null) return;
    const mine = new AbortController();
    current = mine;
    const isCurrent = () => current === mine && !mine.signal.aborted;
    try {
      const value = await ask(wish, {
        signal: mine.signal,
        onPreview: (preview) => isCurrent() && tell({ value: preview, stage: "preview" }),
        onProgress: ({ label }) => isCurrent() && tell({ progress: label }),
      });
      if (isCurrent()) tell({ value, stage: value.exact ? "exact" : "preview", progress: "" });
    } catch (error) {
      const failure = /** @type {NtraceError} */ (error);
      if (isCurrent() && failure.code !== "cancelled") tell({ stage: "failed", progress: "", error: failure });
    }
  }

  function retry() {
    current?.abort();
    current = null;
    tell({ stage: "waiting", progress: "", error: null });
    if (frame === 0) frame = requestAnimationFrame(() => void start());
  }

  return {
    /** @param {W} asked */
    request(asked) {
      wish = asked;
      retry();
    },
    retry,
    stop() {
      cancelAnimationFrame(frame);
      frame = 0;
      current?.abort();
      current = null;
    },
  };
}
