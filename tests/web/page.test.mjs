/** The built site, as a reader meets it: opens, draws, travels, survives, and says in words what is wrong. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { browser, launch, openPage, screenshotFolder, serveChangedSite, site, stateOf, until, useSite } from "./browser.mjs";

const FIRST_VIEW_BYTES = 1.5e6;
const POINTS = "[data-view=trace] svg .point[data-sample]";

useSite();

/** Waits for the drawn trace, or what else there is to be. @param {any} page @param {string} [there] */
async function ready(page, there = POINTS) {
  await page.waitForSelector("html:is([data-state=ready], [data-state=error])");
  assert.deepEqual(await page.locator("[data-error]:visible").allInnerTexts(), []);
  await page.waitForSelector(there, { state: "attached" });
}

/**
 * A neighbour that can be pointed at: nothing lies over its middle.
 * @param {any} page @returns {Promise<{ sample: string, x: number, y: number }>}
 */
async function pointInView(page) {
  const found = await page.waitForFunction((/** @type {string} */ selector) => {
    for (const node of document.querySelectorAll(selector)) {
      const box = node.getBoundingClientRect();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      if (document.elementFromPoint(x, y) === node) return { sample: node.getAttribute("data-sample"), x, y };
    }
    return null;
  }, POINTS);
  return found.jsonValue();
}

/**
 * Opens a site that something is wrong with, and gives what its reader is told.
 * @param {string} url @param {any} [on]
 */
async function wordsOfError(url, on = browser) {
  const { page, close } = await openPage(on);
  try {
    await page.goto(url);
    await page.waitForSelector("html[data-state=error]");
    const text = await page.locator("[data-error]:visible").first().innerText();
    assert.ok(text.length > 30, text);
    return text;
  } finally {
    await close();
  }
}

/** Changes a site's manifest, under the name that its content gives it. @param {string} folder @param {(manifest: any) => void} change */
async function changeManifest(folder, change) {
  const bundle = join(folder, "bundle");
  const current = JSON.parse(await readFile(join(bundle, "current.json"), "utf8"));
  const manifest = JSON.parse(await readFile(join(bundle, current.manifest), "utf8"));
  change(manifest);
  const text = JSON.stringify(manifest);
  current.manifest = `m.${createHash("sha256").update(text).digest("hex")}.json`;
  await writeFile(join(bundle, current.manifest), text);
  await writeFile(join(bundle, "current.json"), JSON.stringify(current));
}

/** Changes the file of the first chunk of a role. @param {string} folder @param {string} role @param {(file: string) => Promise<unknown>} change */
async function changeChunk(folder, role, change) {
  const bundle = join(folder, "bundle");
  const [name] = (await readdir(bundle)).filter((file) => file.startsWith("m."));
  const { chunks } = JSON.parse(await readFile(join(bundle, name), "utf8"));
  await change(join(bundle, chunks.find((/** @type {any} */ chunk) => chunk.role === role).file));
}

test("the first view draws the opening's trace, from one origin, in at most 1.5 MB, without a complaint", async () => {
  site.served.length = 0;
  const { page, requests, problems, close } = await openPage(browser);
  try {
    await page.goto(`${site.url}#/trace`);
    await ready(page);
    await page.waitForLoadState("networkidle");
    const bytes = site.served.reduce((sum, file) => sum + file.bytes, 0);
    const { sample, from, to, k } = stateOf(page);
    assert.ok([sample, from, to, k].every((value) => /^\d+$/.test(value)));
    const points = await page.locator(POINTS).count();
    assert.ok(points >= Number(k) && points <= 2 * Number(k), `${points} points at k = ${k}`);
    assert.deepEqual(requests.filter((url) => !url.startsWith(site.url) && !/^(data|blob):/.test(url)), []);
    assert.ok(site.served.some(({ path }) => path.includes("/bundle/c/")));
    assert.ok(bytes <= FIRST_VIEW_BYTES, `${bytes} bytes: ${JSON.stringify(site.served)}`);
    const drawn = () => page.locator(".picker-cell canvas").evaluateAll((/** @type {HTMLCanvasElement[]} */ all) =>
      all.filter((canvas) => canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0)).length);
    await until(drawn, (cells) => cells === 30); // its page of the list of samples came along
    assert.deepEqual(problems, []);
    console.log(`first view: ${points} points, ${(bytes / 1e6).toFixed(2)} MB in ${site.served.length} files`);
  } finally {
    await close();
  }
});

