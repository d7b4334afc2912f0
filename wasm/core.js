import { NtraceError, STATUS_CODES } from "./errors.js";

const ERROR_BYTES = 516;
const decoder = new TextDecoder();

/** A module that uses one SIMD instruction and nothing else: valid where the browser has WebAssembly SIMD. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/** Whether this browser runs WebAssembly, and its SIMD instructions. */
export function features() {
  const wasm = typeof WebAssembly === "object" && typeof WebAssembly.validate === "function";
  return { wasm, simd: wasm && WebAssembly.validate(SIMD_PROBE) };
}

/**
 * The system calls that the C library is linked to. Its output (the text of a failed assertion) is kept for the error's
 * message; there are no files and no way out but a trap.
 * @param {() => WebAssembly.Memory} memory
 * @param {string[]} printed
 */
function systemCalls(memory, printed) {
  const BADF = 8;
  return {
    /** @param {number} fd @param {number} vectors @param {number} count @param {number} written */
    fd_write(fd, vectors, count, written) {
      const view = new DataView(memory().buffer);
      let bytes = 0;
      for (let i = 0; i < count; i++) {
        const at = view.getUint32(vectors + 8 * i, true);
        const length = view.getUint32(vectors + 8 * i + 4, true);
        printed.push(decoder.decode(new Uint8Array(memory().buffer, at, length)));
        bytes += length;
      }
      view.setUint32(written, bytes, true);
      return 0;
    },
    fd_seek: () => BADF,
    fd_close: () => BADF,
    /** @param {number} code */
    proc_exit(code) {
      throw new WebAssembly.RuntimeError(`exit ${code}`);
    },
  };
}

/**
 * Compiles and starts a build of the engine.
 * @param {BufferSource} bytes
 * @returns {Promise<Core>}
 */
export async function instantiate(bytes) {
  const { exports, printed } = await start(bytes);
  const core = new Core(exports, printed);
  core.call("_initialize");
  const failed = core.call("nt_wasm_self_test");
  if (failed !== 0) throw new NtraceError("unsupported", `This machine computes wrongly: ${core.text(failed)} failed the engine's self-test.`);
  return core;
}

/** A module beside the engine, with a memory of its own. @typedef {{ exports: WebAssembly.Exports, memory: WebAssembly.Memory }} Module */

/** @param {Uint8Array} bytes @returns {Promise<Module>} */
export async function instantiateAlone(bytes) {
  const { exports } = await start(/** @type {BufferSource} */ (bytes));
  /** @type {Function} */ (exports._initialize)();
  return { exports, memory: /** @type {WebAssembly.Memory} */ (exports.memory) };
}

/** @param {BufferSource} bytes */
async function start(bytes) {
  /** @type {string[]} */
  const printed = [];
  /** @type {WebAssembly.Instance} */
  let instance;
  const memory = () => /** @type {WebAssembly.Memory} */ (instance.exports.memory);
  const imports = {
    env: { emscripten_notify_memory_growth() {} },
    wasi_snapshot_preview1: systemCalls(memory, printed),
  };
  try {
    instance = (await WebAssembly.instantiate(bytes, imports)).instance;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NtraceError("unsupported", `This browser did not start the engine: ${reason}`);
  }
  return { exports: instance.exports, printed };
}

/** One running build: calls, memory, errors. Views on its memory go stale with every call: read again after each. */
export class Core {
  /** @param {WebAssembly.Exports} exports @param {string[]} printed */
  constructor(exports, printed) {
    this.exports = exports;
    this.printed = printed;
    this.dead = false;
    this.memory = /** @type {WebAssembly.Memory} */ (exports.memory);
    this.allocator = this.call("nt_allocator_default");
    this.error = this.call("nt_wasm_allocate", ERROR_BYTES);
  }

  /**
   * Calls an export. A trap ends this engine: its memory can no longer be trusted.
   * @param {string} name
   * @param {...number} values
   * @returns {number} unsigned
   */
  call(name, ...values) {
    if (this.dead) throw new NtraceError("crashed", "The engine has stopped after an earlier failure.");
    try {
      return /** @type {Function} */ (this.exports[name])(...values) >>> 0;
    } catch (error) {
      this.dead = true;
      const said = this.printed.join("").trim();
      const reason = said || (error instanceof Error ? error.message : String(error));
      throw new NtraceError("crashed", `The engine failed in ${name}: ${reason}`);
    }
  }

  /** Calls a function that takes an nt_error last and returns a status. @param {string} name @param {...number} values */
  attempt(name, ...values) {
    new DataView(this.memory.buffer).setUint32(this.error + 4, 0, true);
    const status = this.call(name, ...values, this.error);
    if (status === 0) return;
    const code = STATUS_CODES[status] ?? "crashed";
    const text = this.text(this.error + 4) || (code === "memory" ? "There is not enough memory." : `${name} failed: ${code}`);
    throw new NtraceError(code, text);
  }

  /** A C string. @param {number} at */
  text(at) {
    const bytes = new Uint8Array(this.memory.buffer, at);
    return decoder.decode(bytes.slice(0, bytes.indexOf(0)));
  }

  /**
   * Runs a function with memory that is given back when it ends.
   * @template T
   * @param {(take: (bytes: number) => number) => T} run `take` allocates, 64-byte aligned
   * @returns {T}
   */
  borrow(run) {
    /** @type {number[]} */
    const held = [];
    try {
      return run((bytes) => {
        const at = this.call("nt_wasm_allocate", bytes);
        if (at === 0) throw new NtraceError("memory", `There is not enough memory for ${bytes} bytes more.`);
        held.push(at);
        return at;
      });
    } finally {
      if (!this.dead) for (const at of held) this.call("nt_wasm_release", at);
    }
  }

  /** Copies bytes in. @param {number} at @param {Uint8Array} bytes */
  write(at, bytes) {
    new Uint8Array(this.memory.buffer, at, bytes.length).set(bytes);
  }

  /** @param {number} at @param {number} count */
  copyU8(at, count) {
    return new Uint8Array(this.memory.buffer, at, count).slice();
  }
  /** @param {number} at @param {number} count */
  copyU16(at, count) {
    return new Uint16Array(this.memory.buffer, at, count).slice();
  }
  /** @param {number} at @param {number} count */
  copyU32(at, count) {
    return new Uint32Array(this.memory.buffer, at, count).slice();
  }
  /** @param {number} at @param {number} count */
  copyF32(at, count) {
    return new Float32Array(this.memory.buffer, at, count).slice();
  }
  /** @param {number} at */
  readU32(at) {
    return new DataView(this.memory.buffer).getUint32(at, true);
  }
}
