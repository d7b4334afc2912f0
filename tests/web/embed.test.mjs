/** The npm package: its size, its API in Node.js, its element on pages of others, as their authors would put it there. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { serve } from "../../web/serve.js";
import { launch, openPage, screenshotFolder, testBundleFolder, violations } from "./browser.mjs";

/** @typedef {import("../../web/embed/neighborhood-trace.js").NeighborhoodTrace & { sample: number, to: number, k: number }} Embedded */

const root = fileURLToPath(new URL("../../", import.meta.url));
const built = join(root, "build/package");
const scratch = mkdtempSync(join(tmpdir(), "ntrace-embed-"));
const LIMIT = 200_000;
const CHOICE = { sample: 12, from: 0, to: 13, k: 50 };

/** @type {any} */
let browser;
/** The package and a bundle, on a host that lets other sites read it. @type {Awaited<ReturnType<typeof serve>>} */
let site;
/** A site of somebody else's: what it serves, and with which policy. */
const host = { url: "", html: "", policy: "", close: () => {} };

before(async () => {
  const folder = join(scratch, "host");
  cpSync(built, folder, { recursive: true });
  cpSync(testBundleFolder, join(folder, "bundle"), { recursive: true });
  [browser, site] = await Promise.all([launch(), serve(folder, 0, undefined, undefined, { "access-control-allow-origin": "*" })]);
  const server = createServer((_, response) => {
    const policy = host.policy && { "content-security-policy": host.policy };
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...policy }).end(host.html);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  host.url = `http://localhost:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/`;
  host.close = () => (server.close(), server.closeAllConnections());
});
after(async () => {
  await browser?.close();
  site?.close();
  host.close();
  rmSync(scratch, { recursive: true });
});

/** An example of the package's, with our host in the place of the author's. @param {string} name */
const example = (name) => readFileSync(join(built, "examples", name), "utf8").replaceAll("https://traces.example/", site.url);
/** A page of somebody else's, with the element's script. @param {string} body */
const pageWith = (body) => `<!doctype html><html lang="en"><title>Elsewhere</title><script type="module" src="${site.url}embed/neighborhood-trace.js"></script><main><h1>Elsewhere</h1>${body}</main>`;
/** @param {string} [more] attributes */
const tag = (more = "") => `<neighborhood-trace src="${site.url}bundle/" sample="12" from="0" to="13" k="50" ${more}></neighborhood-trace>`;

/**
 * Opens what the other site serves, and asserts that nothing went wrong in it and nobody else was asked.
 * @param {string} html @param {(page: any, problems: string[]) => Promise<void>} use @param {{ policy?: string, context?: object }} [options]
 */
async function elsewhere(html, use, { policy = "", context } = {}) {
  Object.assign(host, { html, policy });
  const { page, requests, problems, close } = await openPage(browser, context);
  try {
    await page.goto(host.url);
    await use(page, problems);
    assert.deepEqual(problems, []);
    const strangers = requests.filter((url) => ![host.url, site.url, "blob:", "data:"].some((known) => url.startsWith(known)) && !url.endsWith("/favicon.ico"));
    assert.deepEqual(strangers, []);
  } finally {
    await close();
  }
}

/** Until an element of a page or frame shows an exact trace as chosen. @param {any} page @param {object} [choice] @param {number} [at] */
const drawn = (page, choice = {}, at = 0) =>
  page.waitForFunction(
    (/** @type {[object, number]} */ [choice, at]) => {
      const { trace } = /** @type {Embedded} */ (document.querySelectorAll("neighborhood-trace")[at] ?? {});
      return trace?.exact && Object.entries(choice).every(([name, value]) => /** @type {any} */ (trace)[name] === value);
    },
    [{ ...CHOICE, ...choice }, at],
  );

/** The nearest neighbours as the command line finds them. @param {number} layer @param {typeof CHOICE} [choice] */
function asked(layer, { sample, k } = CHOICE) {
  const { status, stdout, stderr } = spawnSync(join(root, "build/ntrace"), ["query", testBundleFolder, "--sample", `${sample}`, "--layer", `${layer}`, "-k", `${k}`], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout.trim().split("\n").map((line) => Number(line.split("\t")[1]));
}
const keptByNative = () => asked(13).filter((sample) => asked(0).includes(sample)).length;

/** @param {string} folder @returns {string[]} */
const filesBelow = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));

