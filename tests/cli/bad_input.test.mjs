/** Bad input: every reader names the file, the place, what it expected and what it found; the command fails and leaves nothing half written. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { npy, numbers } from "./arrays.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const weights = resolve(root, process.env.WEIGHTS ?? "data/reference.safetensors");
const scratch = mkdtempSync(join(tmpdir(), "ntrace-bad-"));
after(() => rmSync(scratch, { recursive: true }));

/** @param {string} name */
const at = (name) => join(scratch, name);

/** Packs into a folder that must not be there afterwards. @param {string[]} words @param {RegExp} said */
function refuses(words, said) {
  const { status, stdout, stderr } = spawnSync(join(root, "build/ntrace"), ["pack", ...words, "-o", at("refused")], { encoding: "utf8" });
  assert.equal(status, 1, `${words.join(" ")}: ${stderr}`);
  assert.equal(stdout, "");
  assert.match(stderr, said);
  assert.deepEqual(readdirSync(scratch).filter((name) => name.startsWith("refused")), []);
}
/** @param {string} file @param {RegExp} said */
const refusesActivations = (file, said) => refuses(["--activations", at(file)], said);
/** @param {string} file @param {RegExp} said */
const refusesImages = (file, said) => refuses(["--images", at(file), "--labels", at("labels.npy"), "--model", weights], said);

/** @param {string} name @param {object} header @param {number} bytes of data */
function safetensors(name, header, bytes) {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(at(name), Buffer.concat([length, text, Buffer.alloc(bytes)]));
}
const f32 = (/** @type {number[]} */ shape, /** @type {(number | string)[]} */ offsets) => ({ dtype: "F32", shape, data_offsets: offsets });

npy(at("labels.npy"), "<i8", [30], Array(30).fill(0));
npy(at("good.npy"), "<f4", [30, 4], numbers(120));

test("a wrong magic is shown beside the right one, at its byte", () => {
  writeFileSync(at("magic.npy"), Buffer.concat([Buffer.from("\x93NUMPX", "latin1"), Buffer.alloc(100)]));
  refusesActivations("magic.npy", /magic\.npy: not a \.npy file: at byte 0 expected the magic 93 4e 55 4d 50 59, found 93 4e 55 4d/);
  refusesImages("magic.npy", /magic\.npy: expected \.npy, IDX, \.ndjson or \.bin, found a file that begins with 93 4e 55 4d/);
  writeFileSync(at("magic.idx"), Buffer.from([0, 0, 7, 3, 0, 0, 0, 30, ...Array(60).fill(0)]));
  refusesImages("magic.idx", /magic\.idx: at byte 2 expected type 08, unsigned bytes, found 07/);
  mkdirSync(at("pictures/a"), { recursive: true });
  writeFileSync(at("pictures/a/0.png"), Buffer.concat([Buffer.from("\x89PNX\r\n\x1a\n", "latin1"), Buffer.alloc(40)]));
  refusesImages("pictures", /pictures\/a\/0\.png: not a PNG file: at byte 0 expected 89 50 4e 47, found 89 50 4e 58/);
  writeFileSync(at("magic.safetensors"), "PK\x03\x04 something else than tensors");
  refusesActivations("magic.safetensors", /magic\.safetensors: not a safetensors file: at byte 0 expected the length of a header, at most 16777216, found \d+/);
  writeFileSync(at("magic.onnx"), "nothing of the kind");
  refuses(["--images", at("good.npy"), "--model", at("magic.onnx")], /magic\.onnx: byte 0: not an ONNX model/);
});

test("arrays in Fortran order, of objects and big-endian are refused at their byte, with what to do", () => {
  npy(at("fortran.npy"), "<f4", [30, 4], numbers(120), "True");
  refusesActivations("fortran.npy", /fortran\.npy: byte \d+: in Fortran order; expected C order \(save numpy\.ascontiguousarray of it\)/);
  npy(at("objects.npy"), "|O", [30], Array(30).fill(1));
  refusesActivations("objects.npy", /objects\.npy: byte \d+: holds Python objects, which are never loaded/);
  npy(at("big.npy"), ">f4", [30], Array(120).fill(1));
  refusesActivations("big.npy", /big\.npy: byte \d+: big-endian \(type >f4\); save it as little-endian, '<f4'/);
  refuses(["--activations", at("good.npy"), at("good.npy"), "--labels", at("big.npy")], /big\.npy: byte \d+: big-endian/);
});

test("an ONNX operator that is not read is named with its node, and data in other files are refused", () => {
  const model = readFileSync(join(root, "tests/reference/networks/exported_vector.onnx"));
  const other = Buffer.from(model);
  other.write("Erfy", other.indexOf('"\x04Relu') + 2);
  writeFileSync(at("operator.onnx"), other);
  refuses(["--images", at("good.npy"), "--model", at("operator.onnx")], /operator\.onnx: byte \d+: node '[^']+' \(Erfy\): this operator is not read\. Read are: Conv/);
  const tensor = model.indexOf(Buffer.from([0x10, 1, 0x42])); // its type, then its name
  assert.ok(tensor > 0);
  const outside = Buffer.from(model);
  outside.set([0x70, 1], tensor); // data_location = EXTERNAL in the place of the type
  writeFileSync(at("outside.onnx"), outside);
  refuses(["--images", at("good.npy"), "--model", at("outside.onnx")], /outside\.onnx: byte \d+: tensor '[^']+' has its data in another file, which is not read/);
});

