/**
 * Which graphs are kept. WebAssembly memory is short where samples are many, and never shrinks: a graph of 100 neighbours takes 3.9 MiB
 * for 10,000 samples and 48 MiB for 100,000, and its search takes tables beside it. Graphs are kept up to a budget, the new one
 * included; the one that was asked for least recently makes room for a new one, but never while a call that has asked for it is under
 * way. What does not fit at once is refused before anything is searched, and stability, overlaps and comparisons are then answered on
 * codes.
 *
 * Up to 65,536 samples the budget is that of all 13 graphs of the reference network at 25,000. Beyond, memory is held below 1 GiB at
 * 100,000: in the worker that answers views, a sample takes 5,217 bytes of codes, 785 of its image and 460 of what the bundle ships,
 * 616 MiB in all, and 50 MiB go to axes for placing, queries and the chunk that is read. That leaves some 350 MiB for the worker that
 * has the graphs: 78 for images, 48 for one graph, 127 for the shortlists of its search and 55 for rows that are compared as they are.
 * Wider layers have rows that would not be held, and shortlists twice as long: they are not searched.
 */
import { NtraceError } from "./errors.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./core.js").Core} Core */
/** @typedef {{ engine: Engine, layer: number, graph: number, bytes: number, used: number, forget: () => void }} Kept */

export const MANY_SAMPLES = 65536;
const MIB = 2 ** 20;
const BUDGET = 128 * MIB;
const BUDGET_OF_MANY = 64 * MIB;
/** Room for the tables of a search: all reduced rows of 10,000 samples. */
export const ROOM_BYTES = 96 * MIB;
/** How many neighbours a graph holds, where there are as many samples. */
export const GRAPH_K = 100;

/** Graphs of all models in one memory, calls under way by when they began, and a clock that counts. @type {WeakMap<Core, { kept: Set<Kept>, calls: Set<{ since: number }>, now: number }>} */
const shelves = new WeakMap();

/** @param {Core} core */
function shelfOf(core) {
  const shelf = shelves.get(core) ?? { kept: new Set(), calls: new Set(), now: 0 };
  shelves.set(core, shelf);
  return shelf;
}

/** @param {number} samples @param {number} k */
const graphBytes = (samples, k) => samples * (k * (samples > MANY_SAMPLES ? 5 : 4) + 8);

/** @param {Engine} engine */
const budgetOf = ({ graphBudget, manifest }) => graphBudget ?? (manifest.dataset.samples > MANY_SAMPLES ? BUDGET_OF_MANY : BUDGET);

/** Why graphs of these layers cannot be had at once, besides some more, in words; nothing where they can. @param {Engine} engine @param {number[]} list @param {number} [more] */
function misfit(engine, list, more = 0) {
  const { layers, dataset } = engine.manifest;
  const samples = dataset.samples;
  const distinct = [...new Set(list.map((layer) => layers[layer].codes))];
  const bytes = graphBytes(samples, Math.min(GRAPH_K, samples - 1));
  const wide = distinct.find((layer) => samples > MANY_SAMPLES && 2 * samples * layers[layer].size > ROOM_BYTES);
  if (wide !== undefined) return `${layers[wide].name} is too wide for the exact neighbours of all ${samples} samples to be searched here.`;
  const count = distinct.length + more;
  if (count === 1 || count * bytes <= budgetOf(engine)) return "";
  return `The exact neighbours of all ${samples} samples at ${count} layers take ${Math.ceil((count * bytes) / MIB)} MiB, more than are kept.`;
}

/** Whether the graphs of these layers can be had at once, besides some more. @param {Engine} engine @param {number[]} list @param {number} [more] */
export const graphsFit = (engine, list, more) => misfit(engine, list, more) === "";

/** Refuses what does not fit. @param {Engine} engine @param {number[]} list */
export function checkFit(engine, list) {
  const reason = misfit(engine, list);
  if (reason) throw new NtraceError("argument", reason, "Ask for fewer layers, or for an answer on codes.");
}

/** Runs a call: no graph that it asks for is given up before it ends. @template T @param {Engine} engine @param {() => T | Promise<T>} run @returns {Promise<T>} */
export async function holdGraphs({ core }, run) {
  const { calls } = shelfOf(core);
  const call = { since: ++shelfOf(core).now };
  calls.add(call);
  try {
    return await run();
  } finally {
    calls.delete(call);
  }
}

/** Gives graphs up until another one fits the budget, those asked for least recently first. @param {Engine} engine @param {number} k */
export function needRoom(engine, k) {
  const { core, manifest } = engine;
  const { kept, calls } = shelfOf(core);
  const oldest = Math.min(...Array.from(calls, ({ since }) => since));
  const most = budgetOf(engine) - graphBytes(manifest.dataset.samples, k);
  let held = Array.from(kept).reduce((sum, { bytes }) => sum + bytes, 0);
  for (const one of Array.from(kept).sort((a, b) => a.used - b.used)) {
    if (held <= most || one.used > oldest) break;
    one.forget();
    core.call("nt_graph_free", one.graph);
    kept.delete(one);
    held -= one.bytes;
  }
  if (held > Math.max(most, 0)) throw new NtraceError("argument", "There is no room for the exact neighbours of all samples at one more layer.", "Ask for fewer layers at once.");
}

/** @param {Engine} engine @param {number} layer @param {number} graph @param {() => void} forget called when it is given up */
export function keepGraph(engine, layer, graph, forget) {
  const shelf = shelfOf(engine.core);
  shelf.kept.add({ engine, layer, graph, bytes: engine.core.call("nt_graph_bytes", graph), used: ++shelf.now, forget });
}

/** The kept graph of the layer that is nearest to this one, for a search to begin with; 0 where there is none, or no room for its copy. @param {Engine} engine @param {number} layer */
export function neighborGraph(engine, layer) {
  if (engine.manifest.dataset.samples > MANY_SAMPLES) return 0;
  const own = Array.from(shelfOf(engine.core).kept).filter((one) => one.engine === engine);
  const apart = (/** @type {Kept} */ one) => Math.abs(one.layer - layer);
  return own.sort((a, b) => apart(a) - apart(b) || a.layer - b.layer)[0]?.graph ?? 0;
}

/** Notes that a graph is asked for, where it is kept. @param {Engine} engine @param {number} layer */
export function touchGraph(engine, layer) {
  const shelf = shelfOf(engine.core);
  for (const one of shelf.kept) if (one.engine === engine && one.layer === layer) one.used = ++shelf.now;
}
