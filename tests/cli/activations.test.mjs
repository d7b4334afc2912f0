/** Activations of any model, packed by the command line: no network, no images, nothing but numbers needed. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { npy, numbers, safetensors } from "./arrays.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ntrace = join(root, "build/ntrace");
const weights = resolve(root, process.env.WEIGHTS ?? "data/reference.safetensors");
const scratch = mkdtempSync(join(tmpdir(), "ntrace-activations-"));
after(() => rmSync(scratch, { recursive: true }));

/** @param {string} name */
const at = (name) => join(scratch, name);
/** @param {...string} words */
const run = (...words) => spawnSync(ntrace, words, { encoding: "utf8" });

const N = 240;
const CLASSES = 4;
const label = Array.from({ length: N }, (_, i) => (i * 7) % CLASSES);

/** Values that tell classes apart. @param {number} size @param {number} seed */
const layer = (size, seed) => numbers(N * size, seed).map((value, i) => value + 2 * Number(i % size === label[Math.floor(i / size)]));
const tokens = layer(24, 1);
const block = layer(16, 2);
const logits = layer(CLASSES, 3);

before(() => {
  mkdirSync(at("layers"));
  npy(at("layers/2 block.npy"), "<f4", [N, 16], block);
  npy(at("layers/10 logits.npy"), "<f8", [N, CLASSES], logits);
  npy(at("layers/1 tokens.npy"), "<f2", [N, 4, 6], tokens);
  npy(at("labels.npy"), "<i8", [N], label);
  npy(at("predictions.npy"), "|u1", [N], label.map((value, i) => (i % 10 === 0 ? (value + 1) % CLASSES : value)));
  writeFileSync(at("classes.txt"), "noun\nverb\nname\nother\n");
});

/** What a bundle's manifest says. @param {string} name @returns {any} */
const manifestOf = (name) => JSON.parse(readFileSync(join(at(name), JSON.parse(readFileSync(at(`${name}/current.json`), "utf8")).manifest), "utf8"));

/** @param {string} name @param {...string} words */
function packed(name, ...words) {
  const { status, stdout, stderr } = run("pack", ...words, "-o", at(name));
  assert.equal(status, 0, stderr);
  assert.ok(!existsSync(at(`${name}.packing`)), "what was kept for an interruption is gone");
  return stdout;
}

