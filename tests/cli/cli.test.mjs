/** The command line as a person meets it: what it prints, how it refuses, and that it leaves nothing half written. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ntrace = join(root, "build/ntrace");
const bundle = join(root, "build/tests/bundle");
const sketches = join(root, "build/tests/sketches");
const weights = resolve(root, process.env.WEIGHTS ?? "data/reference.safetensors");
const scratch = mkdtempSync(join(tmpdir(), "ntrace-cli-"));
after(() => rmSync(scratch, { recursive: true }));

/** @param {...string} words */
const run = (...words) => spawnSync(ntrace, words, { encoding: "utf8" });

/** Asserts that the command fails with every one of the given words, and says nothing on standard output. @param {string[]} words @param {...string} expected */
function refused(words, ...expected) {
  const { status, stdout, stderr } = run(...words);
  assert.notEqual(status, 0, `ntrace ${words.join(" ")} went through`);
  assert.equal(stdout, "");
  for (const text of expected) assert.ok(stderr.includes(text), `expected "${text}" in: ${stderr}`);
}

/** A copy of the test's sketches with one file changed. @param {string} name @param {string} file @param {(path: string) => void} change */
function folderWith(name, file, change) {
  const folder = join(scratch, name);
  cpSync(sketches, folder, { recursive: true });
  change(join(folder, file));
  return folder;
}

/** A .npy file. @param {string} path @param {string} descr @param {number[]} shape @param {Buffer} bytes */
function npy(path, descr, shape, bytes) {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117) + "\n";
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  writeFileSync(path, Buffer.concat([start, Buffer.from(header), bytes]));
}

/** @param {string} name @param {string} images @param {string} [model] @param {...string} more */
const packInto = (name, images, model = weights, ...more) =>
  ["pack", "--images", images, "--model", model, "-o", join(scratch, name), ...more];

test("a query prints rank, index, distance and label, nearest first", () => {
  const { status, stdout } = run("query", bundle, "--sample", "7", "--layer", "13", "-k", "25");
  assert.equal(status, 0);
  const rows = stdout.trim().split("\n").map((line) => line.split("\t"));
  assert.equal(rows.length, 25);
  rows.forEach(([rank, index, distance, label], i) => {
    assert.equal(Number(rank), i);
    assert.ok(Number(index) >= 0 && Number(index) < 600 && Number(index) !== 7);
    assert.ok(i === 0 || Number(distance) >= Number(rows[i - 1][2]));
    assert.ok(label.length > 0);
  });
});

test("the k nearest are the beginning of the k + 1 nearest", () => {
  const lines = (/** @type {number} */ k) => run("query", bundle, "--sample", "11", "--layer", "3", "-k", String(k)).stdout.trim().split("\n");
  assert.deepEqual(lines(40), lines(41).slice(0, 40));
});

test("a whole bundle is verified, with its figures", () => {
  const { status, stdout } = run("verify", bundle);
  assert.equal(status, 0);
  assert.match(stdout, /600 samples, 14 layers: all good/);
});

test("every file of a bundle, flipped in one bit or missing, is named", () => {
  const copy = join(scratch, "damaged");
  cpSync(bundle, copy, { recursive: true });
  for (const file of readdirSync(join(copy, "c"))) {
    const path = join(copy, "c", file);
    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    changed[bytes.length >> 1] ^= 4;
    writeFileSync(path, changed);
    refused(["verify", copy], file, "damaged");
    rmSync(path);
    refused(["verify", copy], file, "cannot be opened");
    writeFileSync(path, bytes);
  }
  assert.equal(run("verify", copy).status, 0);
});

test("a manifest that was changed is not read", () => {
  const copy = join(scratch, "changed");
  cpSync(bundle, copy, { recursive: true });
  const [manifest] = readdirSync(copy).filter((name) => name.startsWith("m."));
  writeFileSync(join(copy, manifest), readFileSync(join(copy, manifest), "utf8").replace('"samples":600', '"samples":601'));
  refused(["verify", copy], manifest, "damaged");
  writeFileSync(join(copy, "current.json"), "{}");
  refused(["query", copy, "--sample", "0"], "current.json", "expected");
});

