/** Fetching and packing the official QuickDraw files, from a host on this machine that breaks, stalls and lies: sketches by people where they are, else synthetic ones. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";

import { crc32c } from "../../data/download.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ntrace = join(root, "build/ntrace");
const people = join(root, "../shared/quickdraw");
const source = existsSync(people) ? people : join(root, "build/tests/sketches");
const torch = "/usr/lib/python3/dist-packages/torch";
const PER_CLASS = 40;

const scratch = mkdtempSync(join(tmpdir(), "ntrace-quickdraw-"));
/** @type {import("node:http").Server} */
let server;
let from = "";
/** What was asked for since the test began. @type {{ path: string, range: string | undefined }[]} */
let asked = [];
/** How the host behaves towards the n-th request for a path. @type {(path: string, nth: number) => { breakAt?: number, part?: string, ranges?: boolean, status?: number, body?: Buffer, hash?: string } | undefined} */
let behaviour = () => undefined;
let runs = 0;

/** Two strokes a drawing, as the official .ndjson and .bin have them; class `apple` leans left, `pear` right. @param {string} name @param {number} i */
const drawing = (name, i) => [[[0, 100 + i, 255], [0, 90 + 2 * i, name === "pear" ? 255 : 120]], [[10, 200], [250, name === "pear" ? 30 : 255 - i]]];
/** @param {string} name */
const ndjson = (name) => Buffer.from(Array.from({ length: 60 }, (_, i) => JSON.stringify({ word: name, countrycode: "GB", recognized: true, key_id: `${i}`, drawing: drawing(name, i) })).join("\n") + "\n");
/** @param {string} name */
const binary = (name) => Buffer.concat(Array.from({ length: 60 }, (_, i) => {
  const head = Buffer.alloc(17);
  head.writeBigUInt64LE(BigInt(i), 0);
  head.write("GB", 8, "latin1");
  head[10] = 1;
  head.writeUInt16LE(2, 15);
  return Buffer.concat([head, ...drawing(name, i).map(([x, y]) => Buffer.from([x.length, 0, ...x, ...y]))]);
}));

/** What the host holds. @param {string} path */
function fileOf(path) {
  const [, folder, name, ending] = /^\/(numpy_bitmap|simplified|binary)\/([^/]+)\.(npy|ndjson|bin)$/.exec(decodeURIComponent(path)) ?? [];
  if (ending === "ndjson" && folder === "simplified") return ndjson(name);
  if (ending === "bin" && folder === "binary") return binary(name);
  const file = join(source, `${name}.npy`);
  return folder === "numpy_bitmap" && existsSync(file) ? readFileSync(file) : null;
}

/** As Google's storage states it. @param {Buffer} body */
function statedHash(body) {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32c(0, body));
  return `crc32c=${crc.toString("base64")}, md5=${createHash("md5").update(body).digest("base64")}`;
}

before(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? "";
    const how = behaviour(path, asked.filter((earlier) => earlier.path === path).length) ?? {};
    asked.push({ path, range: request.headers.range });
    const body = how.body ?? fileOf(path);
    if (how.status || !body) return void response.writeHead(how.status ?? 404).end("<html>no</html>");
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    const start = how.ranges !== false && request.headers["if-range"] === etag ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
    if (start >= body.length) return void response.writeHead(416).end();
    /** @type {Record<string, string | number>} */
    const headers = { "content-length": body.length - start, "x-goog-hash": how.hash ?? statedHash(body) };
    if (how.ranges !== false) Object.assign(headers, { etag, "accept-ranges": "bytes" });
    if (start > 0) headers["content-range"] = `bytes ${start}-${body.length - 1}/${body.length}`;
    response.writeHead(start > 0 ? 206 : 200, headers);
    if (how.breakAt === undefined) return void response.end(body.subarray(start));
    response.write(body.subarray(start, how.breakAt));
    const breaking = setInterval(() => { // once they are on disk: what a socket holds when it breaks is lost
      if (!existsSync(how.part ?? "") || statSync(how.part ?? "").size < Number(how.breakAt)) return;
      clearInterval(breaking);
      response.destroy();
    }, 5);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  from = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
});
beforeEach(() => {
  asked = [];
  behaviour = () => undefined;
});
after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(scratch, { recursive: true });
});

const newFolder = () => join(scratch, `run-${runs++}`);
/** Runs the script without blocking the host. @param {string} into @param {...string} words @returns {Promise<{ code: number, stdout: string, stderr: string }>} */
const fetchInto = (into, ...words) =>
  new Promise((done) => {
    execFile(process.execPath, [join(root, "data/quickdraw.mjs"), "--from", from, "--into", into, ...words], (error, stdout, stderr) => done({ code: error ? Number(error.code) : 0, stdout, stderr }));
  });
