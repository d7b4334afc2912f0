/** Every file of a bundle, failing in every way a host can fail: words within ten seconds, and a second try that works. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { openEngine } from "../../wasm/engine.js";
import { NtraceError } from "../../wasm/errors.js";
import { createSource } from "../../wasm/source.js";
import { bundleFolder, startCore } from "./bundle.mjs";
import { HARMFUL, HARMLESS, serveFaulty } from "./faulty.mjs";

const SECONDS = 10;
const REQUEST = { sample: 4, from: 0, to: 9, k: 25 };

/** @type {unknown[]} */
const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

/** @type {Awaited<ReturnType<typeof serveFaulty>>} */
let server;
/** Files by what they are. @type {Record<string, RegExp>} */
let what;
before(async () => {
  const { manifest } = JSON.parse(await readFile(join(bundleFolder, "current.json"), "utf8"));
  const { chunks, layers } = JSON.parse(await readFile(join(bundleFolder, manifest), "utf8"));
  /** @param {string} role */
  const files = (role) => new RegExp(chunks.filter((/** @type {any} */ chunk) => chunk.role === role && (role !== "codes" || chunk.layer === layers[9].codes)).map((/** @type {any} */ { file }) => file.replace(".", "\\.")).join("|"));
  what = { current: /current\.json/, manifest: /m\.[0-9a-f]+\.json/ };
  for (const role of ["samples", "images", "codes", "weights", "stability"]) what[role] = files(role);
  server = await serveFaulty(bundleFolder, what);
});
after(() => server?.close());

/** Opens and asks for what takes every kind of file. @param {string} address */
async function use(address) {
  const engine = await openEngine(await startCore("simd"), createSource(address));
  const { head } = await engine.trace(REQUEST);
  await engine.need("stability", 0, "stability", {});
  assert.equal(head.exact, true);
}

test("every file of a bundle, failing in every way: words in ten seconds or success, and the second try works", async () => {
  let told = 0;
  /** @param {string[]} faults */
  const all = (faults) => Promise.all(Object.keys(what).flatMap((name) => faults.map((fault) => one(name, fault))));
  /** @param {string} name @param {string} fault */
  async function one(name, fault) {
    const address = server.addressOf(fault, name);
    const error = await use(address).then(
      () => null,
      (thrown) => thrown,
    );
    const seconds = (performance.now() - server.metAt(fault, name)) / 1000;
    if (HARMLESS.includes(fault)) return assert.equal(error, null, `${name}, ${fault}: ${error}`);
    assert.ok(error instanceof NtraceError, `${name}, ${fault}: ${error}`);
    assert.ok(error.message.length > 30 && error.hint.length > 10, `${name}, ${fault}: ${error.message} ${error.hint}`);
    assert.ok(seconds < SECONDS, `${name}, ${fault}: ${seconds} s`);
    told++;
    server.heal(fault, name);
    await use(address);
  }
  await all(["stall"]); // alone: they take their time by the clock
  for (const fault of [...HARMFUL, ...HARMLESS]) if (fault !== "stall") await all([fault]);
  assert.equal(told, Object.keys(what).length * HARMFUL.length);
  assert.deepEqual(unhandled, []);
});

test("each fault has its own words", async () => {
  const words = {
    404: /missing: its server answers 404/, 403: /answers 403/, 429: /answers 429/, 500: /answers 500/, reset: /the connection failed/,
    stall: /no answer within 4 seconds/, half: /the connection failed/, html: /its server answers with a web page instead/,
  };
  const hints = { 403: /does not give this file away/, 429: /asked too often/, 500: /try again later/ };
  const fresh = await serveFaulty(bundleFolder, what);
  try {
    await Promise.all(
      Object.entries(words).map(async ([fault, expected]) => {
        const error = await openEngine(await startCore("scalar"), createSource(fresh.addressOf(fault, "samples"))).catch((thrown) => thrown);
        assert.match(error.message, expected);
        assert.match(error.message, /c\/[0-9a-f]{32}\.bin/, "the file is named");
        if (fault in hints) assert.match(error.hint, /** @type {any} */ (hints)[fault]);
      }),
    );
  } finally {
    fresh.close();
  }
});
