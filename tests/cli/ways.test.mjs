/** Weights and images: whatever files hold the same images, one command packs the same bundle. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync, gzipSync } from "node:zlib";
import { npy, numbers } from "./arrays.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const networks = join(root, "tests/reference/networks");
const weights = resolve(root, process.env.WEIGHTS ?? "data/reference.safetensors");
const scratch = mkdtempSync(join(tmpdir(), "ntrace-ways-"));
after(() => rmSync(scratch, { recursive: true }));
/** @param {string} name */
const at = (name) => join(scratch, name);

/** What is packed of a folder or file: all of a manifest but the command. @param {string} name @param {string} model @param {string} images @param {...string} more */
function packed(name, model, images, ...more) {
  const { status, stderr } = spawnSync(join(root, "build/ntrace"), ["pack", "--images", at(images), "--model", model, "-o", at(name), ...more], { encoding: "utf8" });
  assert.equal(status, 0, `${images}: ${stderr}`);
  const manifest = JSON.parse(readFileSync(join(at(name), JSON.parse(readFileSync(at(`${name}/current.json`), "utf8")).manifest), "utf8"));
  return { ...manifest, provenance: null };
}

/** @param {number} count @param {number} classes sorted by class */
const labelsOf = (count, classes) => Array.from({ length: count }, (_, i) => Math.floor((i * classes) / count));
/** @param {number} count @param {number} seed */
const bytesOf = (count, seed) => numbers(count, seed).map((value) => Math.round((value + 4) * 31));

/** @param {string} path @param {number[]} pixels [height, width, channels] @param {number} width @param {number} channels 1 or 3 */
function png(path, pixels, width, channels) {
  const height = pixels.length / width / channels;
  const rows = Buffer.concat(Array.from({ length: height }, (_, y) => Buffer.from([0, ...pixels.slice(y * width * channels, (y + 1) * width * channels)])));
  const chunk = (/** @type {string} */ name, /** @type {Buffer} */ data) => {
    const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const head = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, channels === 3 ? 2 : 0, 0, 0, 0]);
  writeFileSync(path, Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]));
}

/** One folder of .png a class. @param {string} folder @param {number[][]} images @param {number[]} labels @param {string[]} classes @param {number} width @param {number} channels */
function pngs(folder, images, labels, classes, width, channels) {
  for (const name of classes) mkdirSync(at(`${folder}/${name}`), { recursive: true });
  images.forEach((pixels, i) => png(at(`${folder}/${classes[labels[i]]}/${String(i).padStart(4, "0")}.png`), pixels, width, channels));
}

test("grey images as .npy of planes, IDX, gzipped IDX and folders of PNGs are the same bundle", () => {
  const [count, side, classes] = [45, 9, ["ant", "bat", "cow"]];
  const labels = labelsOf(count, 3);
  const pixels = bytesOf(count * side * side, 1);
  npy(at("grey.npy"), "|u1", [count, side, side], pixels);
  npy(at("labels.npy"), "<i8", [count], labels);
  writeFileSync(at("classes.txt"), classes.map((name) => `${name}\n`).join(""));
  const idx = Buffer.from([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, side, 0, 0, 0, side, ...pixels]);
  writeFileSync(at("grey-idx3-ubyte"), idx);
  writeFileSync(at("grey-idx3-ubyte.gz"), gzipSync(idx));
  writeFileSync(at("labels-idx1-ubyte"), Buffer.from([0, 0, 8, 1, 0, 0, 0, count, ...labels]));
  pngs("grey", Array.from({ length: count }, (_, i) => pixels.slice(i * side * side, (i + 1) * side * side)), labels, classes, side, 1);
  const model = join(networks, "exported_vector.onnx");
  const first = packed("npy", model, "grey.npy", "--labels", at("labels.npy"), "--classes", at("classes.txt"));
  assert.equal(first.dataset.samples, count);
  assert.deepEqual(packed("idx", model, "grey-idx3-ubyte", "--labels", at("labels-idx1-ubyte"), "--classes", at("classes.txt")), first);
  assert.deepEqual(packed("gz", model, "grey-idx3-ubyte.gz", "--labels", at("labels-idx1-ubyte"), "--classes", at("classes.txt")), first);
  assert.deepEqual(packed("png", model, "grey"), first);
});