/** @param {string} into @param {...string} words */
async function fetched(into, ...words) {
  const { code, stderr, stdout } = await fetchInto(into, ...words);
  assert.equal(code, 0, stderr);
  return stdout + stderr;
}
/** @param {string} into @param {string[]} words @param {...RegExp} expected */
async function refused(into, words, ...expected) {
  const { code, stderr } = await fetchInto(into, ...words);
  assert.equal(code, 1, stderr);
  for (const text of expected) assert.match(stderr, text);
}
/** Where what came so far is kept. @param {string} into @param {string} name */
const partOf = (into, name) => join(into, `bitmaps/.${name}.npy.part`);
/** @param {string} into @param {string} name */
const same = (into, name) => assert.ok(readFileSync(join(into, "bitmaps", `${name}.npy`)).equals(readFileSync(join(source, `${name}.npy`))), name);
/** @param {string} into */
const lockOf = (into) => JSON.parse(readFileSync(join(into, "lock.json"), "utf8"));
/** Rows of a .npy of bytes. @param {string} path @param {number} width */
function rowsOf(path, width) {
  const bytes = readFileSync(path);
  const data = bytes.subarray(10 + bytes.readUInt16LE(8));
  return Array.from({ length: data.length / width }, (_, i) => data.subarray(i * width, (i + 1) * width));
}
/** The images that a bundle holds, in its order. @param {string} bundle */
function imagesOf(bundle) {
  const [name] = readdirSync(bundle).filter((file) => file.startsWith("m."));
  const { chunks } = JSON.parse(readFileSync(join(bundle, name), "utf8"));
  const raw = Buffer.concat(chunks.filter((/** @type {any} */ { role }) => role === "images").map((/** @type {any} */ { file }) => inflateSync(readFileSync(join(bundle, file)).subarray(32))));
  return Array.from({ length: raw.length / 784 }, (_, i) => raw.subarray(i * 784, (i + 1) * 784));
}

test("the storage's CRC-32C is the standard's", () => {
  assert.equal(crc32c(0, Buffer.from("123456789")), 0xe3069283);
  assert.equal(crc32c(crc32c(0, Buffer.from("1234")), Buffer.from("56789")), 0xe3069283);
});

test("a download that breaks is gone on with by Range, recorded, and not fetched again", async () => {
  const into = newFolder();
  const size = readFileSync(join(source, "wine bottle.npy")).length;
  behaviour = (path, nth) => (path.includes("wine%20bottle") && nth === 0 ? { breakAt: size >> 1, part: partOf(into, "wine bottle") } : undefined);
  assert.match(await fetched(into, "wine bottle", "pear"), new RegExp(`wine bottle\\.npy: .*; going on after ${size >> 1} bytes`));
  const [first, second, ...more] = asked.filter(({ path }) => path === "/numpy_bitmap/wine%20bottle.npy");
  assert.equal(first.range, undefined);
  assert.equal(second.range, `bytes=${size >> 1}-`);
  assert.deepEqual(more, []);
  for (const name of ["pear", "wine bottle"]) {
    same(into, name);
    const bytes = readFileSync(join(source, `${name}.npy`));
    const { sha256, md5, bytes: length, url } = lockOf(into).files[`bitmaps/${name}.npy`];
    assert.deepEqual({ sha256, md5, length, url }, { sha256: createHash("sha256").update(bytes).digest("hex"), md5: createHash("md5").update(bytes).digest("base64"), length: bytes.length, url: `${from}/numpy_bitmap/${encodeURIComponent(name)}.npy` });
  }
  assert.deepEqual(lockOf(into).partial, {});
  assert.deepEqual(readdirSync(join(into, "bitmaps")).sort(), ["pear.npy", "wine bottle.npy"]);
  asked = [];
  assert.match(await fetched(into, "wine bottle", "pear"), /pear: is here already[^]*wine bottle: is here already/);
  assert.deepEqual(asked, [], "nothing is asked for once all is here");
});

test("a program that was stopped half-way is gone on with by the next", async () => {
  const into = newFolder();
  const size = readFileSync(join(source, "umbrella.npy")).length;
  behaviour = (_, nth) => (nth === 0 ? { breakAt: size >> 1, part: partOf(into, "umbrella") } : { status: 403 });
  await refused(into, ["umbrella"], /is not there/);
  behaviour = () => undefined;
  await fetched(into, "umbrella");
  assert.equal(asked.at(-1)?.range, `bytes=${size >> 1}-`);
  same(into, "umbrella");
});

test("a host without Range gives it all again; one whose file has changed since, the new one", async () => {
  const into = newFolder();
  const size = readFileSync(join(source, "pear.npy")).length;
  behaviour = (_, nth) => ({ ranges: false, ...(nth === 0 ? { breakAt: size >> 1, part: partOf(into, "pear") } : {}) });
  await fetched(into, "pear");
  assert.deepEqual(asked.map(({ range }) => range), [undefined, undefined]);
  same(into, "pear");
  const other = Buffer.concat([readFileSync(join(source, "apple.npy")).subarray(0, 5000)]);
  behaviour = (_, nth) => (nth === 0 ? { body: other, breakAt: 2500, part: partOf(into, "apple") } : undefined);
  await fetched(into, "apple");
  same(into, "apple");
});