test("scripts and WebAssembly of the package are at most 200 KB, gzipped", () => {
  const files = filesBelow(built).filter((path) => /\.(js|wasm)$/.test(path) && !path.includes("examples"));
  assert.ok(files.some((path) => path.endsWith(".wasm")) && files.length >= 5);
  const bytes = files.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0);
  console.log(`the package's scripts and WebAssembly, gzipped: ${bytes} bytes of ${LIMIT}`);
  assert.ok(bytes <= LIMIT, `${bytes} bytes`);
});

test("a plain page embeds it with one script tag, under a policy that allows no inline style and no other host, and hears of the trace", async () => {
  const origin = site.url.slice(0, -1);
  const policy = `default-src 'none'; script-src ${origin} 'unsafe-inline' 'wasm-unsafe-eval'; worker-src blob: ${origin}; connect-src ${origin}; img-src blob: data:; style-src 'none'`;
  await elsewhere(example("plain.html"), async (page) => {
    await drawn(page);
    assert.equal(await page.locator("#kept").innerText(), `${keptByNative()} of 50`);
    const union = new Set([...asked(0), ...asked(13)]);
    assert.equal(await page.locator("neighborhood-trace .point[data-sample]").count(), union.size);
    assert.match(await page.locator(".summary-headline").innerText(), /^Of the 50 /);
  }, { policy });
});

test("the cell of an Observable notebook returns the element, which ends its engine when the notebook takes it away", () =>
  elsewhere(pageWith(""), async (page) => {
    const source = example("observable.js");
    await page.evaluate(async (/** @type {string} */ module) => {
      const { trace } = await import(URL.createObjectURL(new Blob([module], { type: "text/javascript" })));
      document.body.append(await trace({ sample: 12 }));
      /** @type {any} */ (globalThis).again = trace;
    }, source);
    await drawn(page);
    assert.equal(page.workers().length, 1);
    await page.evaluate(async () => document.querySelector("neighborhood-trace")?.replaceWith(await /** @type {any} */ (globalThis).again({ sample: 7, k: 20 })));
    await drawn(page, { sample: 7, k: 20 });
    await page.evaluate(() => document.querySelector("neighborhood-trace")?.remove());
    await until(() => page.workers().length === 0);
  }));

test("a Jupyter output shows it: in the notebook's own document, and in a sandboxed frame without an origin", async () => {
  const notebook = JSON.parse(example("jupyter.ipynb"));
  const cell = notebook.cells.find((/** @type {any} */ { cell_type }) => cell_type === "code");
  const output = cell.outputs[0].data["text/html"].join("");
  assert.ok(cell.source.join("").includes(output), "the output is what the cell prints");

  // As JupyterLab renders text/html: as markup, its scripts put in anew so that they run.
  await elsewhere("<!doctype html><title>Notebook</title><div id=output></div>", async (page) => {
    await page.evaluate((/** @type {string} */ html) => {
      const place = /** @type {HTMLElement} */ (document.querySelector("#output"));
      place.innerHTML = html;
      for (const script of place.querySelectorAll("script")) {
        const anew = document.createElement("script");
        for (const { name, value } of script.attributes) anew.setAttribute(name, value);
        script.replaceWith(anew);
      }
    }, output);
    await drawn(page);
  });

  const escaped = output.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  await elsewhere(`<!doctype html><title>Notebook</title><iframe title="Output" width="900" height="900" sandbox="allow-scripts" srcdoc="${escaped}"></iframe>`, async (page) => {
    const frame = page.frames()[1];
    await drawn(frame);
    assert.equal(await frame.evaluate(() => globalThis.origin), "null");
  });
});

test("it follows its attributes, and writes what the reader chooses with the keyboard back into them, with an event", () =>
  elsewhere(pageWith(tag()), async (page) => {
    await drawn(page);
    await page.evaluate(() => {
      const element = /** @type {Embedded} */ (document.querySelector("neighborhood-trace"));
      /** @type {any} */ (globalThis).heard = [];
      document.addEventListener("change", (event) => /** @type {any} */ (globalThis).heard.push(/** @type {CustomEvent} */ (event).detail));
      element.setAttribute("sample", "31");
      element.to = 5;
    });
    await drawn(page, { sample: 31, to: 5 });
    const heard = () => page.evaluate(() => /** @type {any} */ (globalThis).heard);
    assert.deepEqual(await heard(), [], "what the page chose is no news to it");

    await page.locator('.point[tabindex="0"]').focus();
    await page.keyboard.press("ArrowRight");
    const next = Number(await page.locator(".point:focus").getAttribute("data-sample"));
    await page.keyboard.press("Enter");
    await drawn(page, { sample: next, to: 5 });
    assert.equal(await page.locator("neighborhood-trace").getAttribute("sample"), `${next}`);
    assert.deepEqual((await heard()).at(-1), { sample: next, from: 0, to: 5, k: 50 });
    await page.locator('[data-layer-to="5"]').focus();
    await page.keyboard.press("ArrowDown");
    await drawn(page, { sample: next, to: 6 });
    assert.equal((await heard()).length, 2);
  }));