test("images in colour as .npy of planes and folders of PNGs are the same bundle", () => {
  const [count, side, classes] = [40, 20, ["a", "b", "c", "d", "e"]];
  const labels = labelsOf(count, 5);
  const area = side * side;
  const planes = bytesOf(count * 3 * area, 2);
  npy(at("colour.npy"), "|u1", [count, 3, side, side], planes);
  npy(at("colour-labels.npy"), "<i8", [count], labels);
  writeFileSync(at("letters.txt"), classes.map((name) => `${name}\n`).join(""));
  const last = (/** @type {number} */ i) => Array.from({ length: 3 * area }, (_, p) => planes[i * 3 * area + (p % 3) * area + Math.floor(p / 3)]);
  pngs("colour", Array.from({ length: count }, (_, i) => last(i)), labels, classes, side, 3);
  const model = join(networks, "depthwise.onnx");
  const first = packed("colour-npy", model, "colour.npy", "--labels", at("colour-labels.npy"), "--classes", at("letters.txt"));
  assert.equal(first.dataset.image.channels, 3);
  assert.deepEqual(packed("colour-png", model, "colour"), first);
});

test("QuickDraw's strokes as .ndjson and in the official binary are the same bundle", () => {
  const bundle = join(root, "build/tests/bundle");
  const { classes } = JSON.parse(readFileSync(join(bundle, JSON.parse(readFileSync(join(bundle, "current.json"), "utf8")).manifest), "utf8"));
  for (const folder of ["strokes", "binary"]) mkdirSync(at(folder));
  for (const [c, name] of /** @type {string[]} */ (classes).entries()) {
    const drawings = Array.from({ length: 4 }, (_, i) => [0, 1].map((stroke) => [bytesOf(5, 100 * c + 10 * i + stroke + 1), bytesOf(5, 100 * c + 10 * i + stroke + 7)]));
    writeFileSync(at(`strokes/${name}.ndjson`), drawings.map((drawing) => `${JSON.stringify({ word: name, countrycode: "XX", recognized: true, drawing })}\n`).join(""));
    writeFileSync(at(`binary/${name}.bin`), Buffer.concat(drawings.map((drawing) => Buffer.from([...Array(15).fill(0), 2, 0, ...drawing.flatMap(([x, y]) => [5, 0, ...x, ...y])]))));
  }
  const first = packed("ndjson", weights, "strokes");
  assert.equal(first.dataset.samples, 60);
  assert.deepEqual(packed("bin", weights, "binary"), first);
});

test("some layers of a network are packed without it, with what it answers", () => {
  const sketches = join(root, "build/tests/sketches");
  const pack = (/** @type {string} */ name, /** @type {string[]} */ ...more) => {
    const { status, stdout, stderr } = spawnSync(join(root, "build/ntrace"), ["pack", "--images", sketches, "--model", weights, "--limit", "150", "-o", at(name), ...more], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    return { said: stdout, manifest: JSON.parse(readFileSync(join(at(name), JSON.parse(readFileSync(at(`${name}/current.json`), "utf8")).manifest), "utf8")) };
  };
  const { said, manifest } = pack("some", "--layers", "0,Flatten,11-13");
  assert.deepEqual(manifest.layers.map((/** @type {any} */ { name }) => name), ["Input", "Flatten", "Linear(288,128)", "ReLU", "Linear(128,15)"]);
  assert.ok(!manifest.chunks.some((/** @type {any} */ { role }) => role === "weights"));
  const accuracy = Number(/accuracy (0\.\d+)/.exec(said)?.[1]);
  assert.ok(accuracy > 0.9, "the network's own answers are kept");
  const verified = spawnSync(join(root, "build/ntrace"), ["verify", at("some")], { encoding: "utf8" });
  assert.match(verified.stdout, /150 samples, 5 layers: all good/);
  const all = spawnSync(join(root, "build/ntrace"), ["pack", "--images", sketches, "--model", weights, "--layers", "0,99", "-o", at("refused")], { encoding: "utf8" });
  assert.match(all.stderr, /--layers: expected names of layers, numbers from 0 to 13/);
});