/** A copy of the bundle whose manifest is another. @param {string} name @param {(manifest: any) => void} edit */
function bundleWith(name, edit) {
  const copy = join(scratch, name);
  cpSync(bundle, copy, { recursive: true });
  const [file] = readdirSync(copy).filter((entry) => entry.startsWith("m."));
  const manifest = JSON.parse(readFileSync(join(copy, file), "utf8"));
  edit(manifest);
  const text = JSON.stringify(manifest);
  const renamed = `m.${createHash("sha256").update(text).digest("hex")}.json`;
  rmSync(join(copy, file));
  writeFileSync(join(copy, renamed), text);
  writeFileSync(join(copy, "current.json"), JSON.stringify({ manifest: renamed }));
  return copy;
}

test("maps and measures must be there for all layers or, as in bundles of version 1, for none", () => {
  /** @param {any} manifest @param {(chunk: any) => boolean} gone */
  const without = (manifest, gone) => (manifest.chunks = manifest.chunks.filter((/** @type {any} */ chunk) => !gone(chunk)));
  const expected = "expected maps and measures of all layers and suggestions, or none";
  refused(["verify", bundleWith("mapless", (m) => without(m, ({ role, layer }) => role === "map" && layer === 5))], expected);
  refused(["verify", bundleWith("unsuggested", (m) => without(m, ({ role }) => role === "suggestions"))], expected);
  refused(["verify", bundleWith("praised", (m) => (m.layers[4].map.continuity = 1))], "the map of layer 4 is not as good as the manifest says");
  const old = bundleWith("old", (m) => {
    m.version = m.reader = 1;
    without(m, ({ role }) => ["map", "measures", "credibility", "suggestions"].includes(role));
    delete m.measures;
    for (const layer of m.layers) delete layer.map;
  });
  assert.equal(run("verify", old).status, 0);
  assert.equal(run("query", old, "--sample", "5").status, 0);
  refused(["verify", bundleWith("new", (m) => (m.reader = 99))], "needs a reader of version 99; this one is version 4");
});

test("questions out of range are refused with the range", () => {
  refused(["query", bundle, "--sample", "600"], "sample 600: expected 0 to 599");
  refused(["query", bundle, "--layer", "14"], "layer 14: expected 0 to 13");
  refused(["query", bundle, "-k", "600"], "k = 600: expected 1 to 599");
  refused(["query", bundle, "-k", "0"], "-k: expected a whole number from 1 to 1000, found '0'");
  refused(["query", bundle, "--sample", "many"], "--sample", "found 'many'");
  refused(["query", join(scratch, "nowhere")], "nowhere/current.json", "No such file");
  refused(["query"], "missing 'BUNDLE'");
  refused(["fly"], "there is no command 'fly'");
});

test("images that are truncated, of another type or of another shape are refused by name", () => {
  const cut = folderWith("cut", "bee.npy", (file) => truncateSync(file, 5000));
  refused(packInto("x", cut), "bee.npy");
  const typed = folderWith("typed", "car.npy", (file) => npy(file, "<i2", [2, 784], Buffer.alloc(2 * 784 * 2)));
  refused(packInto("x", typed), "car.npy", "expected uint8 images or floats of 0 to 1, found int16");
  const shaped = folderWith("shaped", "car.npy", (file) => npy(file, "|u1", [4, 32, 32], Buffer.alloc(4096)));
  refused(packInto("x", shaped), "car.npy", "expected images of 1 x 28 x 28", "found 1 x 32 x 32");
  const text = folderWith("text", "car.npy", (file) => writeFileSync(file, "not an array at all, but long enough"));
  refused(packInto("x", text), "car.npy");
  mkdirSync(join(scratch, "empty"));
  refused(packInto("x", join(scratch, "empty")), "empty", "expected one .npy file per class", "found none");
  assert.ok(!readdirSync(scratch).includes("x"));
});

test("labels must match images in number and be whole numbers in range", () => {
  const images = join(scratch, "images.npy");
  const labels = join(scratch, "labels.npy");
  npy(images, "|u1", [30, 784], Buffer.alloc(30 * 784, 7));
  refused(packInto("y", images), "need an array of labels");
  npy(labels, "|u1", [29], Buffer.alloc(29));
  refused(packInto("y", images, weights, "--labels", labels), "labels.npy", "expected 30 labels", "found 29");
  npy(labels, "|i1", [30], Buffer.alloc(30, 0xff));
  refused(packInto("y", images, weights, "--labels", labels), "labels.npy", "label -1 of sample 0");
  npy(labels, "<f4", [30], Buffer.alloc(120));
  refused(packInto("y", images, weights, "--labels", labels), "expected integer labels, found float32");
  npy(labels, "|u1", [30], Buffer.alloc(30));
  refused(packInto("y", images, weights, "--labels", labels), "the network has 15 classes, the dataset 1");
  assert.ok(!readdirSync(scratch).includes("y"));
});

