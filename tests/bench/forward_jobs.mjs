/** Forward passes and input gradients of the reference network, the engine beside its peers: the same in Node and in a browser. */
import { instantiate } from "../../wasm/core.js";
import { onnxModel, readTensors } from "./weights.mjs";

const PIXELS = 784;
const BATCH = 64;
const ROUNDS = 15;
const ROUND_MILLISECONDS = 30;
const LABEL = 3;

/** @typedef {(batch: number) => Float32Array | Promise<Float32Array>} Job from the images to the answer, as floats in JavaScript */

/** Numbers from 0 to 1, the same in every run. */
function lehmer() {
  let state = 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Sketches of a kind: black, with a white path. @param {Float32Array} images */
function draw(images) {
  const random = lehmer();
  images.fill(0);
  for (let sample = 0; sample < BATCH; sample++) {
    for (let [step, x, y] = [0, 14, 14]; step < 150; step++) {
      [x, y] = [x, y].map((at) => Math.min(26, Math.max(1, at + 2 * random() - 1)));
      images[sample * PIXELS + 28 * Math.floor(y) + Math.floor(x)] = Math.max(0.4, random());
    }
  }
}

/** Noise: no two pixels of a pooling window tie. Where they do, libraries pass the gradient to different ones. @param {Float32Array} images */
function fillWithNoise(images) {
  const random = lehmer();
  images.forEach((_, i) => (images[i] = random()));
}

/** @param {number} batch @param {number} classes */
const seedOf = (batch, classes) => Float32Array.from({ length: batch * classes }, (_, i) => (i % classes === LABEL ? 1 : 0));

/**
 * @param {Uint8Array<ArrayBuffer>} bytes the engine @param {Uint8Array} weights @param {Float32Array} images @param {number} classes
 * @returns {Promise<Record<string, Job>>}
 */
async function engineJobs(bytes, weights, images, classes) {
  const core = await instantiate(bytes);
  const net = core.borrow((take) => {
    const [out, at, name] = [take(4), take(weights.length), take(8)];
    core.write(at, weights);
    core.write(name, new TextEncoder().encode("model\0"));
    core.attempt("nt_net_parse", out, at, weights.length, name, core.allocator);
    return core.readU32(out);
  });
  const layers = core.call("nt_net_layers", net);
  const take = (/** @type {number} */ size) => core.call("nt_wasm_allocate", size);
  const [input, logits, seed, gradient] = [PIXELS, classes, classes, PIXELS].map((size) => take(4 * BATCH * size));
  const [list, forward] = [take(4 * layers), take(core.call("nt_net_forward_bytes", net, BATCH))];
  const backward = take(core.call("nt_net_input_gradient_bytes", net, BATCH));
  new Uint32Array(core.memory.buffer, list, layers).fill(0)[layers - 1] = logits;
  new Float32Array(core.memory.buffer, seed, BATCH * classes).set(seedOf(BATCH, classes));
  const fill = (/** @type {number} */ batch) => new Float32Array(core.memory.buffer, input, batch * PIXELS).set(images.subarray(0, batch * PIXELS));
  return {
    forward(batch) {
      fill(batch);
      core.call("nt_net_forward", list, net, input, batch, forward);
      return core.copyF32(logits, batch * classes);
    },
    gradient(batch) {
      fill(batch);
      core.call("nt_net_input_gradient", gradient, 0, net, input, seed, batch, backward);
      return core.copyF32(gradient, batch * PIXELS);
    },
  };
}

/**
 * @param {any} tf @param {ReturnType<typeof readTensors>} tensors @param {Float32Array} images @param {number} classes
 * @returns {Record<string, Job>}
 */
function tensorflowJobs(tf, tensors, images, classes) {
  const held = (/** @type {string} */ name) => tf.tensor(tensors[name].values, tensors[name].shape);
  const filter = (/** @type {string} */ name) => tf.transpose(held(name), [2, 3, 1, 0]);
  const [convolutions, biases] = [["0", "3", "6"].map((n) => filter(`${n}.weight`)), ["0", "3", "6"].map((n) => held(`${n}.bias`))];
  const flat = tf.reshape(tf.transpose(tf.reshape(held("10.weight"), [-1, 32, 3, 3]), [2, 3, 1, 0]), [288, -1]);
  const [last, first, second] = [tf.transpose(held("12.weight")), held("10.bias"), held("12.bias")];
  const net = (/** @type {any} */ x) => {
    convolutions.forEach((weight, i) => {
      const sums = tf.fused.conv2d({ x, filter: weight, strides: 1, pad: "same", bias: biases[i], activation: "relu" });
      x = tf.maxPool(sums, 2, 2, "valid");
    });
    const hidden = tf.fused.matMul({ a: tf.reshape(x, [-1, 288]), b: flat, bias: first, activation: "relu" });
    return tf.fused.matMul({ a: hidden, b: last, bias: second });
  };
  const input = (/** @type {number} */ batch) => tf.tensor4d(images.subarray(0, batch * PIXELS), [batch, 28, 28, 1]);
  const answer = (/** @type {() => any} */ run) => tf.tidy(() => run().dataSync());
  return {
    forward: (batch) => answer(() => net(input(batch))),
    gradient: (batch) => answer(() => tf.grad((/** @type {any} */ x) => tf.sum(tf.mul(net(x), tf.tensor2d(seedOf(batch, classes), [batch, classes]))))(input(batch))),
  };
}

/**
 * @param {any} ort @param {ReturnType<typeof readTensors>} tensors @param {Float32Array} images
 * @returns {Promise<Record<string, Job>>}
 */
async function onnxJobs(ort, tensors, images) {
  /** @type {Map<number, any>} */
  const sessions = new Map();
  for (const batch of [1, BATCH]) sessions.set(batch, await ort.InferenceSession.create(onnxModel(tensors, batch), { executionProviders: ["wasm"] }));
  return {
    async forward(batch) {
      const input = new ort.Tensor("float32", images.subarray(0, batch * PIXELS), [batch, 1, 28, 28]);
      return (await sessions.get(batch).run({ input })).logits.data;
    },
  };
}

/** @param {Job} job @param {number} batch @param {number} repeats */
async function time(job, batch, repeats) {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) await job(batch);
  return (performance.now() - start) / repeats;
}

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Sketches a second of each, measured in turns so that all meet the same machine. @param {Record<string, Job>} jobs @param {number} batch */
async function race(jobs, batch) {
  const names = Object.keys(jobs);
  /** @type {Record<string, number>} */
  const repeats = {};
  for (const name of names) {
    await time(jobs[name], batch, Math.ceil(200 / batch));
    repeats[name] = Math.max(1, Math.ceil(ROUND_MILLISECONDS / (await time(jobs[name], batch, Math.ceil(100 / batch)))));
  }
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) times[name].push(await time(jobs[name], batch, repeats[name]));
  }
  return Object.fromEntries(names.map((name) => [name, (1000 * batch) / median(times[name])]));
}

