import { NtraceError, throwIfCancelled } from "./errors.js";
import { TURN_MILLISECONDS, nextTurn } from "./turns.js";

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */

/**
 * Runs a call that takes several turns, with memory that is given back when it ends.
 * @template T
 * @param {Core} core
 * @param {(room: Room) => Promise<T>} run
 * @returns {Promise<T>}
 */
export async function withRoom(core, run) {
  const room = new Room(core);
  try {
    return await run(room);
  } finally {
    room.release();
  }
}

/** Memory of the engine that outlives a turn. Addresses stay; views on memory go stale with every call. */
export class Room {
  /** @param {Core} core */
  constructor(core) {
    this.core = core;
    /** @type {(() => void)[]} */
    this.held = [];
  }

  /** Memory, 64-byte aligned; its contents are undefined. @param {number} bytes */
  take(bytes) {
    const at = this.core.call("nt_wasm_allocate", bytes);
    if (at === 0) throw new NtraceError("memory", `There is not enough memory for ${bytes} bytes more.`);
    this.held.push(() => this.core.call("nt_wasm_release", at));
    return at;
  }

  /** Memory filled with zeros. @param {number} bytes */
  takeZeroed(bytes) {
    const at = this.take(bytes);
    new Uint8Array(this.core.memory.buffer, at, bytes).fill(0);
    return at;
  }

  /** Memory holding whole numbers. @param {ArrayLike<number>} values */
  takeU32(values) {
    const at = this.take(4 * values.length);
    new Uint32Array(this.core.memory.buffer, at, values.length).set(values);
    return at;
  }

  /** A handle that `free` gives back. @param {string} free @param {(out: number) => void} create writes the handle to `out` */
  takeHandle(free, create) {
    const { core } = this;
    const out = this.takeZeroed(4);
    create(out);
    const handle = core.readU32(out);
    this.held.push(() => core.call(free, handle));
    return handle;
  }

  /** Gives all back, the last first. */
  release() {
    while (this.held.length > 0) {
      const free = this.held.pop();
      if (!this.core.dead) free?.();
    }
  }
}

/**
 * Takes short steps until all is done, and lets messages be handled between turns.
 * @param {() => number} step returns the share done, 1 at the end
 * @param {string} label in words, for the progress
 * @param {CallOptions} options
 */
export async function takeSteps(step, label, { signal, onProgress }) {
  for (;;) {
    throwIfCancelled(signal);
    const until = performance.now() + TURN_MILLISECONDS;
    let done = step();
    while (done < 1 && performance.now() < until) done = step();
    onProgress?.({ label, done });
    if (done >= 1) return;
    await nextTurn();
  }
}

/**
 * Goes through a list in blocks, several in a turn.
 * @param {number} count @param {number} block
 * @param {(from: number, count: number) => void} step
 * @param {string} label @param {CallOptions} options
 */
export function takeBlocks(count, block, step, label, options) {
  let at = 0;
  return takeSteps(
    () => {
      const size = Math.min(block, count - at);
      if (size > 0) step(at, size);
      at += size;
      return count === 0 ? 1 : at / count;
    },
    label,
    options,
  );
}

/** [count] float64 out of memory. @param {Core} core @param {number} at @param {number} count */
export const copyF64 = (core, at, count) => new Float64Array(core.memory.buffer, at, count).slice();

/** Calls an export that returns a float64. @param {Core} core @param {string} name @param {...number} values @returns {number} */
export const callF64 = (core, name, ...values) => /** @type {Function} */ (core.exports[name])(...values);
