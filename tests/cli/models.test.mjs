/** Several models of the same samples in one bundle: a network before training, after one epoch and after all of them, as the README has it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ntrace = join(root, "build/ntrace");
const sketches = join(root, "build/tests/sketches");
const scratch = mkdtempSync(join(tmpdir(), "ntrace-models-"));
after(() => rmSync(scratch, { recursive: true }));

const NAMES = ["untrained", "after epoch 1", "trained"];
const SAMPLES = 180;
const LAYERS = 14;
const K = 20;
const apart = NAMES.map((_, i) => join(scratch, `bundle-${i}`));
const all = join(scratch, "all");

/** @param {...string} words */
const run = (...words) => spawnSync(ntrace, words, { encoding: "utf8", maxBuffer: 1 << 26 });

/** @param {...string} words @returns {string} what it printed */
function done(...words) {
  const { status, stdout, stderr } = run(...words);
  assert.equal(status, 0, `ntrace ${words.join(" ")}: ${stderr}`);
  return stdout;
}

/** @param {string[]} words @param {...string} expected */
function refused(words, ...expected) {
  const { status, stdout, stderr } = run(...words);
  assert.notEqual(status, 0, `ntrace ${words.join(" ")} went through`);
  assert.equal(stdout, "");
  for (const text of expected) assert.ok(stderr.includes(text), `expected "${text}" in: ${stderr}`);
}

const joining = (/** @type {string} */ output, /** @type {string[]} */ ...models) => ["join", ...models.flatMap((model) => ["--model", model]), "-o", output];

before(() => {
  const snapshots = join(scratch, "snapshots");
  done("train", "--images", sketches, "--epochs", "2", "--snapshots", snapshots, "-o", join(scratch, "trained.safetensors"));
  assert.deepEqual(readdirSync(snapshots).sort(), ["0.safetensors", "1.safetensors", "2.safetensors"]);
  assert.deepEqual(readFileSync(join(snapshots, "2.safetensors")), readFileSync(join(scratch, "trained.safetensors")));
  apart.forEach((bundle, i) => done("pack", "--images", sketches, "--per-class", "12", "--model", join(snapshots, `${i}.safetensors`), "-o", bundle));
  done(...joining(all, ...NAMES.map((name, i) => `${name}=${apart[i]}`)), "--first", "trained");
});

test("every model of the joined bundle is verified by name, and chunks that are equal are there once", () => {
  const said = done("verify", all);
  for (const name of NAMES) assert.match(said, new RegExp(`all, ${name}: \\d+ chunks, \\d+ bytes, ${SAMPLES} samples, ${LAYERS} layers: all good`));
  const files = apart.map((bundle) => readdirSync(join(bundle, "c")));
  const distinct = new Set(files.flat());
  assert.deepEqual(readdirSync(join(all, "c")).sort(), [...distinct].sort());
  assert.ok(distinct.size < files.flat().length, "at least the images are shared");
});

test("a model asked for by name answers as its own bundle does, and without a name the first one", () => {
  const query = (/** @type {string} */ bundle, /** @type {string[]} */ ...more) => done("query", bundle, "--sample", "7", "--layer", "13", "-k", "12", ...more);
  NAMES.forEach((name, i) => assert.equal(query(all, "--model", name), query(apart[i])));
  assert.equal(query(all), query(apart[2]));
  assert.notEqual(query(apart[0]), query(apart[2]));
});

/** The exact neighbours of all samples at a layer. @param {string} name @param {number} layer */
function graphOf(name, layer) {
  const path = join(scratch, "graph.npy");
  done("graph", all, "--model", name, "--layer", `${layer}`, "-k", `${K}`, "-o", path);
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  const index = new Uint32Array(bytes.buffer.slice(bytes.byteOffset + start));
  return Array.from({ length: SAMPLES }, (_, i) => index.slice(i * K, i * K + K));
}

test("two models are compared layer by layer: the means of neighbours in common, as their graphs have them", () => {
  const [head, ...rows] = done("compare", all, "--model", "untrained", "--with", "trained", "-k", `${K}`).trimEnd().split("\n").map((line) => line.split("\t"));
  assert.equal(head.length, LAYERS + 1);
  assert.deepEqual(rows.map(([name]) => name), head.slice(1), "one architecture");
  const layers = [0, 5, 13];
  const [one, other] = ["untrained", "trained"].map((name) => layers.map((layer) => graphOf(name, layer)));
  layers.forEach((from, a) =>
    layers.forEach((to, b) => {
      const common = one[a].reduce((sum, near, sample) => sum + near.filter((neighbor) => other[b][sample].includes(neighbor)).length, 0);
      assert.ok(Math.abs(Number(rows[from][to + 1]) - common / SAMPLES) < 1e-6, `${from}, ${to}`);
    }),
  );
  assert.equal(Number(rows[0][1]), K, "the inputs are the same");
  assert.ok(Number(rows[13][14]) < 0.8 * K, "the outputs are not");
});

