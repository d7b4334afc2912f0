/** Explanations in WebAssembly: against PyTorch's vectors, against the native command line bit for bit, and against themselves. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { Explanation, explain } from "../../wasm/explain.js";
import { bundleFolder, ntrace, openTestBundle, referenceFolder, startCore, variants } from "./bundle.mjs";
import { channelsLast, parseNet, readTensors } from "./tensors.mjs";

const TOLERANCE = 1e-5;
const METHODS = /** @type {const} */ (["probabilities", "gradient", "integratedGradients", "gradCam", "occlusion", "neighborMean", "layerGradient"]);
const scratch = mkdtempSync(join(tmpdir(), "ntrace-explain-"));
after(() => rmSync(scratch, { recursive: true }));

/** Runs an explanation to its end. @param {Explanation} run */
function finish(run) {
  for (;;) {
    const { done, units } = run.stepFor(1000);
    if (done === units) break;
  }
  const result = run.result();
  run.free();
  return result;
}

/** @param {ArrayLike<number>} found @param {ArrayLike<number>} wanted @param {string} what */
function near(found, wanted, what) {
  assert.equal(found.length, wanted.length);
  const scale = Array.from(wanted).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.ok(scale > 0);
  for (let i = 0; i < found.length; i++) {
    assert.ok(Math.abs(found[i] - wanted[i]) <= TOLERANCE * scale, `${what}, value ${i}: ${found[i]}, not ${wanted[i]}`);
  }
}

