/** The network in WebAssembly against PyTorch: the vectors of tests/reference/net.py, which the native tests share. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { referenceFolder, startCore, variants } from "./bundle.mjs";

const TYPES = { F32: Float32Array, U8: Uint8Array, I32: Int32Array };
const TOLERANCE = 1e-5;

/** @param {string} file */
async function readTensors(file) {
  const bytes = await readFile(join(referenceFolder, file));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, start));
  return new Map(
    Object.entries(header)
      .filter(([name, { dtype }]) => name !== "__metadata__" && dtype in TYPES)
      .map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
        const data = new Uint8Array(bytes.subarray(start + from, start + to)).buffer;
        return [name, { shape, values: new TYPES[/** @type {keyof TYPES} */ (dtype)](data) }];
      }),
  );
}

/** Channel-last floats, as the engine takes its input. @param {Uint8Array} pixels @param {number[]} shape */
function inputOf(pixels, [n, c, h, w]) {
  const input = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    const [sample, channel, place] = [Math.floor(i / (c * h * w)), Math.floor(i / (h * w)) % c, i % (h * w)];
    input[(sample * h * w + place) * c + channel] = Math.fround(pixels[i]) / 255;
  }
  return input;
}

const SHAPE_OFFSET = 68;
const ORDER_OFFSET = 152;

/** Address of the shape in which a layer's numbers lie: a flattened layer keeps the order of what was flattened. @param {import("../../wasm/core.js").Core} core @param {number} net @param {number} layer */
function shapeAt(core, net, layer) {
  const at = core.call("nt_net_layer", net, layer);
  const order = at + ORDER_OFFSET;
  return core.readU32(order + 4) * core.readU32(order + 8) > 1 ? order : at + SHAPE_OFFSET;
}

/** Floats in one sample's activation. @param {import("../../wasm/core.js").Core} core @param {number} net @param {number} layer */
function sizeOf(core, net, layer) {
  return core.readU32(core.call("nt_net_layer", net, layer) + SHAPE_OFFSET + 12);
}

/** Activations of one layer in PyTorch's order. @param {import("../../wasm/core.js").Core} core @param {number} net @param {number} layer @param {Float32Array} input @param {number} samples */
function activationsOf(core, net, layer, input, samples) {
  const size = sizeOf(core, net, layer);
  return core.borrow((take) => {
    const layers = core.call("nt_net_layers", net);
    const [list, into, out, chw] = [take(4 * layers), take(4 * input.length), take(4 * samples * size), take(4 * samples * size)];
    const scratch = take(core.call("nt_net_forward_bytes", net, samples));
    new Uint32Array(core.memory.buffer, list, layers).fill(0)[layer] = out;
    new Float32Array(core.memory.buffer, into, input.length).set(input);
    assert.equal(core.call("nt_net_forward", list, net, into, samples, scratch), 0);
    core.call("nt_net_to_chw", chw, out, shapeAt(core, net, layer), samples);
    return core.copyF32(chw, samples * size);
  });
}

/** A network of the reference folder, its input, labels and expected vectors. @param {import("../../wasm/core.js").Core} core @param {string} name */
async function load(core, name, { folder = "", vectors = "net_expected.safetensors" } = {}) {
  const expected = await readTensors(vectors);
  const file = await readFile(join(referenceFolder, folder, `${name}.safetensors`));
  const net = core.borrow((take) => {
    const [out, at, title] = [take(4), take(file.length), take(16)];
    core.write(at, file);
    core.write(title, new TextEncoder().encode("weights\0"));
    core.attempt("nt_net_parse", out, at, file.length, title, core.allocator);
    return core.readU32(out);
  });
  const image = /** @type {any} */ (expected.get(`${name}.input`));
  return { expected, net, samples: image.shape[0], input: inputOf(image.values, image.shape) };
}

/**
 * Compares rows of values with every `step`-th of them as PyTorch gives it.
 * @param {ArrayLike<number>} got @param {any} want @param {number} samples @param {number} size @param {number} tolerance @param {string} what
 * @param {number} [columnsAbout] about how many values of each row there are
 */
