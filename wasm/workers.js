/**
 * Two workers for one bundle: the near one answers what a view waits for; the far one, started when it is first needed, searches
 * neighbour graphs and works on them, so that the near one never waits for it. One that is lost, because it has failed, has run out
 * of memory or does not answer any more, is replaced, and what was asked of it is asked again.
 */
import { ELSEWHERE, connect } from "./connection.js";
import { features } from "./core.js";
import { unlessCancelled } from "./abort.js";
import { NtraceError, cancelled } from "./errors.js";
import { startModuleWorker } from "./start_worker.js";

/** @typedef {import("./ntrace.d.ts").CallOptions} CallOptions */
/** @typedef {import("./connection.js").Options} Options */
/** @typedef {{ connection: import("./connection.js").Connection, opened: Promise<any> }} Started */

/** How many workers a call may cost, and in how many it may be lost by what another has done. */
const OWN_LOSSES = 2;
const LOSSES = 3;

/**
 * What a worker opens.
 * @typedef {object} Address
 * @property {string} url of the bundle, absolute; empty where it comes from files
 * @property {ReadonlyMap<string, Blob>} [files]
 * @property {string} [model]
 * @property {import("./ntrace.d.ts").BundleVersion} [version]
 * @property {"auto" | "simd" | "scalar"} [variant]
 */

/** @param {(() => Worker)[]} ways */
function checkFeatures(ways) {
  if (!features().wasm) throw new NtraceError("unsupported", "WebAssembly is switched off in this browser: nothing can be computed.");
  if (ways === IN_BROWSERS && typeof Worker !== "function") throw new NtraceError("unsupported", "This browser has no Workers: the engine cannot run.");
}

const SCRIPT = new URL("./worker.js", import.meta.url).href;
/** Spelt out for bundlers. */
const startDirectly = () => new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "ntrace" });
/** A frame without an origin, as sandboxes have, starts modules from data: addresses alone. */
const startFromData = () => new Worker(`data:text/javascript,${encodeURIComponent(`import ${JSON.stringify(SCRIPT)};`)}`, { type: "module", name: "ntrace" });
/** Browsers start no worker directly from another site's script. */
const isForeign = new URL(SCRIPT).origin !== globalThis.origin;
/** Workers that have not started in time. Browsers let what is asked for again wait for the answer that never came: another address does not. */
let late = 0;
const IN_BROWSERS = [() => startModuleWorker(late === 0 ? SCRIPT : `${SCRIPT}?late=${late}`, "ntrace"), isForeign ? startFromData : startDirectly];
let starts = IN_BROWSERS;
/** Where there are no Workers as in browsers: how they are started there. @param {() => Worker} means */
export const startWorkersBy = (means) => void (starts = [means]);

/** Whether a worker that answers so is to be replaced. @param {unknown} error @returns {error is NtraceError} */
const isLoss = (error) => error instanceof NtraceError && ["crashed", "memory"].includes(error.code);

/**
 * @param {{ onRecovered?: (loss: NtraceError) => void, patience?: number, ways?: (() => Worker)[] }} [options]
 *   onRecovered: told why a worker had to be replaced
 */
export function connectPair({ onRecovered, patience, ways = starts } = {}) {
  checkFeatures(ways);
  /** @type {Address} */
  let address;
  let closed = false;
  /** @type {Started | undefined} */
  let near;
  /** @type {Started | undefined} */
  let far;

  /** @param {boolean} delegates @param {CallOptions} [options] @returns {Started} */
  function start(delegates, options) {
    let isOpen = false;
    const onEnd = (/** @type {NtraceError} */ error) => isOpen && !closed && isLoss(error) && onRecovered?.(error);
    const connection = connect(ways, { patience, onEnd, onLate: () => void late++ });
    const opened = connection.call("open", { ...address, delegates }, options);
    opened.then(
      () => (isOpen = true),
      (error) => connection.end(error),
    );
    return { connection, opened };
  }
  const theNear = () => (!near || near.connection.hasEnded() ? (near = start(true)) : near);
  const theFar = () => (!far || far.connection.hasEnded() ? (far = start(false)) : far);

  /** @param {() => Started} find the worker, or one in its place @param {string} method @param {object} request @param {Options} options @returns {Promise<any>} */
  async function ask(find, method, request, options) {
    let own = 0;
    for (let losses = 1; ; losses++) {
      if (closed) throw cancelled();
      const { connection, opened } = find();
      await unlessCancelled(opened, options.signal);
      try {
        return await connection.call(method, request, options);
      } catch (error) {
        if (!isLoss(error)) throw error;
        if (!connection.hasEnded()) own++;
        connection.end(error);
        if (own === OWN_LOSSES || losses === LOSSES) throw error;
      }
    }
  }

  return {
    /** @param {Address} request @param {CallOptions} options */
    async open(request, options) {
      address = request;
      near = start(true, options);
      const opened = await near.opened;
      address = { ...request, version: opened.version, model: opened.models.length > 0 ? opened.model : undefined, variant: opened.engine.variant };
      return opened;
    },
    /** Asks the near worker, and the far one where it says so. @param {string} method @param {object} request @param {Options} [options] @returns {Promise<any>} */
    async call(method, request, options = {}) {
      try {
        return await ask(theNear, method, request, options);
      } catch (error) {
        if (error !== ELSEWHERE) throw error;
        return ask(theFar, method, request, options);
      }
    },
    /** @param {string} method @param {object} request @param {Options} options */
    callFar: (method, request, options) => ask(theFar, method, request, options),
    /** Ends the far worker and what it does; the next call that needs it starts it anew. */
    endFar() {
      far?.connection.end(cancelled());
      far = undefined;
    },
    /** Bytes of both. */
    async memory() {
      const others = far && !far.connection.hasEnded() ? ask(theFar, "memory", {}, {}) : 0;
      const [own, more] = await Promise.all([ask(theNear, "memory", {}, {}), others]);
      return own + more;
    },
    /** @param {NtraceError} error */
    end(error) {
      closed = true;
      near?.connection.end(error);
      far?.connection.end(error);
    },
  };
}