test("a view's scripts are all asked for at once: none is heard of from another one", async () => {
  const isScript = (/** @type {string} */ url) => url.startsWith(`${site.url}code/`) && /\/(app|scripts\/[^/]+|engine\/ntrace)\.js$/.test(url);
  for (const view of ["story", "explore"]) {
    const usual = await openPage(browser);
    const held = await openPage(browser);
    try {
      await usual.page.goto(`${site.url}#/${view}`);
      await usual.page.waitForSelector("html[data-state=ready]");
      const wanted = [...new Set(usual.requests.filter(isScript))];
      assert.ok(wanted.some((url) => url.includes(`/scripts/${view}-`)), wanted.join());
      /** @type {Set<string>} */
      const asked = new Set(); // and none of them answered
      await held.page.route((/** @type {URL} */ url) => isScript(url.href), (/** @type {any} */ route) => void asked.add(route.request().url()));
      await held.page.goto(`${site.url}#/${view}`, { waitUntil: "commit" });
      await until(() => wanted.filter((url) => !asked.has(url)), (missing) => missing.length === 0);
      assert.deepEqual([...usual.problems, ...held.problems], []);
    } finally {
      await Promise.all([usual.close(), held.close()]);
    }
  }
});

test("a click on a neighbour travels to it, and going back returns", async () => {
  const { page, problems, close } = await openPage(browser);
  try {
    await page.goto(`${site.url}#/trace`);
    await ready(page);
    const start = stateOf(page).sample;
    const { sample, x, y } = await pointInView(page);
    assert.notEqual(sample, start);
    await page.mouse.click(x, y);
    await page.waitForFunction((/** @type {string} */ wanted) => location.hash.includes(`sample=${wanted}&`), sample);
    await page.waitForFunction((/** @type {string[]} */ [selector, was]) => !document.querySelector(`${selector}[data-sample="${was}"]`), [POINTS, sample]);
    await ready(page);
    await page.goBack();
    await page.waitForFunction((/** @type {string} */ wanted) => location.hash.includes(`sample=${wanted}&`), start);
    await page.waitForFunction((/** @type {string[]} */ [selector, wanted]) => document.querySelector(`${selector}[data-sample="${wanted}"]`), [POINTS, sample]);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a reload of the URL shows the same trace", async () => {
  const { page, close } = await openPage(browser);
  const drawn = async () => {
    await ready(page);
    await page.waitForSelector("main[data-exact=true]");
    return (await page.locator(POINTS).evaluateAll((/** @type {Element[]} */ nodes) => nodes.map((node) => Number(node.getAttribute("data-sample"))))).sort((/** @type {number} */ a, /** @type {number} */ b) => a - b);
  };
  try {
    await page.goto(`${site.url}#/trace?sample=1234&from=3&to=12&k=60`);
    const first = await drawn();
    await page.reload();
    assert.deepEqual(await drawn(), first);
    assert.ok(first.length >= 60);
    assert.deepEqual(stateOf(page), { sample: "1234", from: "3", to: "12", k: "60" });
  } finally {
    await close();
  }
});

test("the page works from a folder below the root of its host", async () => {
  const below = await serveChangedSite(async (folder) => {
    const { rename, mkdtemp } = await import("node:fs/promises");
    const inner = await mkdtemp(`${folder}-inner-`);
    await rename(folder, join(inner, "site"));
    await mkdir(folder);
    await rename(join(inner, "site"), join(folder, "some-folder"));
    await rm(inner, { recursive: true });
  });
  const { page, problems, close } = await openPage(browser);
  try {
    await page.goto(`${below.url}some-folder/#/trace`);
    await ready(page);
    assert.deepEqual(problems, []);
  } finally {
    await close();
    await below.close();
  }
});

test("with WebAssembly switched off the page says so", async () => {
  const plain = await launch("--js-flags=--jitless");
  try {
    assert.match(await wordsOfError(site.url, plain), /WebAssembly/);
  } finally {
    await plain.close();
  }
});

test("without SIMD the page draws all the same", async () => {
  const plain = await launch("--js-flags=--no-enable-sse4-1");
  const { page, problems, close } = await openPage(plain);
  try {
    await page.goto(`${site.url}#/trace`);
    await ready(page);
    assert.deepEqual(problems, []);
  } finally {
    await close();
    await plain.close();
  }
});

for (const [what, role, change, words] of /** @type {const} */ ([
  ["missing chunk", "codes", rm, /\.bin is missing/],
  ["missing chunk of labels", "samples", rm, /\.bin is missing/],
  ["chunk with a flipped byte", "codes", async (/** @type {string} */ file) => {
    const bytes = await readFile(file);
    bytes[bytes.length >> 1] ^= 1;
    await writeFile(file, bytes);
  }, /\.bin: damaged/],
])) {
  test(`a ${what} is named to the reader`, async () => {
    const damaged = await serveChangedSite((folder) => changeChunk(folder, role, change));
    try {
      assert.match(await wordsOfError(damaged.url), words);
    } finally {
      await damaged.close();
    }
  });
}

test("samples are called what their bundle calls them, in trace and explorer", async () => {
  const named = await serveChangedSite((folder) => changeManifest(folder, ({ dataset }) => Object.assign(dataset, { title: "Letters", source: "", noun: { one: "letter", many: "letters" } })));
  const { page, problems, close } = await openPage(browser);
  /** Everything that is read, seen or heard. */
  const words = () =>
    page.evaluate(() => {
      const said = [...document.querySelectorAll("main [aria-label], main [title]")].flatMap((node) => [node.getAttribute("aria-label"), node.getAttribute("title")]);
      return [document.body.innerText, ...said].join("\n");
    });
  try {
    for (const [hash, there] of [["#/trace", ".trace-bars"], ["#/explore?pins=5&beside=open", ".plot[data-painted]"], ["#/explore?tab=suggestions", ".explore-panel h3"]]) {
      await page.goto(named.url + hash);
      await ready(page, there);
      const text = await words();
      assert.match(text, /letters/);
      assert.doesNotMatch(text, /sketch/i, hash);
    }
    assert.deepEqual(problems, []);
  } finally {
    await close();
    await named.close();
  }
});

test("views that are left at once, and come back to while they are fetched, end wholly", async () => {
  const { page, problems, close } = await openPage(browser);
  try {
    await page.addInitScript(() => {
      let listening = 0;
      const { addEventListener: add, removeEventListener: remove } = window;
      const count = (/** @type {string} */ type, /** @type {number} */ by) => type === "scroll" && void (/** @type {any} */ (globalThis).listening = listening += by);
      window.addEventListener = (/** @type {any[]} */ ...given) => (count(given[0], 1), Reflect.apply(add, window, given));
      window.removeEventListener = (/** @type {any[]} */ ...given) => (count(given[0], -1), Reflect.apply(remove, window, given));
    });
    await page.goto(`${site.url}#/trace?sample=5`);
    await page.waitForSelector("html[data-state=ready]");
    // Left in the frame in which it was mounted.
    await page.evaluate(async () => {
      const main = /** @type {HTMLElement} */ (document.querySelector("main"));
      for (let i = 0; i < 3; i++) {
        const mounted = new Promise((done) => {
          const watch = new MutationObserver(() => main.dataset.view === "draw" && (watch.disconnect(), done(null)));
          watch.observe(main, { attributes: true });
        });
        history.pushState({ place: 0 }, "", "#/draw");
        dispatchEvent(new PopStateEvent("popstate"));
        await mounted;
        history.pushState({ place: 0 }, "", "#/trace?sample=5");
        dispatchEvent(new PopStateEvent("popstate"));
        await new Promise((done) => setTimeout(done, 100));
      }
    });
    // Wished for twice before it is there: mounted once.
    await page.evaluate(() => {
      for (const hash of ["#/story", "#/trace?sample=5", "#/story"]) {
        history.pushState({ place: 0 }, "", hash);
        dispatchEvent(new PopStateEvent("popstate"));
      }
    });
    await page.waitForSelector("html[data-state=ready] main[data-view=story]");
    assert.equal(await page.evaluate("listening"), 2, "the story listens once, and its backdrop");
    await page.evaluate(() => (location.hash = "#/trace?sample=5"));
    await page.waitForSelector("html[data-state=ready] main[data-view=trace]");
    assert.equal(await page.evaluate("listening"), 0, "nothing listens after it has ended");
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a site without a bundle says that there is none", async () => {
  const bare = await serveChangedSite((folder) => rm(join(folder, "bundle"), { recursive: true }));
  try {
    assert.match(await wordsOfError(bare.url), /current\.json is missing/);
  } finally {
    await bare.close();
  }
});

for (const [device, context] of /** @type {const} */ ([
  ["desktop", { viewport: { width: 1440, height: 900 } }],
  ["phone", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }],
])) {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    test(`the page fits a ${device} in ${colorScheme} colours, and a screenshot of it is kept`, async () => {
      const { page, problems, close } = await openPage(browser, { ...context, colorScheme });
      try {
        await page.goto(`${site.url}#/trace`);
        await ready(page);
        await page.waitForLoadState("networkidle");
        await page.waitForTimeout(1200);
        await mkdir(screenshotFolder, { recursive: true });
        await page.screenshot({ path: join(screenshotFolder, `${device}-${colorScheme}.png`), fullPage: true });
        const { wide, bright } = await page.evaluate(() => {
          const [r, g, b] = (getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
          return { wide: document.documentElement.scrollWidth - innerWidth, bright: (r + g + b) / 3 > 128 };
        });
        assert.ok(wide <= 0, `${wide} pixels stick out at the side`);
        assert.equal(bright, colorScheme === "light");
        assert.deepEqual(problems, []);
      } finally {
        await close();
      }
    });
  }
}