test("tensors that overlap, leave a gap, reach beyond the file or overflow are refused with both offsets", () => {
  safetensors("overlap.safetensors", { a: f32([8], [0, 32]), b: f32([8], [16, 48]) }, 48);
  refusesActivations("overlap.safetensors", /overlap\.safetensors: tensor 'b' overlaps another: expected it at byte 32 of the data, where 'a' ends, found it at byte 16/);
  safetensors("gap.safetensors", { a: f32([4], [0, 16]), b: f32([4], [32, 48]) }, 48);
  refusesActivations("gap.safetensors", /tensor 'b' comes after a gap: expected it at byte 16 of the data, where 'a' ends, found it at byte 32/);
  safetensors("beyond.safetensors", { a: f32([32], [0, 128]) }, 64);
  refusesActivations("beyond.safetensors", /beyond\.safetensors: tensor 'a' ends at byte 128 of the data, 64 are there/);
  safetensors("overflow.safetensors", { a: f32([4], [16, 18446744073709551615]) }, 64);
  refusesActivations("overflow.safetensors", /overflow\.safetensors: tensor 'a' has no data_offsets \[begin, end\]: expected whole numbers of at most 2\^53/);
  safetensors("shape.safetensors", { a: f32([4294967296, 4294967296, 4294967296], [0, 64]) }, 64);
  refusesActivations("shape.safetensors", /shape\.safetensors: tensor 'a': its size overflows/);
});

test("counts that differ between layers are told with both layers", () => {
  npy(at("fewer.npy"), "<f4", [29, 4], numbers(116));
  refuses(["--activations", at("good.npy"), at("fewer.npy")], /fewer\.npy: layer 'fewer': expected 30 samples as in 'good' \(good\.npy\), found 29/);
});

test("labels out of range are told with their sample", () => {
  npy(at("range.npy"), "<i8", [30], Array.from({ length: 30 }, (_, i) => (i === 17 ? -1 : 0)));
  writeFileSync(at("range.txt"), Array.from({ length: 30 }, (_, i) => (i === 17 ? "5\n" : "0\n")).join(""));
  writeFileSync(at("classes.txt"), "one\ntwo\n");
  const layers = ["--activations", at("good.npy"), at("good.npy")];
  refuses([...layers, "--labels", at("range.npy")], /range\.npy: label -1 of sample 17: expected 0 to 999/);
  refuses([...layers, "--labels", at("range.txt"), "--classes", at("classes.txt")], /range\.txt, line 18[^:]*: label 5 of sample 17: expected 0 to 1/);
  refuses([...layers, "--labels", at("labels.npy"), "--classes", at("classes.txt"), "--predictions", at("range.txt")], /range\.txt, line 18[^:]*: label 5 of sample 17: expected 0 to 1/);
});

test("NaN and infinities are counted, by layer", () => {
  npy(at("nan.npy"), "<f4", [30, 4], numbers(120).map((value, i) => (i === 41 || i === 43 ? NaN : i === 50 ? Infinity : value)));
  refuses(["--activations", at("good.npy"), at("nan.npy")], /nan\.npy: layer 1 'nan': 2 NaN, 1 infinite, the first in sample 10[\s\S]*expected numbers that are finite in every layer, found others in 1 of 2/);
});

test("files that are cut or have something left over are told with what is announced and what is there", () => {
  const good = readFileSync(at("good.npy"));
  writeFileSync(at("cut.npy"), good.subarray(0, good.length - 7));
  refusesActivations("cut.npy", /cut\.npy: truncated: its header announces 608 bytes, 601 are there/);
  writeFileSync(at("more.npy"), Buffer.concat([good, Buffer.from("more")]));
  refusesActivations("more.npy", /more\.npy: bytes left over after the array: its header announces 608 bytes, 612 are there/);
  writeFileSync(at("cut.bin"), Buffer.concat([Buffer.alloc(15), Buffer.from([1, 0, 5, 0, 1])]));
  refusesImages("cut.bin", /cut\.bin, drawing 0 \(byte 0\): truncated: expected at least 29 bytes more, found 20/);
  writeFileSync(at("broken.ndjson"), '{"word":"a","drawing":[[[0,9],[0,9]]]}\n{"word":"a","drawing":[[[0,9],[0]]]}\n{"word":"b","drawing":[[[0,9],[0,9]]]}\n');
  npy(at("three.npy"), "<i8", [3], [0, 7, 14]);
  refuses(["--images", at("broken.ndjson"), "--labels", at("three.npy"), "--model", weights], /broken\.ndjson, line 2 \(byte 39\)/);
});
