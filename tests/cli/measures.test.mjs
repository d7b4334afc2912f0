/** `ntrace measures`: its files, that they agree with each other and with `ntrace graph`, and how it refuses. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ntrace = join(root, "build/ntrace");
const bundle = join(root, "build/tests/bundle");
const scratch = mkdtempSync(join(tmpdir(), "ntrace-measures-"));
after(() => rmSync(scratch, { recursive: true }));

const [N, K] = [600, 20];
/** @param {...string} words */
const run = (...words) => spawnSync(ntrace, words, { encoding: "utf8" });

/** Rows of a CSV as objects. @param {string} path @returns {Record<string, string>[]} */
function table(path) {
  const [head, ...lines] = readFileSync(path, "utf8").trim().split("\n").map((line) => line.split(","));
  return lines.map((line) => Object.fromEntries(head.map((name, i) => [name, line[i]])));
}

/** The data of a .npy file. @param {string} path */
function npyBytes(path) {
  const bytes = readFileSync(path);
  return bytes.subarray(10 + bytes.readUInt16LE(8));
}

/** A .npy of float32. @param {string} path @param {number[]} shape @param {Float32Array} values */
function writeNpy(path, shape, values) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`.padEnd(117) + "\n";
  writeFileSync(path, Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]), Buffer.from(header), Buffer.from(values.buffer)]));
}

/** Neighbours of all samples at a layer. @param {number} layer @returns {number[][]} */
function neighbours(layer) {
  const path = join(scratch, `graph${layer}.npy`);
  assert.equal(run("graph", bundle, "--layer", `${layer}`, "-k", `${K}`, "-o", path).status, 0);
  const bytes = npyBytes(path);
  return Array.from({ length: N }, (_, i) => Array.from({ length: K }, (_, r) => bytes.readUInt32LE(4 * (i * K + r))));
}

test("measures are those of the neighbours that ntrace graph finds", () => {
  const folder = join(scratch, "measured");
  const map = join(scratch, "map.npy");
  writeNpy(map, [N, 2], Float32Array.from({ length: 2 * N }, (_, i) => Math.sin(i * i)));
  const { status, stderr } = run("measures", bundle, "-o", folder, "--layer", "12", "--reference", "3", "-k", `${K}`, "--map", map, "--suggestions", "2", "--credibility");
  assert.equal(status, 0, stderr);
  const [here, there, rows] = [neighbours(12), neighbours(3), table(join(folder, "measures.csv"))];
  assert.equal(rows.length, N);
  const occurrence = new Array(N).fill(0);
  here.flat().forEach((i) => occurrence[i]++);
  rows.forEach((row, i) => {
    const shared = here[i].filter((j) => there[i].includes(j)).length;
    assert.equal(Number(row.overlap), shared);
    assert.ok(Math.abs(Number(row.jaccard) - shared / (2 * K - shared)) < 1e-6);
    assert.ok(Math.abs(Number(row.lcmc) - (shared / K - K / (N - 1))) < 1e-6);
    assert.ok(Math.abs(Number(row.purity) - here[i].filter((j) => rows[j].label === row.label).length / K) < 1e-6);
    assert.equal(Number(row.occurrence), occurrence[i]);
    assert.ok(Number(row.credibility) >= 0 && Number(row.confidence) <= 1);
  });
  const said = JSON.parse(readFileSync(join(folder, "measures.json"), "utf8"));
  for (const name of ["overlap", "rbo", "purity", "trustworthiness", "continuity", "credibility"]) {
    assert.ok(Math.abs(said.means[name] - rows.reduce((sum, row) => sum + Number(row[name]), 0) / N) < 1e-6, name);
  }
  assert.ok(said.means.trustworthiness > 0.4 && said.means.trustworthiness < 0.6, "a map of noise is trusted as chance would have it");
  assert.equal(said.summary.accuracy, rows.filter((row) => row.label === row.prediction).length / N);
  const reasons = new Set(table(join(folder, "suggestions.csv")).map((row) => row.reason));
  assert.ok(reasons.has("changes-most") && reasons.has("hub") && reasons.has("typical"));
});

test("what cannot be measured is refused in words, and nothing is written", () => {
  const map = join(scratch, "short.npy");
  writeNpy(map, [2, 2], new Float32Array(4));
  for (const [words, expected] of /** @type {[string[], string][]} */ ([
    [["--layer", "14"], "expected 0 to 13"],
    [["-k", "101"], "from 1 to 100"],
    [["--map", map], "float32 [600, 2]"],
    [["--map", join(scratch, "none.npy")], "none.npy"],
  ])) {
    const folder = join(scratch, "refused");
    const { status, stderr } = run("measures", bundle, "-o", folder, ...words);
    assert.notEqual(status, 0);
    assert.ok(stderr.includes(expected), stderr);
    assert.equal(existsSync(join(folder, "measures.csv")), false);
  }
});