function assertRows(got, want, samples, size, tolerance, what, columnsAbout = 97) {
  const step = Math.max(1, Math.floor(size / columnsAbout));
  const columns = Math.ceil(size / step);
  assert.equal(want.length, samples * columns);
  const scale = want.reduce((/** @type {number} */ most, /** @type {number} */ x) => Math.max(most, Math.abs(x)), 0);
  for (let i = 0; i < want.length; i++) {
    const value = got[Math.floor(i / columns) * size + (i % columns) * step];
    assert.ok(Math.abs(value - want[i]) <= tolerance * scale, `${what}, value ${i}: ${value}, not ${want[i]}`);
  }
}

/** Gradient by the logits of the summed cross-entropy. @param {Float32Array} logits @param {ArrayLike<number>} labels */
function crossEntropyGradient(logits, labels) {
  const classes = logits.length / labels.length;
  const exps = Array.from(logits, Math.exp);
  return Float32Array.from(exps, (value, i) => {
    const sample = Math.floor(i / classes);
    const sum = exps.slice(sample * classes, (sample + 1) * classes).reduce((a, b) => a + b);
    return value / sum - (i % classes === labels[sample] ? 1 : 0);
  });
}

/** Gradient by the input in PyTorch's order, and the logits. @param {import("../../wasm/core.js").Core} core @param {number} net @param {Float32Array} input @param {Float32Array} seed @param {number} samples */
function inputGradient(core, net, input, seed, samples) {
  return core.borrow((take) => {
    const [from, by, out, logits, chw] = [input, seed, input, seed, input].map((values) => take(4 * values.length));
    const scratch = take(core.call("nt_net_input_gradient_bytes", net, samples));
    new Float32Array(core.memory.buffer, from, input.length).set(input);
    new Float32Array(core.memory.buffer, by, seed.length).set(seed);
    assert.equal(core.call("nt_net_input_gradient", out, logits, net, from, by, samples, scratch), 0);
    core.call("nt_net_to_chw", chw, out, shapeAt(core, net, 0), samples);
    return { gradient: core.copyF32(chw, input.length), logits: core.copyF32(logits, seed.length) };
  });
}

for (const variant of variants) {
  for (const name of ["net", "odd"]) {
    test(`the gradient by the input of the network "${name}" in the ${variant} build equals PyTorch's`, async () => {
      const core = await startCore(variant);
      const { expected, net, samples, input } = await load(core, name);
      const last = core.call("nt_net_layers", net) - 1;
      const labels = /** @type {any} */ (expected.get(`${name}.label`)).values;
      const logits = activationsOf(core, net, last, input, samples);
      const found = inputGradient(core, net, input, crossEntropyGradient(logits, labels), samples);
      assert.deepEqual(found.logits, logits);
      assertRows(found.gradient, /** @type {any} */ (expected.get(`${name}.gradient.0`)).values, samples, input.length / samples, TOLERANCE, "gradient");
      core.call("nt_net_free", net);
    });

    test(`every activation of the network "${name}" in the ${variant} build equals PyTorch's`, async () => {
      const core = await startCore(variant);
      const { expected, net, samples, input } = await load(core, name);
      const layers = core.call("nt_net_layers", net);
      assert.ok(layers > 3);
      for (let layer = 0; layer < layers; layer++) {
        const want = /** @type {any} */ (expected.get(`${name}.activation.${layer}`)).values;
        const got = activationsOf(core, net, layer, input, samples);
        assertRows(got, want, samples, sizeOf(core, net, layer), TOLERANCE, `layer ${layer}`);
      }
      core.call("nt_net_free", net);
    });
  }

  for (const name of ["windows", "curves", "vgg", "resnet", "depthwise"]) {
    test(`every layer and the input's gradient of the network "${name}" in the ${variant} build equal PyTorch's`, async () => {
      const core = await startCore(variant);
      const { expected, net, samples, input } = await load(core, name, { folder: "networks", vectors: "networks/expected.safetensors" });
      const layers = core.call("nt_net_layers", net);
      for (let layer = 0; layer < layers; layer++) {
        const want = /** @type {any} */ (expected.get(`${name}.activation.${layer}`)).values;
        const got = activationsOf(core, net, layer, input, samples);
        assertRows(got, want, samples, sizeOf(core, net, layer), TOLERANCE, `layer ${layer}`, 41);
      }
      const { gradient } = inputGradient(core, net, input, /** @type {any} */ (expected.get(`${name}.seed`)).values, samples);
      assertRows(gradient, /** @type {any} */ (expected.get(`${name}.gradient.0`)).values, samples, input.length / samples, TOLERANCE, "gradient", 41);
      core.call("nt_net_free", net);
    });
  }
}
