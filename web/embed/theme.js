/** Light or dark for one element: as its attribute `theme` says, else as the system has it. */
import { readTokens } from "../theme.js";

/** @param {HTMLElement} element */
export function createTheme(element) {
  /** @type {ReturnType<typeof readTokens> | null} */
  let tokens = null;
  /** @type {Set<() => void>} */
  const readers = new Set();
  /** @type {MediaQueryList | null} */
  let system = null;

  function changed() {
    tokens = null;
    for (const read of [...readers]) read();
  }
  function rest() {
    tokens = null;
    system?.removeEventListener("change", changed);
    system = null;
  }

  return {
    tokens: () => (tokens ??= readTokens(element)),
    /** @param {() => void} read @returns {() => void} ends it */
    subscribe(read) {
      if (!system) {
        system = matchMedia("(prefers-color-scheme: dark)");
        system.addEventListener("change", changed);
      }
      readers.add(read);
      return () => readers.delete(read);
    },
    changed,
    /** Listens no more, until somebody subscribes. */
    rest,
  };
}
