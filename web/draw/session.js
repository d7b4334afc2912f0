/** Asks the engine about the sheet: while the hand moves from codes, one question at a time and always the newest; when it rests exactly. */

/** @typedef {import("../../wasm/ntrace.d.ts").Bundle} Bundle */
/** @typedef {import("../../wasm/ntrace.d.ts").Mark} Mark */
/** @typedef {import("../../wasm/ntrace.d.ts").Placed} Placed */
/** @typedef {import("../../wasm/ntrace.d.ts").NtraceError} NtraceError */

/** @typedef {{ marks: Mark[], base: number | null, moving: boolean, asked: number }} Wish asked: when the hand was there, in the page's time */
/** @typedef {{ wish: Wish, pixels: Uint8Array, placed: Placed }} Answer */

/** @param {Wish} a @param {Wish} b */
const isSame = (a, b) => a.marks === b.marks && a.base === b.base;

/**
 * @param {Bundle} bundle
 * @param {{
 *   onAnswer: (answer: Answer) => void,
 *   onProgress: (words: string) => void,
 *   onFailed: (error: NtraceError) => void,
 * }} options onAnswer: at first what the network says, then neighbours from codes, at rest exact ones
 */
export function createDrawSession(bundle, { onAnswer, onProgress, onFailed }) {
  const { k } = bundle.manifest.stability;
  /** @type {Wish | null} */
  let wish = null;
  /** @type {Wish | null} */
  let done = null;
  let isBusy = false;
  let isReady = false;
  let stopped = false;
  let control = new AbortController();

  /** @param {Wish} mine */
  async function answer(mine) {
    const { marks, base } = mine;
    const pixels = await bundle.draw({ marks, base: base ?? undefined });
    const asked = { pixels, exclude: base ?? undefined, k: Math.min(k, bundle.labels.length - 1) };
    const tell = (/** @type {Placed} */ placed) => !stopped && onAnswer({ wish: mine, pixels, placed });
    control = new AbortController();
    const options = { signal: control.signal, onProgress: (/** @type {{ label: string }} */ { label }) => !stopped && onProgress(label) };
    const quick = await bundle.place({ ...asked, exact: false, ...options, onPreview: isReady ? undefined : tell });
    isReady = true;
    tell(quick);
    if (mine.moving || wish !== mine) return;
    tell(await bundle.place({ ...asked, ...options }));
    onProgress("");
  }

  async function work() {
    if (isBusy) return;
    isBusy = true;
    while (wish && wish !== done && !stopped) {
      const mine = wish;
      try {
        await answer(mine);
        done = mine;
      } catch (error) {
        const failure = /** @type {NtraceError} */ (error);
        if (failure.code === "cancelled") continue;
        done = mine;
        if (!stopped) onFailed(failure);
      }
    }
    isBusy = false;
  }

  return {
    /** @param {Wish} next */
    ask(next) {
      if (wish && isSame(wish, next) && wish.moving === next.moving && done !== null) return;
      wish = next;
      if (isReady) control.abort(); // an exact answer to an older sheet; finding the axes goes on
      void work();
    },
    retry() {
      done = null;
      void work();
    },
    /** Nothing is on the sheet. */
    rest() {
      wish = null;
      if (isReady) control.abort();
      onProgress("");
    },
    stop() {
      stopped = true;
      control.abort();
    },
  };
}
