/** Which places of a page may wait: those that are not near what is in sight, until they come near or the browser has nothing else to do. */

/** How much further than the screen "near" reaches. */
const MARGIN = "10%";
/** Milliseconds after which a browser counts as idle that does not say so itself. */
const CALM = 500;

/** @param {() => void} run @returns {() => void} takes it back */
function whenIdle(run) {
  if (typeof requestIdleCallback !== "function") {
    const timer = setTimeout(run, CALM);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(run);
  return () => cancelIdleCallback(handle);
}

/**
 * @param {Map<string, Element>} places those that may wait, by name
 * @param {(name: string) => void} onNear called once for each
 */
export function createSight(places, onNear) {
  const waiting = new Map(places);
  let takeBack = () => {};
  /** @type {() => void} */
  let answered = () => {};
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) wake([...waiting].find(([, place]) => place === target)?.[0]);
      answered();
    },
    { rootMargin: MARGIN },
  );

  /** @param {string | undefined} name */
  function wake(name) {
    const place = name !== undefined && waiting.get(name);
    if (!place) return;
    waiting.delete(name);
    observer.unobserve(place);
    onNear(name);
  }

  return {
    /** Whether a place still waits, or any. @param {string} [name] */
    waits: (name) => (name === undefined ? waiting.size > 0 : waiting.has(name)),
    /** Looks where the places are, once what stands above them has its size. @returns {Promise<void>} when those that are near are known */
    look: () =>
      new Promise((resolve) => {
        answered = resolve;
        for (const place of waiting.values()) observer.observe(place);
      }),
    /** The next place does not wait any longer than until the browser is idle. */
    relax() {
      takeBack();
      if (waiting.size > 0) takeBack = whenIdle(() => wake([...waiting.keys()][0]));
    },
    close() {
      takeBack();
      observer.disconnect();
    },
  };
}
