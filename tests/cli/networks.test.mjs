/** Networks from ONNX and from described safetensors, packed by the command line. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const networks = join(root, "tests/reference/networks");
const scratch = mkdtempSync(join(tmpdir(), "ntrace-networks-"));
after(() => rmSync(scratch, { recursive: true }));

/** @param {...string} words */
const run = (...words) => spawnSync(join(root, "build/ntrace"), words, { encoding: "utf8" });

/** A .npy of bytes that differ from image to image. @param {string} name @param {number[]} shape */
function images(name, shape) {
  const count = shape.reduce((a, b) => a * b);
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`.padEnd(117) + "\n";
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  const bytes = Buffer.alloc(count);
  let seed = 1;
  for (let i = 0; i < count; i++) bytes[i] = (seed = (seed * 1103515245 + 12345) % 2147483648) >> 16;
  writeFileSync(join(scratch, `${name}.npy`), Buffer.concat([start, Buffer.from(header), bytes]));
  return join(scratch, `${name}.npy`);
}

/** @param {string} name @param {number} count @param {number} classes */
function labels(name, count, classes) {
  const path = join(scratch, `${name}.txt`);
  writeFileSync(path, Array.from({ length: count }, (_, i) => `${i % classes}\n`).join(""));
  return path;
}

/** The manifest of a bundle. @param {string} folder */
const manifestOf = (folder) =>
  JSON.parse(readFileSync(join(folder, readdirSync(folder).find((file) => file.startsWith("m.")) ?? ""), "utf8"));

/** @param {string} name @param {string} model @param {number[]} shape @param {number} classes @param {...string} more */
function pack(name, model, shape, classes, ...more) {
  const folder = join(scratch, name);
  const words = ["--images", images(name, shape), "--labels", labels(name, shape[0], classes), "-o", folder];
  return { folder, ...run("pack", "--model", model, ...words, ...more) };
}

test("an ONNX model is packed with every node as a layer, and the bundle passes its own check", () => {
  const { folder, status, stderr } = pack("onnx", join(networks, "exported_curved.onnx"), [60, 10, 10], 3);
  assert.equal(status, 0, stderr);
  const { layers } = manifestOf(folder);
  assert.deepEqual(
    layers.map((/** @type {any} */ { name }) => name),
    ["Input", "Conv2d(1,4,3)", "GELU", "Conv2d(4,4,3,groups 4)", "GELU(tanh)", "Conv2d(4,6,2,dilation 2)", "SiLU", "GlobalAvgPool2d", "Flatten", "Linear(6,3)", "LogSoftmax"],
  );
  const verified = run("verify", folder);
  assert.equal(verified.status, 0, verified.stderr);
  const explained = run("explain", folder, "--sample", "3", "--method", "gradient");
  assert.equal(explained.status, 0, explained.stderr);
});

test("weights that are described beside the file are those that describe themselves", () => {
  const bytes = readFileSync(join(networks, "vgg.safetensors"));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__, ...tensors } = JSON.parse(bytes.toString("utf8", 8, start));
  const header = Buffer.from(JSON.stringify(tensors));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const bare = join(scratch, "bare.safetensors");
  writeFileSync(bare, Buffer.concat([length, header, bytes.subarray(start)]));
  writeFileSync(join(scratch, "net.json"), __metadata__["ntrace.network"]);
  const shape = [40, 16, 16];
  const own = pack("own", join(networks, "vgg.safetensors"), shape, 7);
  const beside = pack("beside", bare, shape, 7, "--network", join(scratch, "net.json"));
  assert.equal(own.status, 0, own.stderr);
  assert.equal(beside.status, 0, beside.stderr);
  assert.deepEqual(manifestOf(beside.folder).layers, manifestOf(own.folder).layers);
  const neither = pack("neither", bare, shape, 7);
  assert.equal(neither.status, 1);
  assert.match(neither.stderr, /bare\.safetensors: neither describes its network/);
});

test("a network is packed with the preparation of its images as its first layer", () => {
  const model = join(networks, "depthwise.onnx");
  const prepare = ["--mean", "0.485,0.456,0.406", "--deviation", "0.25"];
  const { folder, status, stderr } = pack("prepared", model, [40, 3, 20, 20], 5, ...prepare);
  assert.equal(status, 0, stderr);
  const { layers } = manifestOf(folder);
  assert.equal(layers[1].name, "Normalise");
  assert.equal(layers.at(-1).kind, "softmax");
  assert.equal(run("verify", folder).status, 0);
});

test("networks that are not read are refused with file, byte, node and operator", () => {
  const onnx = join(networks, "exported_vector.onnx");
  const shape = [40, 9, 9];
  const broken = readFileSync(onnx);
  broken.write("Rely", broken.indexOf('"\x04Relu') + 2); // the operator, not the node's name
  writeFileSync(join(scratch, "broken.onnx"), broken);
  for (const [model, more, words] of /** @type {[string, string[], RegExp][]} */ ([
    [join(scratch, "broken.onnx"), [], /broken\.onnx: byte \d+: node '.*' \(Rely\): this operator is not read/],
    [onnx, ["--network", "net.json"], /--network describes a \.safetensors/],
    [onnx, ["--mean", "0.1,0.2"], /--mean: expected 1 or 1 numbers/],
    [onnx, ["--deviation", "0"], /channel 0: a mean of 0 and a deviation of 0/],
    [onnx, ["--mean", "half"], /expected 1 or 1 numbers separated by commas, found 'half'/],
    [join(scratch, "none.onnx"), [], /none\.onnx/],
  ])) {
    const { status, stderr } = pack("refused", model, shape, 3, ...more);
    assert.equal(status, 1);
    assert.match(stderr, words);
  }
});