for (const variant of variants) {
  for (const [name, last] of /** @type {const} */ ([["net", 13], ["odd", 7]])) {
    test(`explanations of the network "${name}" in the ${variant} build equal PyTorch's`, async () => {
      const [inputs, expected] = await Promise.all([readTensors("net_expected.safetensors"), readTensors("explain.safetensors")]);
      const core = await startCore(variant);
      const net = parseNet(core, await readFile(join(referenceFolder, `${name}.safetensors`)));
      const { shape: [, channels], values: images } = /** @type {any} */ (inputs.get(`${name}.input`));
      const size = images.length / /** @type {any} */ (inputs.get(`${name}.input`)).shape[0];
      for (const sample of [0, 1]) {
        const [image, other] = [sample, sample + 1].map((i) => channelsLast(images.slice(i * size, (i + 1) * size), channels));
        const ask = (/** @type {any} */ request) => finish(new Explanation(core, net, 0, request, image, request.apart ? other : null));
        const wanted = (/** @type {string} */ what) => /** @type {any} */ (expected.get(`${name}.${sample}.${what}`)).values;
        const agree = (/** @type {string} */ what, /** @type {any} */ found) => near(found.values, channelsLast(wanted(what), found.channels), what);
        agree("gradient", ask({ method: "gradient" }));
        agree("gradient.1", ask({ method: "gradient", class: 1 }));
        const integrated = ask({ method: "integratedGradients", steps: 20 });
        agree("integrated", integrated);
        near([integrated.baselineLogit, integrated.logit], wanted("ends"), "ends");
        const gradCam = ask({ method: "gradCam" });
        agree("stretched", gradCam);
        near(gradCam.map, wanted("map"), "map");
        assert.equal(gradCam.map.length, gradCam.mapHeight * gradCam.mapWidth);
        agree("occlusion", ask({ method: "occlusion" }));
        agree("layer.4", ask({ method: "layerGradient", layer: 4 }));
        const apart = ask({ method: "layerGradient", layer: last, apart: true });
        agree(`apart.${last}`, apart);
        near([apart.value], wanted(`apart.${last}.value`), "value");
      }
      core.call("nt_net_free", net);
    });
  }

  test(`every explanation in the ${variant} build is the native one, bit for bit`, async () => {
    const { engine } = await openTestBundle(variant);
    const kebab = { integratedGradients: "integrated-gradients", gradCam: "grad-cam", neighborMean: "neighbor-mean", layerGradient: "layer" };
    const file = join(scratch, "values.npy");
    for (const method of METHODS.slice(1)) {
      const found = /** @type {any} */ (await explain(engine, /** @type {any} */ ({ method, sample: 5, class: 3, k: 7, layer: 7, other: method === "layerGradient" ? 9 : undefined })));
      const named = kebab[/** @type {keyof typeof kebab} */ (method)] ?? method;
      const words = ["--sample", "5", "--class", "3", "-k", "7", "--layer", "7", "--other", "9", "--method", named, "-o", file];
      const lines = execFileSync(ntrace, ["explain", bundleFolder, ...words], { encoding: "utf8" }).trim().split("\n").map((line) => line.split("\t"));
      const told = (/** @type {string} */ key) => lines.filter(([name]) => name === key).map(([, value]) => Math.fround(Number(value)));
      const bytes = readFileSync(file);
      const native = new Float32Array(new Uint8Array(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer);
      assert.deepEqual(found.values, native, method);
      assert.deepEqual([[found.class], [found.logit], [found.min], [found.max]], [told("class"), told("logit"), told("low"), told("high")]);
      assert.ok(found.min < found.max);
      if (method === "neighborMean") assert.deepEqual(Array.from(found.index), told("neighbor"));
      if (method === "layerGradient") assert.deepEqual([found.value], told("value"));
      if (method === "integratedGradients") assert.deepEqual([[found.baselineLogit], [found.gap]], [told("baseline"), told("gap")]);
    }
  });

  test(`pixels from outside get the same explanation as the sample they show in the ${variant} build`, async () => {
    const { engine } = await openTestBundle(variant);
    const pixels = await engine.images({ samples: [31] });
    for (const method of METHODS) {
      const [inside, outside] = [await explain(engine, { method, sample: 31 }), await explain(engine, { method, pixels })].map((found) => ({ ...found, milliseconds: 0 }));
      if (method !== "neighborMean") assert.deepEqual(outside, inside);
    }
    const near = await explain(engine, { method: "neighborMean", pixels, k: 4 });
    const others = await explain(engine, { method: "neighborMean", sample: 31, k: 3 });
    assert.deepEqual([near.index[0], near.cosine[0]], [31, 1]);
    assert.deepEqual(Array.from(near.index.slice(1)), Array.from(others.index));
  });
}

test("probabilities are those of the bundle's samples, and the top class is explained unless another is asked for", async () => {
  const { engine } = await openTestBundle("simd");
  const { predictions } = engine.samples();
  for (const sample of [2, 90]) {
    const found = await explain(engine, { method: "probabilities", sample });
    assert.deepEqual(found.values, await engine.probabilities({ sample }));
    assert.equal(found.class, predictions[sample]);
    assert.equal(found.logit, Math.max(...found.logits));
    assert.equal((await explain(engine, { method: "gradient", sample })).class, predictions[sample]);
    assert.equal((await explain(engine, { method: "gradient", sample, class: 4 })).class, 4);
  }
});

test("integrated gradients add up to the difference of logits, the closer the more steps", async () => {
  const { engine } = await openTestBundle("simd");
  const gaps = [];
  for (const steps of [1, 64, 4096]) {
    const found = await explain(engine, { method: "integratedGradients", sample: 12, steps });
    const sum = found.values.reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(sum - (found.logit - found.baselineLogit) - found.gap) < 1e-4);
    gaps.push(Math.abs(found.gap) / Math.abs(found.logit - found.baselineLogit));
  }
  assert.ok(gaps[1] < gaps[0] && gaps[2] < gaps[1] && gaps[1] < 0.03 && gaps[2] < 0.001, `${gaps}`);
});