test("several on one page share one engine, live apart, survive being moved, and leave nothing behind", () =>
  elsewhere(pageWith(tag() + tag('theme="dark"')), async (page) => {
    await Promise.all([drawn(page), drawn(page, {}, 1)]);
    assert.equal(page.workers().length, 1);
    await page.evaluate(() => document.querySelectorAll("neighborhood-trace")[1].setAttribute("k", "20"));
    await drawn(page, { k: 20 }, 1);
    await drawn(page);
    const papers = await page.locator("neighborhood-trace").evaluateAll((/** @type {Element[]} */ all) => all.map((element) => getComputedStyle(element).backgroundColor));
    assert.notEqual(papers[0], papers[1]);

    const isSame = await page.evaluate(async () => {
      const [element] = /** @type {Embedded[]} */ ([...document.querySelectorAll("neighborhood-trace")]);
      const { bundle } = element;
      document.body.prepend(element);
      await new Promise((done) => setTimeout(done));
      return element.bundle === bundle && element.trace !== null;
    });
    assert.ok(isSame, "a moved element goes on as it was");
    await page.evaluate(() => document.querySelectorAll("neighborhood-trace").forEach((element) => element.remove()));
    await until(() => page.workers().length === 0);
  }));

test("what goes wrong is said in words, in the element and in an event, and putting it right is enough", () =>
  elsewhere(pageWith(`<neighborhood-trace></neighborhood-trace>`), async (page, problems) => {
    const notice = page.locator("neighborhood-trace [data-notice-text]");
    /** @param {RegExp} words */
    const says = async (words) => {
      await page.waitForFunction((/** @type {string} */ source) => new RegExp(source).test(document.querySelector("neighborhood-trace")?.shadowRoot?.querySelector("[data-notice-text][data-error]")?.textContent ?? ""), words.source);
      assert.ok(await notice.isVisible());
    };
    await says(/no address of a bundle/);
    const told = await page.evaluate((/** @type {string} */ url) => new Promise((done) => {
      const element = /** @type {Embedded} */ (document.querySelector("neighborhood-trace"));
      element.addEventListener("error", (event) => done(/** @type {any} */ (event).detail.code), { once: true });
      element.setAttribute("src", `${url}nowhere/`);
    }), site.url);
    assert.equal(told, "missing");
    await says(/current\.json is missing/);
    problems.splice(0); // the browser reports the missing file, too
    await page.evaluate((/** @type {string} */ url) => {
      const element = /** @type {Element} */ (document.querySelector("neighborhood-trace"));
      element.setAttribute("sample", "9999");
      element.setAttribute("src", `${url}bundle/`);
    }, site.url);
    await says(/sample="9999" is not in this bundle/);
    assert.match(await page.locator("[data-notice-hint]").innerText(), /from 0 to 599/);
    await page.evaluate(() => document.querySelector("neighborhood-trace")?.setAttribute("sample", "12"));
    await page.waitForFunction(() => /** @type {Embedded} */ (document.querySelector("neighborhood-trace")).trace?.exact);
    assert.ok(await notice.isHidden());
    await page.evaluate(() => document.querySelector("neighborhood-trace")?.setAttribute("to", "here"));
    await says(/to="here" is not in this bundle/);
    await page.evaluate(() => document.querySelector("neighborhood-trace")?.setAttribute("to", "4"));
    await page.waitForFunction(() => /** @type {Embedded} */ (document.querySelector("neighborhood-trace")).trace?.to === 4);
    await notice.waitFor({ state: "hidden" });
  }));