test("what its host's checksums deny is refused and not kept", async () => {
  const into = newFolder();
  behaviour = () => ({ hash: `md5=${createHash("md5").update("another").digest("base64")}` });
  await refused(into, ["pear"], /bitmaps\/pear\.npy: damaged on the way: its md5 is/);
  behaviour = () => ({ hash: "crc32c=AAAAAA==" });
  await refused(into, ["pear"], /its crc32c is/);
  assert.deepEqual(readdirSync(join(into, "bitmaps")), []);
});

test("a file that is no longer what was recorded is fetched again, and a host's other file refused", async () => {
  const into = newFolder();
  await fetched(into, "pear");
  const path = join(into, "bitmaps/pear.npy");
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
  assert.match(await fetched(into, "pear"), /pear\.npy: is not what was recorded[^]*pear: fetched/);
  same(into, "pear");
  writeFileSync(path, bytes);
  behaviour = () => ({ body: bytes });
  await refused(into, ["pear"], /is not what was recorded first/, /lock\.json/);
  writeFileSync(join(into, "lock.json"), "{");
  await refused(into, ["pear"], /lock\.json: expected the checksums/);
});

test("a class that there is not, and a page in place of a file, are named; a host that is busy is asked again", async () => {
  const into = newFolder();
  await refused(into, ["pair"], /bitmaps\/pair\.npy: is not there: is its name written as/);
  behaviour = () => ({ body: Buffer.from("<!doctype html>") });
  await refused(into, ["pear"], /expected \.npy, found "<!doctype html>"/);
  await refused(into, ["../pear"], /cannot be the name of a class/);
  asked = [];
  behaviour = (_, nth) => (nth === 0 ? { status: 503 } : undefined);
  assert.match(await fetched(into, "pear"), /the host answers 503/);
  same(into, "pear");
});

test("the network's classes are packed as they are: the ancestor's test split, row by row in torch's order", async () => {
  const into = newFolder();
  const bundle = join(into, "bundle");
  const names = readdirSync(source).filter((name) => name.endsWith(".npy")).map((name) => name.slice(0, -4)).sort();
  const said = await fetched(into, "--test-split", "--per-class", `${PER_CLASS}`, "-o", bundle, "--", "--title", "The split");
  const samples = PER_CLASS * names.length;
  assert.match(said, new RegExp(`${samples / 5} of ${samples} rows`));
  const rows = join(scratch, "rows.npy");
  assert.equal(spawnSync(ntrace, ["split", "--samples", `${samples}`, "--last", `${samples / 5}`, "-o", rows]).status, 0);
  const wanted = rowsOf(rows, 4).map((row) => row.readUInt32LE(0));
  const images = imagesOf(bundle);
  assert.equal(images.length, wanted.length);
  const all = names.flatMap((name) => rowsOf(join(source, `${name}.npy`), 784).slice(0, PER_CLASS));
  images.forEach((image, i) => assert.ok(image.equals(all[wanted[i]]), `sample ${i} is row ${wanted[i]}`));
  assert.match(spawnSync(ntrace, ["verify", bundle], { encoding: "utf8" }).stdout, /all good/);
  await refused(into, ["--test-split", "-o", bundle], /expected at least 100000 sketches for the split, found/);
});

test("the split itself is torch's, at its real size", { skip: existsSync(torch) ? false : "python3-torch is not installed; tests/reference/permutation.json holds what it gave" }, () => {
  const rows = join(scratch, "real.npy");
  assert.equal(spawnSync(ntrace, ["split", "--samples", "1500000", "--last", "300000", "--seed", "0", "-o", rows]).status, 0);
  const script = "import sys, numpy, torch; torch.manual_seed(0); sys.exit(not (torch.randperm(1500000)[-300000:].numpy() == numpy.load(sys.argv[1])).all())";
  assert.equal(spawnSync("/usr/bin/python3", ["-c", script, rows]).status, 0);
});

test("strokes come as text or packed; where the network does not know their classes, one is trained", async () => {
  const into = newFolder();
  const bundle = join(into, "bundle");
  await fetched(into, "--form", "binary", "pear");
  assert.ok(readFileSync(join(into, "binary/pear.bin")).equals(binary("pear")));
  assert.match(await fetched(into, "--form", "strokes", "pear", "apple", "-o", bundle), /knows other classes/);
  assert.ok(readFileSync(join(into, "strokes/apple.ndjson")).equals(ndjson("apple")));
  assert.match(spawnSync(ntrace, ["verify", bundle], { encoding: "utf8" }).stdout, /120 samples, 14 layers: all good/);
  assert.deepEqual(readdirSync(into).sort(), ["binary", "bundle", "lock.json", "strokes", "weights.safetensors"], "nothing else is left");
});