test("an explanation tells its progress, gives way in between, can be cancelled and leaves the engine as it was", async () => {
  const { engine } = await openTestBundle("scalar");
  /** @type {number[]} */
  const told = [];
  const request = /** @type {const} */ ({ method: "integratedGradients", sample: 3, steps: 600 });
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  const whole = await explain(engine, request, { onProgress: ({ label, done }) => label.startsWith("explaining") && told.push(done) });
  clearInterval(counting);
  assert.ok(turns > 5);
  assert.ok(told.length > 5 && told.every((done, i) => i === 0 || done > told[i - 1]) && told.at(-1) === 1);
  const control = new AbortController();
  let reports = 0;
  const stopped = explain(engine, request, { signal: control.signal, onProgress: ({ label }) => label.startsWith("explaining") && reports++ === 2 && control.abort() });
  await assert.rejects(stopped, { code: "cancelled" });
  assert.ok(reports < told.length);
  const memory = engine.memory();
  for (let i = 0; i < 40; i++) await explain(engine, { method: "gradCam", sample: 3 });
  assert.equal(engine.memory(), memory);
  assert.deepEqual((await explain(engine, request)).values, whole.values);
});

test("what cannot be explained is refused with a code and words", async () => {
  const { engine } = await openTestBundle("simd");
  const cases = /** @type {[any, string, RegExp][]} */ ([
    [{ method: "lime", sample: 0 }, "argument", /method lime: expected one of probabilities/],
    [{ method: "gradient" }, "argument", /either a sample or pixels/],
    [{ method: "gradient", sample: 0, pixels: new Uint8Array(784) }, "argument", /either a sample or pixels/],
    [{ method: "gradient", sample: 600 }, "argument", /sample 600/],
    [{ method: "gradient", pixels: new Uint8Array(783) }, "argument", /28 x 28 x 1 bytes, found 783/],
    [{ method: "gradient", pixels: Array(784).fill(0) }, "argument", /Uint8Array/],
    [{ method: "gradient", sample: 0, class: 15 }, "argument", /class 15/],
    [{ method: "integratedGradients", sample: 0, steps: 0 }, "argument", /steps = 0: expected a whole number from 1/],
    [{ method: "neighborMean", sample: 0, k: 600 }, "argument", /k = 600: expected a whole number from 1 to 599/],
    [{ method: "layerGradient", sample: 0, layer: 14 }, "argument", /layer 14/],
    [{ method: "layerGradient", sample: 0, other: -1 }, "argument", /other -1/],
  ]);
  for (const [request, code, message] of cases) await assert.rejects(explain(engine, request), { name: "NtraceError", code, message });
});

/** A network of one linear layer as safetensors. */
function flatNetwork() {
  const layers = [{ kind: "flatten" }, { kind: "linear", outputs: 3 }];
  const architecture = JSON.stringify({ input: [1, 2, 5], layers });
  const header = { __metadata__: { "ntrace.network": architecture }, "1.weight": { dtype: "F32", shape: [3, 10], data_offsets: [0, 120] }, "1.bias": { dtype: "F32", shape: [3], data_offsets: [120, 132] } };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.from(new Float32Array(33).map((_, i) => i).buffer)]);
}

test("Grad-CAM of a network without a convolution, and a network's explanation of a bundle without one, are refused in words", async () => {
  const core = await startCore("simd");
  const net = parseNet(core, flatNetwork());
  const image = new Uint8Array(10).fill(255);
  assert.throws(() => new Explanation(core, net, 0, { method: "gradCam" }, image), { code: "argument", message: /needs a convolution/ });
  assert.deepEqual(Array.from(finish(new Explanation(core, net, 0, { method: "gradient", class: 1 }, image)).values), Array.from({ length: 10 }, (_, i) => 10 + i));
  const { engine } = await openTestBundle("simd");
  engine.manifest.layers.forEach((layer) => (layer.kind = "linear"));
  await assert.rejects(explain(engine, { method: "gradCam", sample: 0 }), { code: "argument", message: /needs a convolution/ });
  engine.manifest.chunks = engine.manifest.chunks.filter(({ role }) => role !== "weights");
  await assert.rejects(explain(engine, { method: "occlusion", sample: 0 }), { code: "missing", message: /holds no network/ });
  const mean = await explain(engine, { method: "neighborMean", sample: 0 });
  assert.deepEqual([mean.class, mean.logit, mean.k], [null, null, 10]);
});