/** Asserts that packing fails with every one of the given words and leaves nothing behind. @param {string[]} words @param {...(string | RegExp)} expected */
function refused(words, ...expected) {
  const { status, stdout, stderr } = run("pack", ...words, "-o", at("refused"));
  assert.notEqual(status, 0, `ntrace pack ${words.join(" ")} went through`);
  assert.equal(stdout, "");
  for (const text of expected) assert.match(stderr, text instanceof RegExp ? text : new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  assert.deepEqual(readdirSync(scratch).filter((name) => name.startsWith("refused")), []);
}

test("a folder of one .npy a layer becomes a bundle, in the order in which people count", () => {
  const said = packed("bare", "--activations", at("layers"));
  const { layers, classes, dataset, answers } = manifestOf("bare");
  assert.deepEqual(layers.map((/** @type {any} */ { name }) => name), ["tokens", "block", "logits"]);
  assert.deepEqual(layers.map((/** @type {any} */ { size }) => size), [24, 16, CLASSES]);
  assert.deepEqual(classes, ["sample"]);
  assert.equal(dataset.image, null);
  assert.equal(answers, "none");
  assert.match(said, /recall@100[\s\S]*tokens +24[\s\S]*240 samples in [\d.]+ s: [\d.]+ MB in \d+ chunks, [\d.]+ bytes of codes a sample/);
  assert.doesNotMatch(said, /accuracy/);
  assert.match(said, /check it with `ntrace verify .*bare`/);
  assert.match(run("verify", at("bare")).stdout, /240 samples, 3 layers: all good/);
});

test("labels, classes, predictions, probabilities, thumbnails and words about the data all come along", () => {
  const odds = label.map((_, i) => logits.slice(i * CLASSES, (i + 1) * CLASSES).map(Math.exp));
  npy(at("probabilities.npy"), "<f4", [N, CLASSES], odds.flatMap((row) => row.map((value) => value / row.reduce((a, b) => a + b))));
  npy(at("thumbnails.npy"), "|u1", [N, 3, 5], label.flatMap((value) => Array(15).fill(60 * value)));
  const answers = ["--labels", at("labels.npy"), "--classes", at("classes.txt"), "--probabilities", at("probabilities.npy")];
  const words = ["--thumbnails", at("thumbnails.npy"), "--title", "Words", "--source", "a corpus", "--licence", "CC0", "--noun", "word", "--nouns", "words"];
  const said = packed("whole", "--activations", at("layers"), ...answers, ...words, "--recall", "0.99");
  const { classes, dataset, layers, answers: known } = manifestOf("whole");
  assert.deepEqual(classes, ["noun", "verb", "name", "other"]);
  assert.deepEqual(dataset.image, { channels: 1, height: 3, width: 5 });
  assert.deepEqual([dataset.title, dataset.source, dataset.licence, dataset.noun], ["Words", "a corpus", "CC0", { one: "word", many: "words" }]);
  assert.notEqual(known, "none");
  assert.ok(layers.every((/** @type {any} */ { recall, recallCodes }) => recall >= 0.99 && recallCodes >= 0.99), "codes have the last word: they are as fine as that takes");
  assert.match(said, /accuracy 0\.\d+, balanced accuracy/);
  assert.equal(run("verify", at("whole")).status, 0);
  const mean = run("explain", at("whole"), "--method", "neighbor-mean", "-o", at("mean.npy"));
  assert.equal(mean.status, 0, mean.stderr);
});

test("files in the order of the command line, one .safetensors and every type of float are the same bundle", () => {
  safetensors(at("layers.safetensors"), {
    tokens: { shape: [N, 4, 6], values: tokens },
    block: { shape: [N, 16], values: block },
    logits: { shape: [N, CLASSES], values: logits },
  });
  npy(at("tokens.npy"), "<f8", [N, 4, 6], tokens);
  npy(at("block.npy"), "<f2", [N, 16], block);
  npy(at("logits.npy"), "<f4", [N, CLASSES], logits);
  packed("one", "--activations", at("layers.safetensors"), "--labels", at("labels.npy"));
  packed("several", "--activations", at("tokens.npy"), at("block.npy"), at("logits.npy"), "--labels", at("labels.npy"));
  assert.deepEqual(manifestOf("several").layers, manifestOf("one").layers);
  assert.deepEqual(manifestOf("several").chunks, manifestOf("one").chunks);
});

test("layers are chosen by name, number and range, in the order asked for", () => {
  packed("chosen", "--activations", at("layers"), "--layers", "logits,0-1");
  assert.deepEqual(manifestOf("chosen").layers.map((/** @type {any} */ { name }) => name), ["logits", "tokens", "block"]);
  refused(["--activations", at("layers"), "--layers", "logits,nothing"], "expected names of layers, numbers from 0 to 2", "found 'nothing'");
  refused(["--activations", at("layers"), "--layers", "0,1,0"], "'0': layer 0 is there twice");
  refused(["--activations", at("layers"), "--layers", "1"], "expected 2 to 128 layers, found 1");
});

test("a limit takes of each class its share, and the rows of all files stay together", () => {
  packed("limited", "--activations", at("layers"), "--labels", at("labels.npy"), "--limit", "120");
  assert.match(run("verify", at("limited")).stdout, /120 samples/);
  npy(at("rows.npy"), "<i8", [130], Array.from({ length: 130 }, (_, i) => N - 1 - i));
  packed("rows", "--activations", at("layers"), "--labels", at("labels.npy"), "--rows", at("rows.npy"));
  const rows = run("query", at("rows"), "--sample", "0", "--layer", "2", "-k", "20").stdout.trim().split("\n");
  const same = rows.filter((row) => Number(row.split("\t")[3]) === label[N - 1 - Number(row.split("\t")[1])]);
  assert.equal(same.length, 20, "labels went with their rows");
});

test("without labels, predictions tell samples apart; alone, they cannot be wrong", () => {
  const said = packed("answered", "--activations", at("layers"), "--predictions", at("predictions.npy"));
  assert.deepEqual(manifestOf("answered").classes, ["0", "1", "2", "3"]);
  assert.equal(manifestOf("answered").answers, "none");
  assert.doesNotMatch(said, /accuracy/);
  const both = packed("both", "--activations", at("layers"), "--predictions", at("predictions.npy"), "--labels", at("labels.npy"));
  assert.equal(manifestOf("both").answers, "classes");
  assert.match(both, /accuracy 0\.9000/);
});

test("a query answers from codes, and says so; what needs a network says that there is none", () => {
  const { status, stdout, stderr } = run("query", at("bare"), "--sample", "7", "--layer", "1", "-k", "5");
  assert.equal(status, 0);
  assert.equal(stdout.trim().split("\n").length, 5);
  assert.match(stderr, /this bundle holds no network: answered from codes alone, recall@100 0\.\d+/);
  assert.deepEqual(run("query", at("bare"), "--sample", "7", "--layer", "1", "-k", "5", "--codes").stdout, stdout);
  for (const words of [["graph", at("bare"), "-o", at("graph.npy")], ["project", at("bare"), "-o", at("map.npy")], ["measures", at("bare"), "-o", at("measures")], ["explain", at("bare")], ["bench", at("bare")]]) {
    const without = run(...words);
    assert.equal(without.status, 1, words[0]);
    assert.match(without.stderr, /this bundle holds no network/, words[0]);
  }
  assert.match(run("explain", at("bare"), "--method", "neighbor-mean").stderr, /holds no images/);
});

test("numbers that are not finite are counted, layer by layer, before anything is written", () => {
  const bad = [...block];
  bad[16 * 3] = bad[16 * 5 + 1] = NaN;
  bad[16 * 4] = -Infinity;
  mkdirSync(at("bad"));
  npy(at("bad/0 tokens.npy"), "<f2", [N, 24], tokens);
  npy(at("bad/1 block.npy"), "<f4", [N, 16], bad);
  npy(at("bad/2 logits.npy"), "<f8", [N, CLASSES], logits.map((value, i) => (i === 9 ? 1e300 : value)));
  refused(["--activations", at("bad")], "1 block.npy: layer 1 'block': 2 NaN, 1 infinite, the first in sample 3", "2 logits.npy: layer 2 'logits': 0 NaN, 0 infinite, 1 beyond float32, the first in sample 2", "found others in 2 of 3");
});

test("counts, shapes and types that do not fit are named with their file", () => {
  const layers = ["--activations", at("layers")];
  mkdirSync(at("odd"));
  npy(at("odd/a.npy"), "<f4", [N, 16], block);
  npy(at("odd/b.npy"), "<f4", [N - 1, 16], block.slice(16));
  refused(["--activations", at("odd")], "odd/b.npy: layer 'b': expected 240 samples as in 'a' (a.npy), found 239");
  npy(at("objects.npy"), "|O", [N], label);
  npy(at("large.npy"), ">f4", [N], label);
  npy(at("turned.npy"), "<f4", [N, 16], block, "True");
  refused(["--activations", at("objects.npy")], "objects.npy", /object/);
  refused(["--activations", at("large.npy")], "large.npy", /big-endian/);
  refused(["--activations", at("turned.npy")], "turned.npy", /Fortran/);
  refused(["--activations", at("nowhere")], "nowhere: no such file or folder");
  npy(at("few.npy"), "<i8", [N - 3], label.slice(3));
  refused([...layers, "--labels", at("few.npy")], "few.npy: expected 240, one a sample of the activations, found 237");
  npy(at("far.npy"), "<i8", [N], label.map((value, i) => (i === 11 ? 4 : value)));
  refused([...layers, "--labels", at("far.npy"), "--classes", at("classes.txt")], "far.npy: label 4 of sample 11: expected 0 to 3");
  refused([...layers, "--labels", at("far.npy"), "--probabilities", at("layers/10 logits.npy")], "10 logits.npy: probability", "logits need a softmax first");
  npy(at("half.npy"), "<f4", [N], label.map(() => 0.5));
  refused([...layers, "--labels", at("labels.npy"), "--probabilities", at("half.npy")], "half.npy: one probability a sample, but of which class");
  npy(at("pictures.npy"), "|u1", [N - 1, 2, 2], Array(4 * (N - 1)).fill(9));
  refused([...layers, "--thumbnails", at("pictures.npy")], "pictures.npy: expected 240 images, one for each row of 'tokens'", "found 239");
  writeFileSync(at("words.txt"), label.map((value) => `${["noun", "verb", "name", "odd"][value]}\n`).join(""));
  refused([...layers, "--predictions", at("words.txt"), "--labels", at("labels.npy")], "words.txt: predictions are names where labels are numbers");
});

test("options of one way in are refused on another, in words", () => {
  refused([], "expected --images and --model, or --activations, found neither");
  refused(["--images", at("layers")], "found --images alone");
  refused(["--activations", at("layers"), "--model", weights], "--model goes not together with --activations");
  refused(["--images", at("layers"), "--model", weights, "--predictions", at("labels.npy")], "--predictions goes only with --activations");
});

/** Packs, sends SIGINT once the first layer is done, and tells what was said. @param {string[]} words @param {string} output @returns {Promise<{ code: number | null, said: string }>} */
async function interrupted(words, output) {
  const child = spawn(ntrace, [...words, "-o", output], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  const ended = new Promise((done) => child.on("close", done));
  while (child.exitCode === null && !existsSync(join(`${output}.packing`, "layer-000"))) await pause(3);
  child.kill("SIGINT");
  return { code: await ended, said };
}

test("packing of either kind that is interrupted says how to go on, and goes on to the very same bytes", async () => {
  mkdirSync(at("wide"));
  for (let l = 0; l < 8; l++) npy(at(`wide/${l}.npy`), "<f4", [N, 128], layer(128, 10 + l));
  const sketches = ["pack", "--images", join(root, "build/tests/sketches"), "--model", weights, "--limit", "150"];
  for (const [kind, words] of /** @type {[string, string[]][]} */ ([["activations", ["pack", "--activations", at("wide"), "--labels", at("labels.npy")]], ["sketches", sketches]])) {
    const [whole, output] = [at(`${kind} at once/bundle`), at(`${kind} in steps/bundle`)];
    mkdirSync(at(`${kind} at once`));
    mkdirSync(at(`${kind} in steps`));
    const { code, said } = await interrupted(words, output);
    assert.equal(code, 1, said);
    assert.match(said, /cancelled while/);
    assert.match(said, /The same command again goes on from here; to start anew, remove .*bundle\.packing/);
    assert.ok(!existsSync(join(output, "current.json")), "nothing passes for a bundle yet");
    const resumed = spawnSync(ntrace, [...words, "-o", output], { encoding: "utf8" });
    assert.equal(resumed.status, 0, resumed.stderr);
    assert.match(resumed.stdout, /[1-9]\d* of \d+ layers were packed before and taken up/);
    assert.ok(!existsSync(`${output}.packing`));
    assert.equal(spawnSync(ntrace, [...words, "-o", whole]).status, 0);
    const files = readdirSync(whole, { recursive: true }).sort();
    assert.deepEqual(readdirSync(output, { recursive: true }).sort(), files);
    for (const file of files.filter((name) => /\./.test(String(name)))) {
      assert.ok(readFileSync(join(output, String(file))).equals(readFileSync(join(whole, String(file)))), String(file));
    }
  }
});
