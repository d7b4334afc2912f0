import { cancelled } from "./errors.js";

/** Who waits for a signal, and its one listener: Node.js takes more than ten for a leak. @type {WeakMap<AbortSignal, { runs: Set<() => void>, fire: () => void }>} */
const waiting = new WeakMap();

/** @param {AbortSignal} signal */
function listenTo(signal) {
  const runs = /** @type {Set<() => void>} */ (new Set());
  const found = { runs, fire: () => runs.forEach((run) => run()) };
  signal.addEventListener("abort", found.fire);
  waiting.set(signal, found);
  return found;
}

/**
 * Runs something when a signal fires, if there is one; at once where it has fired.
 * @param {AbortSignal | undefined} signal @param {() => void} run
 * @returns {() => void} leaves it
 */
export function whenAborted(signal, run) {
  if (!signal || signal.aborted) {
    if (signal) run();
    return () => {};
  }
  const { runs, fire } = waiting.get(signal) ?? listenTo(signal);
  runs.add(run);
  return () => {
    runs.delete(run);
    if (runs.size > 0 || waiting.get(signal)?.runs !== runs) return;
    signal.removeEventListener("abort", fire);
    waiting.delete(signal);
  };
}

/** What a promise gives, unless the signal fires before or has fired. @template T @param {Promise<T>} promise @param {AbortSignal} [signal] @returns {Promise<T>} */
export async function unlessCancelled(promise, signal) {
  let leave = () => {};
  const fired = new Promise((_, reject) => {
    leave = whenAborted(signal, () => reject(cancelled()));
  });
  try {
    return await /** @type {Promise<T>} */ (Promise.race([fired, promise]));
  } finally {
    leave();
  }
}