test("axe finds nothing, light and dark, wide and narrow; a phone's page does not scroll sideways, and a touch travels", () =>
  elsewhere(pageWith(tag()), async (page) => {
    await drawn(page);
    mkdirSync(screenshotFolder, { recursive: true });
    for (const [width, theme] of /** @type {const} */ ([[1280, "light"], [800, "dark"], [360, "light"], [360, "dark"]])) {
      await page.setViewportSize({ width, height: 900 });
      await page.evaluate((/** @type {string} */ theme) => document.querySelector("neighborhood-trace")?.setAttribute("theme", theme), theme);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      assert.equal(await page.locator("neighborhood-trace .trace-board").evaluate((/** @type {Element} */ board) => getComputedStyle(board).display), width < 720 ? "flex" : "grid");
      assert.deepEqual(await violations(page), []);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} wide`);
      await page.screenshot({ path: join(screenshotFolder, `embed-${width}-${theme}.png`), fullPage: true });
    }
    const point = page.locator(".point[data-sample]").nth(3);
    await point.scrollIntoViewIfNeeded();
    const sample = Number(await point.getAttribute("data-sample"));
    const box = await point.boundingBox();
    await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
    await page.waitForFunction(() => /** @type {Embedded} */ (document.querySelector("neighborhood-trace")).sample !== 12);
    await page.waitForFunction(() => /** @type {Embedded} */ (document.querySelector("neighborhood-trace")).trace?.exact);
    assert.equal(await page.evaluate(() => /** @type {Embedded} */ (document.querySelector("neighborhood-trace")).sample), sample);
  }, { context: { hasTouch: true } }));

test("installed from the tarball it is a module with types: Node.js opens a bundle, and a page of the project shows the element", async () => {
  const project = join(scratch, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "project", "private": true, "type": "module" }');
  const tarball = readdirSync(join(root, "build")).find((name) => /^neighborhood-traces-.*\.tgz$/.test(name));
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(root, "build", String(tarball))], project);

  writeFileSync(join(project, "ask.mjs"), `
    import { openBundle, NtraceError } from "neighborhood-traces";
    import { NeighborhoodTrace } from "neighborhood-traces/element";
    const answers = [];
    for (const address of [process.argv[2], process.argv[3]]) {
      const bundle = await openBundle(address);
      const { index, exact } = await bundle.neighbors({ sample: 12, layer: 13, k: 50 });
      const { overlap } = await bundle.trace({ sample: 12, from: 0, to: 13, k: 50 });
      answers.push({ index: [...index], exact, overlap });
      bundle.close();
    }
    const code = await openBundle("nowhere").catch((error) => error instanceof NtraceError && error.code);
    console.log(JSON.stringify({ answers, code, element: typeof NeighborhoodTrace }));`);
  const { answers, code, element } = JSON.parse(await run(process.execPath, ["ask.mjs", testBundleFolder, `${site.url}bundle/`], project));
  for (const answer of answers) assert.deepEqual(answer, { index: asked(13), exact: true, overlap: keptByNative() });
  assert.equal(answers.length, 2);
  assert.equal(code, "missing");
  assert.equal(element, "function");

  writeFileSync(join(project, "typed.ts"), `
    import { openBundle, type Trace } from "neighborhood-traces";
    import { neighborhoodTrace } from "neighborhood-traces/element";
    const element = neighborhoodTrace({ src: "bundle/", sample: 1 });
    element.addEventListener("trace", ({ detail }) => { const trace: Trace = detail; element.k = trace.k; });
    const named: Promise<string> = openBundle("bundle/").then((bundle) => bundle.manifest.classes[0]);
    // @ts-expect-error a sample is a number
    neighborhoodTrace({ src: "bundle/", sample: "first" });
    export { named };`);
  const compilerOptions = { noEmit: true, strict: true, target: "es2022", module: "nodenext", lib: ["es2022", "dom", "dom.iterable"], types: [] };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["typed.ts"] }));
  await run(join(root, "web/node_modules/.bin/tsc"), ["-p", "."], project);

  cpSync(testBundleFolder, join(project, "bundle"), { recursive: true });
  const folder = "./node_modules/neighborhood-traces";
  writeFileSync(join(project, "index.html"), `<!doctype html><title>Project</title><link rel="icon" href="data:,">
    <script type="importmap">{ "imports": { "neighborhood-traces/element": "${folder}/embed/neighborhood-trace.js" } }</script>
    <script type="module">import { neighborhoodTrace } from "neighborhood-traces/element";
      document.body.append(neighborhoodTrace({ src: "bundle/", sample: 12, from: 0, to: 13, k: 50 }));</script>`);
  const own = await serve(project);
  const { page, problems, close } = await openPage(browser);
  try {
    await page.goto(own.url);
    await drawn(page);
    assert.equal(await page.evaluate(() => /** @type {Embedded} */ (document.querySelector("neighborhood-trace")).trace?.overlap), keptByNative());
    assert.deepEqual(problems, []);
  } finally {
    await close();
    own.close();
  }
});

/** Rejects where the command fails. This process goes on: it serves what is asked for. @param {string} command @param {string[]} words @param {string} cwd */
const run = async (command, words, cwd) => (await promisify(execFile)(command, words, { cwd })).stdout;

/** @param {() => boolean} isSo */
async function until(isSo) {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 600, "it did not come about within a minute");
    await new Promise((done) => setTimeout(done, 100));
  }
}
