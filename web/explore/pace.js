/** Long work in short tasks: the page answers in between. */

const SLICE = 6; // milliseconds

/**
 * A pace for one piece of work, which calls it between its steps and waits where it gives a promise. The first step waits too.
 * @param {AbortSignal} signal once aborted, the wait rejects with its reason
 * @returns {() => Promise<void> | null}
 */
export function createPace(signal) {
  let until = -Infinity;
  return () => {
    if (performance.now() < until) return null;
    return new Promise((resolve, reject) => {
      setTimeout(() => {
        until = performance.now() + SLICE;
        if (signal.aborted) reject(signal.reason);
        else resolve();
      });
    });
  };
}
