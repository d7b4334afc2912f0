/** The folder to deploy on hosts with habits: any sub-path, any MIME type, everything compressed, no lengths, a page in place of what is missing. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { checkSite } from "../../web/hosts/check.js";
import { launch, ntrace, openPage, siteFolder, testBundleFolder } from "./browser.mjs";
import { traceOf } from "./one_trace.mjs";

const TRACE = "#/trace?sample=123&from=3&to=12&k=40";
/** What no host can call otherwise: browsers run no module and use no sheet under another name. @type {Record<string, string>} */
const TYPES = { ".html": "text/html", ".js": "application/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/**
 * @typedef {object} Habits
 * @property {string} [at] the folder's address on the host
 * @property {string} [otherType] MIME type of all that browsers do not insist on; none where it is empty
 * @property {boolean} [compresses] everything, chunks too
 * @property {boolean} [withoutLengths]
 * @property {boolean} [pageForMissing] index.html with status 200
 * @property {Record<string, string>} [headers]
 * @property {string} [scriptType] MIME type of scripts, which browsers insist on
 */

const scratch = mkdtempSync(join(tmpdir(), "ntrace-hosts-"));
const folder = join(scratch, "site");
/** @type {any} */
let browser;
/** What a plain host's page shows. @type {Awaited<ReturnType<typeof traceOf>>} */
let plain;

before(async () => {
  const { status, stderr } = spawnSync(ntrace, ["site", testBundleFolder, "-o", folder], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  browser = await launch();
  plain = await onHost({}, (url, page) => traceOf(page, url + TRACE));
  assert.ok(plain.places.length >= 40);
});
after(async () => {
  await browser?.close();
  rmSync(scratch, { recursive: true });
});

/** @param {Habits} habits @param {string} [root] */
function host({ at = "/", otherType = "application/octet-stream", compresses, withoutLengths, pageForMissing, headers = {}, scriptType }, root = folder) {
  return createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const inside = path.startsWith(at) ? path.slice(at.length) || "index.html" : "";
    const isThere = inside !== "" && existsSync(join(root, inside)) && statSync(join(root, inside)).isFile();
    if (!isThere && !pageForMissing) return void response.writeHead(404, { "content-type": "text/html" }).end(readFileSync(join(root, "404.html")));
    const file = isThere ? inside : "index.html";
    const type = (extname(file) === ".js" ? scriptType : undefined) ?? TYPES[extname(file)] ?? otherType;
    const body = compresses ? gzipSync(readFileSync(join(root, file)), { level: 1 }) : readFileSync(join(root, file));
    response.writeHead(200, { ...headers, ...(type ? { "content-type": type } : {}), ...(compresses ? { "content-encoding": "gzip" } : {}), ...(withoutLengths ? {} : { "content-length": body.length }) });
    response.write(body.subarray(0, body.length >> 1));
    response.end(body.subarray(body.length >> 1));
  });
}

/**
 * @template T @param {Habits} habits
 * @param {(url: string, page: any, opened: { requests: string[], problems: string[] }) => Promise<T>} use @param {string} [root]
 */
async function onHost(habits, use, root) {
  const server = host(habits, root);
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const { page, close, ...opened } = await openPage(browser);
  try {
    return await use(`http://localhost:${port}${encodeURI(habits.at ?? "/")}`, page, opened);
  } finally {
    await close();
    server.close();
    server.closeAllConnections();
  }
}

/** @type {[string, Habits][]} */
const HOSTS = [
  ["at a sub-path with spaces and accents, which gives WebAssembly out as text", { at: "/a folder/trâces/", otherType: "text/plain; charset=utf-8" }],
  ["which compresses everything and states no lengths", { compresses: true, withoutLengths: true }],
  ["which names no types that it does not know, and gives its page for what is missing", { otherType: "", pageForMissing: true }],
  ["which forbids guessing at types, and keeps everything for ever", { otherType: "application/x-unknown", headers: { "x-content-type-options": "nosniff", "cache-control": "public, max-age=31536000, immutable" } }],
];
for (const [which, habits] of HOSTS) {
  test(`on a host ${which}, the page draws what it draws elsewhere`, async () => {
    await onHost(habits, async (url, page, { requests, problems }) => {
      assert.deepEqual(await traceOf(page, url + TRACE), plain);
      assert.deepEqual(requests.filter((asked) => !asked.startsWith(url) && !/^(data|blob):/.test(asked)), [], "nothing outside its folder is asked for");
      assert.deepEqual(problems, []);
    });
  });
}