test("a model compared with itself, on codes, is the same on the diagonal", () => {
  const rows = done("compare", all, "--with", "trained", "-k", `${K}`, "--codes").trimEnd().split("\n").slice(1).map((line) => line.split("\t").slice(1).map(Number));
  rows.forEach((row, layer) => assert.equal(row[layer], K));
});

test("a site takes the files of every model, each once", () => {
  const page = join(scratch, "page");
  const site = join(scratch, "site");
  mkdirSync(page);
  writeFileSync(join(page, "index.html"), "<!doctype html><title>page</title><!-- bundle -->");
  done("site", all, "--page", page, "-o", site);
  for (const part of ["", "c"]) assert.deepEqual(readdirSync(join(site, "bundle", part)).sort(), readdirSync(join(all, part)).sort());
  done("site", all, "--page", page, "--single-file", "-o", join(scratch, "one.html"));
  const held = [...readFileSync(join(scratch, "one.html"), "latin1").matchAll(/data-file="bundle\/(?:c\/)?([^"]+)"/g)].map(([, file]) => file);
  assert.deepEqual(held.sort(), [...readdirSync(all).filter((name) => name !== "c"), ...readdirSync(join(all, "c"))].sort());
});

test("a joined bundle is joined with others under the names that its models have", () => {
  const more = join(scratch, "more");
  const said = done(...joining(more, all, `again=${apart[0]}`));
  assert.match(said, /4 models of the same samples/);
  assert.deepEqual(JSON.parse(readFileSync(join(more, "current.json"), "utf8")).models.map((/** @type {any} */ { name }) => name), [...NAMES, "again"]);
  done("verify", more);
});

test("what does not fit is refused in words before anything is written", () => {
  const output = join(scratch, "refused");
  const small = join(scratch, "small");
  const snapshot = join(scratch, "snapshots/1.safetensors");
  done("pack", "--images", sketches, "--per-class", "3", "--model", snapshot, "-o", small);
  refused(joining(output, `a=${apart[0]}`, `b=${small}`), "small: expected 180 samples as in", "found 45");
  const turned = join(scratch, "turned");
  cpSync(sketches, turned, { recursive: true });
  const [first] = readdirSync(turned).filter((name) => name.endsWith(".npy")).sort();
  const bytes = readFileSync(join(turned, first));
  bytes[bytes.length - 784 * 30] ^= 255; // a row among the first dozen
  writeFileSync(join(turned, first), bytes);
  done("pack", "--images", turned, "--per-class", "12", "--model", snapshot, "-o", join(scratch, "other"));
  refused(joining(output, `a=${apart[0]}`, `b=${join(scratch, "other")}`), "its image is another one");
  refused(joining(output, `a=${apart[0]}`), "2 to 64 models");
  refused(joining(output, `a=${apart[0]}`, `a=${apart[1]}`), "two models are named 'a'");
  refused(joining(output, `a=${apart[0]}`, apart[1]), "its model has no name");
  refused([...joining(output, `a=${apart[0]}`, `b=${apart[1]}`), "--first", "c"], "no model named 'c'");
  refused(["query", all, "--model", "nobody"], "no model named 'nobody'", "'untrained', 'after epoch 1', 'trained'");
  refused(["query", apart[0], "--model", "nobody"], "one without a name");
  assert.equal(existsSync(output), false);
  refused(joining(all, `a=${apart[0]}`, `b=${apart[1]}`), "there is a bundle already");
});

test("a chunk that is damaged stops the joining, and leaves no bundle that could be opened", () => {
  const broken = join(scratch, "broken");
  const output = join(scratch, "half");
  cpSync(apart[1], broken, { recursive: true });
  const shared = new Set(readdirSync(join(apart[0], "c")));
  const own = readdirSync(join(broken, "c")).find((name) => !shared.has(name)) ?? "";
  const bytes = readFileSync(join(broken, "c", own));
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(join(broken, "c", own), bytes);
  refused(joining(output, `a=${apart[0]}`, `b=${broken}`), own);
  assert.equal(existsSync(join(output, "current.json")), false);
});

test("packing that fails leaves the models that are there, and packing that succeeds takes their place", () => {
  const place = join(scratch, "place");
  cpSync(all, place, { recursive: true });
  const numbers = join(scratch, "layer.npy");
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }".padEnd(117) + "\n";
  const values = (/** @type {number} */ last) => Buffer.from(Float32Array.of(1, 2, 3, 5, 7, 11, 13, last).buffer);
  const write = (/** @type {number} */ last) => writeFileSync(numbers, Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]), Buffer.from(header), values(last)]));
  write(NaN);
  refused(["pack", "--activations", numbers, numbers, "-o", place], "finite");
  done("verify", place);
  assert.deepEqual(readdirSync(join(place, "c")).sort(), readdirSync(join(all, "c")).sort());
  write(17);
  done("pack", "--activations", numbers, numbers, "-o", place);
  assert.equal(readdirSync(place).filter((name) => name.startsWith("m.")).length, 1);
  assert.ok(readdirSync(join(place, "c")).every((name) => !existsSync(join(all, "c", name))));
});