test("weights that are truncated, not finite or no weights at all are refused by name", () => {
  const bytes = readFileSync(weights);
  const bad = join(scratch, "bad.safetensors");
  writeFileSync(bad, bytes.subarray(0, bytes.length - 9));
  refused(packInto("z", sketches, bad), "bad.safetensors");
  writeFileSync(bad, "nothing of the kind");
  refused(packInto("z", sketches, bad), "bad.safetensors");
  const poisoned = Buffer.from(bytes);
  poisoned.writeUInt32LE(0x7fc00000, bytes.length - 4);
  writeFileSync(bad, poisoned);
  refused(packInto("z", sketches, bad), "bad.safetensors", "12.");
  refused(packInto("z", sketches, join(scratch, "absent")), "absent", "No such file");
  assert.ok(!readdirSync(scratch).includes("z"));
});

test("a disk that is full leaves the former bundle as it was", () => {
  const copy = join(scratch, "full");
  cpSync(bundle, copy, { recursive: true });
  const before = readdirSync(join(copy, "c")).sort();
  /* A limit on the size of files stands for a disk without room: writing fails in the same place. */
  const command = `trap '' XFSZ; ulimit -f 8; exec "$0" "$@"`;
  const words = ["pack", "--images", sketches, "--limit", "150", "--model", weights, "-o", copy];
  const { status, stderr } = spawnSync("bash", ["-c", command, ntrace, ...words], { encoding: "utf8" });
  assert.equal(status, 1);
  assert.match(stderr, /cannot be written: File too large/);
  assert.equal(run("verify", copy).status, 0);
  const now = readdirSync(join(copy, "c"));
  assert.deepEqual(before.filter((file) => !now.includes(file)), []);
  assert.deepEqual(now.filter((file) => file.endsWith(".tmp")), []);
});

test("packing anew replaces the bundle and removes what the former one left", () => {
  const folder = join(scratch, "anew");
  assert.equal(run(...packInto("anew", sketches, weights, "--limit", "150")).status, 0);
  const first = readdirSync(join(folder, "c"));
  assert.equal(run(...packInto("anew", sketches, weights, "--limit", "165")).status, 0);
  const { status, stdout } = run("verify", folder);
  assert.equal(status, 0);
  assert.match(stdout, /165 samples/);
  const second = readdirSync(join(folder, "c"));
  assert.equal(readdirSync(folder).filter((name) => name.startsWith("m.")).length, 1);
  assert.ok(second.length < first.length + 5);
});

test("every command explains itself", () => {
  for (const command of ["sketch", "train", "pack", "verify", "query", "bench"]) {
    const { status, stdout } = run(command, "--help");
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`usage: ntrace ${command}`));
  }
});

test("what samples are called stands in the manifest, and a noun without its plural is refused", () => {
  const [manifest] = readdirSync(bundle).filter((file) => file.startsWith("m."));
  assert.deepEqual(JSON.parse(readFileSync(join(bundle, manifest), "utf8")).dataset.noun, { one: "sketch", many: "sketches" });
  refused(packInto("singular", sketches, weights, "--noun", "sketch"), "--nouns");
});

test("sketches leave as strokes too, of which the same images come", () => {
  const [images, strokes] = ["images", "strokes"].map((name) => join(scratch, `drawn-${name}`));
  for (const [folder, ...more] of [[images], [strokes, "--strokes"]]) {
    const { status, stderr } = run("sketch", "--count", "150", "--seed", "5", ...more, "-o", folder);
    assert.equal(status, 0, stderr);
  }
  const [a, b] = [images, strokes].map((folder, i) => {
    const packed = run(...packInto(`drawn-${i}`, folder, weights));
    assert.equal(packed.status, 0, packed.stderr);
    const home = join(scratch, `drawn-${i}`);
    const { chunks } = JSON.parse(readFileSync(join(home, JSON.parse(readFileSync(join(home, "current.json"), "utf8")).manifest), "utf8"));
    return chunks.filter((/** @type {any} */ { role }) => role === "images").map((/** @type {any} */ { sha256 }) => sha256);
  });
  assert.ok(a.length > 0);
  assert.deepEqual(a, b);
});