/** @type {[string, Habits, string][]} */
const REFUSED = [
  ["which calls scripts text, so that no browser runs them", { scriptType: "text/plain" }, ""],
  ["which gives the page under an address without its last slash", { at: "/traces/", pageForMissing: true }, "../traces"],
];
for (const [which, habits, path] of REFUSED) {
  test(`on a host ${which}, the reader is told in words`, async () => {
    await onHost(habits, async (url, page) => {
      await page.goto(new URL(path, url).href);
      await page.waitForSelector("html[data-state=error]");
      assert.match(await page.locator("[data-error]:visible").first().innerText(), /script could not be fetched/);
    });
  });
}

test("where a host gives its page for a bundle that is not there, the reader is told in words", async () => {
  const bare = join(scratch, "bare");
  cpSync(folder, bare, { recursive: true, filter: (path) => !path.startsWith(join(folder, "bundle")) });
  await onHost(
    { pageForMissing: true },
    async (url, page) => {
      await page.goto(url);
      await page.waitForSelector("html[data-state=error]");
      assert.match(await page.locator("[data-error]:visible").first().innerText(), /current\.json/);
    },
    bare,
  );
});

test("a wrong address leads to a page that leads back, in its own colours and without a script", async () => {
  await onHost({ at: "/deep/" }, async (url, page, { problems }) => {
    const answer = await page.goto(`${url}trace`);
    assert.equal(answer.status(), 404);
    await page.getByRole("link").click();
    await page.waitForURL(url);
    await page.waitForSelector("html[data-state=ready]");
    assert.deepEqual(problems.filter((problem) => !/404/.test(problem)), [], "its policy allows its own style");
  });
});

test("the folder keeps to what every host takes: sizes, names, relative addresses", async () => {
  assert.deepEqual((await checkSite(folder)).problems, []);
  assert.deepEqual((await checkSite(siteFolder)).problems, []);
  const spoiled = join(scratch, "spoiled");
  mkdirSync(spoiled);
  cpSync(folder, spoiled, { recursive: true });
  writeFileSync(join(spoiled, "large.bin"), Buffer.alloc(16 * 2 ** 20 + 1));
  writeFileSync(join(spoiled, "what?.txt"), "");
  writeFileSync(join(spoiled, "other.html"), '<a href="https://example.org/">read</a> <a href="/top">top</a> <script src="https://example.org/a.js"></script> <img src="still/a.svg">');
  writeFileSync(join(spoiled, "other.css"), "a { background: url(/picture.png) } b { background: url(data:image/png;base64,) }");
  rmSync(join(spoiled, "404.html"));
  const { problems } = await checkSite(spoiled);
  assert.deepEqual(problems.map((problem) => problem.split(" ").slice(0, 2).join(" ")).sort(), ["404.html is", "large.bin: 16777217", "other.css: /picture.png", "other.html: /top", "other.html: https://example.org/a.js", "what?.txt: expected"].sort());
});

test("what never changes under its name is what _headers has kept for ever", () => {
  const kept = [...readFileSync(join(folder, "_headers"), "utf8").matchAll(/^\/(\S+)\/\*\n {2}Cache-Control: .*immutable/gm)].map(([, below]) => below);
  assert.deepEqual(kept, ["code", "bundle/c"]);
  for (const name of readdirSync(join(folder, "code"))) assert.match(name, /^[0-9a-f]{16}$/);
  for (const name of readdirSync(join(folder, "bundle/c"))) assert.match(name, /^[0-9a-f]{32}\.bin$/);
});
