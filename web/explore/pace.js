/** Long work in short tasks: the page answers in between. */
import { nextTurn } from "../../wasm/turns.js";

const SLICE = 6; // milliseconds

/**
 * A pace for one piece of work, which calls it between its steps and waits where it gives a promise. The first step waits too.
 * @param {AbortSignal} signal once aborted, the wait rejects with its reason
 * @param {number} [slice] milliseconds of a task
 * @returns {() => Promise<void> | null}
 */
export function createPace(signal, slice = SLICE) {
  let until = -Infinity;
  return () => {
    if (performance.now() < until) return null;
    return nextTurn().then(() => {
      until = performance.now() + slice;
      signal.throwIfAborted();
    });
  };
}
