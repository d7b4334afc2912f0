/**
 * The engine on the default bundle in WebAssembly, in this V8, one thread: neighbourhoods of one sample at all layers, the exact graphs
 * of all layers beside FAISS, stability from them, and the memory that both workers' engines hold once all has been asked of them.
 * node tests/bench/engine.mjs [BUNDLE]
 */
import { open as openFile, rm } from "node:fs/promises";

import { layerGraph, searchOrder } from "../../wasm/graph.js";
import { neighborhoods } from "../../wasm/neighborhoods.js";
import { overlapMatrix, stability } from "../../wasm/stability.js";
import { distinctLayers, eachRows, loadAll, open } from "./engines.mjs";
import { benchMemory, mostK } from "./memory.mjs";
import { startPeers } from "./peers.mjs";
import { folder, lehmer, median, print, time, times } from "./table.mjs";

/** @typedef {import("./engines.mjs").Engine} Engine */

const K = 100;
/** The ancestor's server, for one neighbourhood at 14 layers of 10,000 samples. */
const ANCESTOR = 9600;
const PROBES = 25;
const WARM_UP = 5;
/** FAISS answers so many queries at each layer; all take as many times as long. */
const PEER_QUERIES = 500;
/** What FAISS took for all of them on the machine on which seconds were set as a floor. */
const PEER_THEN = 110000;

/** @param {Engine} engine @param {number} k @param {number} [probes] */
async function timeNeighborhoods(engine, k, probes = PROBES) {
  const random = lehmer(20261124);
  const found = [];
  for (let i = -WARM_UP; i < probes; i++) {
    const start = performance.now();
    await neighborhoods(engine, { sample: random(engine.manifest.dataset.samples), k });
    if (i >= 0) found.push(performance.now() - start);
  }
  return median(found);
}

/** @param {Engine} engine */
async function benchNeighborhoods(engine) {
  const where = `${engine.manifest.layers.length} layers, exact`;
  const hundred = await timeNeighborhoods(engine, K);
  const beside = `from the call to the answer; the ancestor's server ${time(ANCESTOR)}: ${times(ANCESTOR / hundred)}`;
  await print(`one neighbourhood, ${where}, k = ${K}`, time(hundred), beside, { value: hundred, floor: 100, aim: 40, atMost: true, show: time });
  const most = mostK(engine);
  const thousand = await timeNeighborhoods(engine, most);
  await print(`one neighbourhood, ${where}, k = ${most}`, time(thousand), "", { value: thousand, floor: 400, atMost: true, show: time });
  const scalar = await open(undefined, "scalar");
  await loadAll(scalar);
  const slow = await timeNeighborhoods(scalar, K, 5);
  await print("  without SIMD", time(slow), `${times(slow / hundred)} slower`);
}

/** Milliseconds that FAISS takes for all layers, on one thread. @param {Engine} engine */
async function faissMilliseconds(engine) {
  const peers = startPeers();
  const samples = engine.manifest.dataset.samples;
  const file = `${folder}layer.f32`;
  let milliseconds = 0;
  for (const layer of distinctLayers(engine)) {
    const out = await openFile(file, "w");
    await eachRows(engine, layer, (rows) => out.writeFile(new Uint8Array(rows.buffer)));
    await out.close();
    milliseconds += (await peers.ask("faiss_some", { file, samples, k: K, queries: PEER_QUERIES })).milliseconds * (samples / PEER_QUERIES);
  }
  await rm(file);
  peers.close();
  return milliseconds;
}

/** @param {Engine} engine */
async function benchGraphs(engine) {
  const { layers, dataset } = engine.manifest;
  let milliseconds = 0;
  const distinct = distinctLayers(engine);
  for (const at of searchOrder(engine, distinct)) {
    const layer = distinct[at];
    const { milliseconds: own, work } = await layerGraph(engine, layer);
    const each = Object.values(work).map((pairs) => Math.round(pairs / dataset.samples));
    await print(`  graph of layer ${layer}, ${layers[layer].name}`, time(own), `of each sample's pairs ${each[0]} bounded on leading values, ${each[1]} on reduced rows, ${each[2]} measured`);
    milliseconds += own;
  }
  const theirs = await faissMilliseconds(engine);
  await print(`exact ${K}-neighbour graphs, ${layers.length} layers`, time(milliseconds), "every query certified exact", { value: milliseconds, floor: 50000, aim: 15000, atMost: true, show: time });
  const beside = `native, from ${PEER_QUERIES} queries a layer, ${time(theirs)}; where floor and aim were set it took ${time(PEER_THEN)}`;
  await print("  beside FAISS in this run", times(theirs / milliseconds), beside, { value: theirs / milliseconds, floor: PEER_THEN / 50000, aim: PEER_THEN / 15000, show: times });
}

/** @param {Engine} engine */
async function benchStability(engine) {
  const found = [];
  for (let i = -1; i < 9; i++) {
    const start = performance.now();
    await stability(engine, { k: 20 + 5 * (i + 1), reference: i + 1 });
    if (i >= 0) found.push(performance.now() - start);
  }
  const own = median(found);
  await print("stability of all samples, new k, from graphs", time(own), "a new reference layer each time", { value: own, floor: 100, atMost: true, show: time });
  const start = performance.now();
  await overlapMatrix(engine, { k: K });
  await print("overlaps of all pairs of layers, all samples", time(performance.now() - start), "from graphs");
}

const engine = await open();
await loadAll(engine);
await benchNeighborhoods(engine);
const far = await open();
await benchGraphs(far);
await benchStability(far);
await benchMemory(far);
