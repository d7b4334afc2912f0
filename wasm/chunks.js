import { unlessCancelled } from "./abort.js";
import { throwIfCancelled } from "./errors.js";
import { getSound } from "./source.js";

/**
 * One chunk on its way; it may be wanted by several calls, and is given up when the last of them is cancelled.
 * @typedef {object} Flight
 * @property {Promise<void>} landed
 * @property {AbortController} control
 * @property {number} waiting
 * @property {Set<(bytes: number) => void>} listeners
 */

/**
 * Fetches chunks and feeds them to an open bundle, each once. The engine checks size, hash and contents of what it is fed; what
 * is found damaged is fetched once more, past the browser's cache.
 * @param {import("./core.js").Core} core
 * @param {number} handle
 * @param {import("./ntrace.d.ts").Chunk[]} chunks
 * @param {import("./source.js").Source} source
 */
export function createChunks(core, handle, chunks, source) {
  /** @type {Map<number, Flight>} */
  const flights = new Map();

  /** @param {number} number @param {Uint8Array} bytes */
  function feed(number, bytes) {
    core.borrow((take) => {
      const at = take(bytes.length);
      core.write(at, bytes);
      core.attempt("nt_bundle_feed", handle, number, at, bytes.length);
    });
  }

  /** @param {number} number @param {Flight} flight */
  async function fetchAndFeed(number, flight) {
    const { file, bytes } = chunks[number];
    await getSound(
      source,
      file,
      {
        signal: flight.control.signal,
        limit: bytes,
        onBytes: (got) => flight.listeners.forEach((listen) => listen(Math.min(got, bytes))),
      },
      (found) => feed(number, found),
    );
  }

  /** @param {number} number */
  function flightOf(number) {
    const under = flights.get(number);
    if (under && !under.control.signal.aborted) return under;
    /** @type {Flight} */
    const flight = { landed: Promise.resolve(), control: new AbortController(), waiting: 0, listeners: new Set() };
    flight.landed = fetchAndFeed(number, flight).finally(() => {
      if (flights.get(number) === flight) flights.delete(number);
    });
    flights.set(number, flight);
    return flight;
  }

  /** @param {number} number @param {AbortSignal | undefined} signal @param {(bytes: number) => void} onBytes */
  async function board(number, signal, onBytes) {
    throwIfCancelled(signal);
    const flight = flightOf(number);
    flight.waiting++;
    flight.listeners.add(onBytes);
    try {
      await unlessCancelled(flight.landed, signal);
    } finally {
      flight.listeners.delete(onBytes);
      if (--flight.waiting === 0) flight.control.abort();
    }
  }

  return {
    /**
     * Resolves when all these chunks are in.
     * @param {ArrayLike<number>} numbers
     * @param {string} what in words, for the progress
     * @param {import("./ntrace.d.ts").CallOptions} [options]
     */
    async load(numbers, what, { signal, onProgress } = {}) {
      const wanted = Array.from(numbers);
      const totalBytes = wanted.reduce((sum, number) => sum + chunks[number].bytes, 0);
      const got = new Map();
      await Promise.all(
        wanted.map((number) =>
          board(number, signal, (bytes) => {
            got.set(number, bytes);
            const bytesSoFar = [...got.values()].reduce((a, b) => a + b, 0);
            onProgress?.({ label: `fetching ${what}`, done: bytesSoFar / totalBytes, bytes: bytesSoFar, totalBytes });
          }),
        ),
      );
    },
  };
}