/** Largest difference, relative to the largest value. @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
function difference(a, b) {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
    largest = Math.max(largest, Math.abs(b[i]));
  }
  return a.length === b.length ? worst / largest : Infinity;
}

/**
 * @param {{ engine: Uint8Array<ArrayBuffer>, weights: Uint8Array, tf: any, ort: any }} given
 * @returns {Promise<{ what: string, batch: number, rates: Record<string, number>, apart: number }[]>} sketches a second, and how far the peers' answers are from the engine's
 */
export async function measure({ engine, weights, tf, ort }) {
  const tensors = readTensors(weights);
  const images = new Float32Array(BATCH * PIXELS);
  const classes = tensors["12.bias"].shape[0];
  /** @type {Record<string, Record<string, Job>>} */
  const all = {
    engine: await engineJobs(engine, weights, images, classes),
    "tfjs-wasm": tensorflowJobs(tf, tensors, images, classes),
    "onnxruntime-web": await onnxJobs(ort, tensors, images),
  };
  const results = [];
  for (const [what, batch] of /** @type {[string, number][]} */ ([["forward", BATCH], ["forward", 1], ["gradient", BATCH], ["gradient", 1]])) {
    const jobs = Object.fromEntries(Object.entries(all).filter(([, job]) => what in job).map(([name, job]) => [name, job[what]]));
    fillWithNoise(images);
    const answer = Float32Array.from(await jobs.engine(batch));
    let apart = 0;
    for (const name of Object.keys(jobs)) apart = Math.max(apart, difference(await jobs[name](batch), answer));
    draw(images);
    results.push({ what, batch, rates: await race(jobs, batch), apart });
  }
  return results;
}
