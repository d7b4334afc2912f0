/** Workers that crash, hang, run out of memory or never start: each is replaced, and what was asked of it is answered all the same. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";

import { NtraceError } from "../../wasm/errors.js";
import { digestHere, sha256 } from "../../wasm/sha256.js";
import { connectPair } from "../../wasm/workers.js";

/** @typedef {(method: string, answer: (message: object) => void, die: () => void) => void} Behaviour */

/**
 * Workers in this thread: the n-th behaves as the n-th behaviour says, those after the last one well. A behaviour that does nothing
 * hangs: not even a ping is answered.
 * @param {Behaviour[]} behaviours
 */
function workers(behaviours) {
  /** @type {{ methods: string[], requests: any[], terminated: boolean }[]} */
  const made = [];
  const start = () => {
    const behave = behaviours[made.length] ?? well;
    const log = { methods: /** @type {string[]} */ ([]), requests: /** @type {any[]} */ ([]), terminated: false };
    made.push(log);
    let stuck = false;
    const worker = {
      onmessage: /** @type {any} */ (null),
      onerror: /** @type {any} */ (null),
      terminate: () => void (log.terminated = true),
      postMessage(/** @type {any} */ { ping, cancel, id, method, request }) {
        const tell = (/** @type {object} */ message) => queueMicrotask(() => !log.terminated && worker.onmessage({ data: message }));
        if (cancel !== undefined) return;
        if (ping !== undefined) return void (stuck || tell({ pong: ping }));
        log.methods.push(method);
        log.requests.push(request);
        let said = false;
        behave(
          method,
          (message) => ((said = true), tell({ id, ...message })),
          () => ((said = true), queueMicrotask(() => !log.terminated && worker.onerror({ message: "" }))),
        );
        if (!said) stuck = true;
      },
    };
    return /** @type {any} */ (worker);
  };
  return { made, start };
}

const OPENED = { url: "http://bundle.test/", version: { manifest: "m.0.json" }, models: [], engine: { variant: "simd" } };
/** @type {Behaviour} */
const well = (method, answer) => answer({ result: method === "open" ? OPENED : `${method} answered` });
/** Opens, then fails in this way. @param {Behaviour} fail @returns {Behaviour} */
const opensThen = (fail) => (method, answer, die) => (method === "open" ? well(method, answer, die) : fail(method, answer, die));
/** @param {string} code */
const says = (code) => opensThen((_, answer) => answer({ error: { code, message: `${code} it is`, hint: "-" } }));
const hangs = opensThen(() => {});
const dies = opensThen((_, __, die) => die());

/** @param {Behaviour[]} behaviours */
async function open(behaviours, patience = 500) {
  const { made, start } = workers(behaviours);
  /** @type {NtraceError[]} */
  const losses = [];
  const pair = connectPair({ ways: [start], patience, onRecovered: (loss) => losses.push(loss) });
  await pair.open({ url: "http://bundle.test" }, {});
  return { pair, made, losses };
}

for (const [what, fault, words] of /** @type {const} */ ([
  ["that has trapped", says("crashed"), /crashed it is/],
  ["that is out of memory", says("memory"), /memory it is/],
  ["that hangs", hangs, /has not answered for 0\.5 seconds/],
  ["that has ended", dies, /worker failed/],
])) {
  test(`a worker ${what} is replaced by one that opens the same bundle, and the call is answered`, async () => {
    const { pair, made, losses } = await open([fault]);
    assert.equal(await pair.call("trace", { sample: 1 }), "trace answered");
    assert.deepEqual(made.map(({ terminated }) => terminated), [true, false]);
    assert.deepEqual(made[1].requests, [{ url: "http://bundle.test", version: OPENED.version, model: undefined, variant: "simd", delegates: true }, { sample: 1 }]);
    assert.equal(losses.length, 1);
    assert.match(losses[0].message, words);
    pair.end(new NtraceError("cancelled", "done"));
  });
}

test("calls that were under way beside the one that failed are answered too", async () => {
  const { pair, made, losses } = await open([opensThen((method, answer) => setTimeout(() => method === "trace" && answer({ error: { code: "memory", message: "full" } })))]);
  assert.deepEqual(await Promise.all(["images", "trace", "summary"].map((method) => pair.call(method, {}))), ["images answered", "trace answered", "summary answered"]);
  assert.deepEqual([made.length, losses.length], [2, 1]);
});

test("a call that costs every worker is given up after the second, and others go on", async () => {
  const { pair, made } = await open([says("crashed"), says("crashed")]);
  await assert.rejects(pair.call("trace", {}), { code: "crashed" });
  assert.equal(made.length, 2);
  assert.equal(await pair.call("images", {}), "images answered");
  assert.equal(made.length, 3);
});

test("what a worker refuses in words costs it nothing", async () => {
  const { pair, made, losses } = await open([says("missing")]);
  await assert.rejects(pair.call("trace", {}), { code: "missing" });
  assert.deepEqual([made.length, losses.length], [1, 0]);
});

test("the far worker is replaced as well", async () => {
  const near = opensThen((_, answer) => answer({ elsewhere: true }));
  const { pair, made, losses } = await open([near, hangs]);
  assert.equal(await pair.call("graph", {}), "graph answered");
  assert.deepEqual(made.map(({ terminated }) => terminated), [false, true, false]);
  assert.equal(losses.length, 1);
  pair.end(new NtraceError("cancelled", "done"));
});

test("a call cancelled while the engine hangs ends at once", async () => {
  const { pair } = await open([hangs], 60000);
  const control = new AbortController();
  const asked = pair.call("trace", {}, { signal: control.signal });
  setTimeout(() => control.abort(), 10);
  await assert.rejects(asked, { code: "cancelled" });
  pair.end(new NtraceError("cancelled", "done"));
});

test("a worker that never starts is started in the second way, and told of in words where that fails too", async () => {
  const silent = workers(Array(3).fill(() => {}));
  const good = workers([]);
  const second = connectPair({ ways: [silent.start, good.start] });
  const never = connectPair({ ways: [silent.start, silent.start] });
  const [opened] = await Promise.all([second.open({ url: "http://bundle.test" }, {}), assert.rejects(never.open({ url: "http://bundle.test" }, {}), { code: "crashed", message: /has not started within 4 seconds/ })]);
  assert.equal(opened.url, OPENED.url);
  assert.equal(await second.call("trace", {}), "trace answered");
});

test("SHA-256 without the browser's help equals that of OpenSSL, at every length around a block and on megabytes", async () => {
  for (const length of [...Array(130).keys(), 1000, 1 << 20]) {
    const bytes = randomBytes(length);
    const expected = createHash("sha256").update(bytes).digest("hex");
    assert.equal(Buffer.from(digestHere(bytes)).toString("hex"), expected);
    assert.equal(await sha256(bytes), expected);
  }
});
