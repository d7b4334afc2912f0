/** Figures of the built site in headless Chromium, on the default bundle: bytes of the first view, times of traces, frames. */
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";

import { launch, openPage, serveSite, siteFolder } from "../web/browser.mjs";
import { lehmer } from "../web/random.mjs";
import { ntrace } from "../wasm/bundle.mjs";

const PAIRS = 30;
const K = 100;

/** @param {string} name @param {string} figure */
const print = (name, figure) => console.log(`${name.padEnd(12)}${figure}`);

/** @param {number[]} values */
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.floor(share * (sorted.length - 1))].toFixed(0);
  return `median ${at(0.5)} ms, 90 % within ${at(0.9)} ms, slowest ${at(1)} ms`;
}

/** @param {any} page */
const opened = (page) => page.waitForSelector("html:is([data-state=ready], [data-state=error])");

/** @param {any} browser @param {Awaited<ReturnType<typeof serveSite>>} site */
async function firstView(browser, site) {
  const { page, close } = await openPage(browser);
  const start = performance.now();
  await page.goto(`${site.url}#/trace`);
  await opened(page);
  const drawn = performance.now() - start;
  await page.waitForLoadState("networkidle");
  const bytes = site.served.reduce((sum, file) => sum + file.bytes, 0);
  print("first view", `${(bytes / 1e6).toFixed(2)} MB in ${site.served.length} files (to hold: 1.5 MB), drawn after ${drawn.toFixed(0)} ms`);
  await close();
}

/** Times from the call to the answer, as the page's thread sees them. @param {any} browser @param {string} url @param {"simd" | "scalar"} variant */
async function traces(browser, url, variant) {
  const { page, close } = await openPage(browser);
  await page.goto(`${url}favicon.svg`);
  const random = lehmer(20261124);
  const numbers = Array.from({ length: 3 * PAIRS }, () => random(1 << 24));
  const { codes, exact, samples, simd } = await page.evaluate(async (/** @type {any} */ { url, numbers, k, variant }) => {
    const { openBundle } = await import(`${url}engine/ntrace.js`);
    const bundle = await openBundle(`${url}bundle/`, { variant });
    const { layers, dataset } = bundle.manifest;
    for (let layer = 0; layer < layers.length; layer++) await bundle.trace({ sample: 0, from: layer, to: 0, k });
    await bundle.images({ samples: Array.from({ length: dataset.samples }, (_, i) => i) });
    const times = { codes: [], exact: [], samples: dataset.samples, simd: bundle.engine.variant };
    for (let i = 0; i < numbers.length; i += 3) {
      const start = performance.now();
      await bundle.trace({
        sample: numbers[i] % dataset.samples, from: numbers[i + 1] % layers.length, to: numbers[i + 2] % layers.length, k,
        onPreview: () => /** @type {number[]} */ (times.codes).push(performance.now() - start),
      });
      /** @type {number[]} */ (times.exact).push(performance.now() - start);
    }
    return times;
  }, { url, numbers, k: K, variant });
  print("trace", `${simd}, ${samples} samples, k = ${K}, ${PAIRS} random samples and pairs of layers, chunks at hand`);
  print("", `on codes ${spread(codes)} (to hold: 100 ms)`);
  print("", `exact    ${spread(exact)} (to hold: 400 ms)`);
  await close();
}

/** Whether browser and command line find the same neighbours. @param {any} browser @param {string} url */
async function agreement(browser, url) {
  const { page, close } = await openPage(browser);
  await page.goto(`${url}favicon.svg`);
  const random = lehmer(3);
  const asked = Array.from({ length: PAIRS }, () => ({ sample: random(1 << 24), layer: random(1 << 24) }));
  const found = await page.evaluate(async (/** @type {any} */ { url, asked, k }) => {
    const { openBundle } = await import(`${url}engine/ntrace.js`);
    const bundle = await openBundle(`${url}bundle/`);
    const { layers, dataset } = bundle.manifest;
    const answers = [];
    for (const { sample, layer } of asked) {
      const answer = await bundle.neighbors({ sample: sample % dataset.samples, layer: layer % layers.length, k });
      answers.push({ ...answer, index: [...answer.index], distance: [...answer.distance] });
    }
    return answers;
  }, { url, asked, k: K });
  const same = found.filter((/** @type {any} */ { sample, layer, index, distance }) => {
    const place = ["--sample", `${sample}`, "--layer", `${layer}`, "-k", `${K}`];
    const rows = execFileSync(ntrace, ["query", join(siteFolder, "bundle"), ...place], { encoding: "utf8" }).trim().split("\n");
    return rows.every((row, i) => row.split("\t")[1] === `${index[i]}` && Math.fround(Number(row.split("\t")[2])) === distance[i]);
  });
  print("agreement", `${same.length} of ${found.length} random neighbourhoods at k = ${K} are the same bits in the browser as from the command line`);
  await close();
}

/** How long the page's thread was busy without a break, and a frame took, while travelling. @param {any} browser @param {string} url */
async function frames(browser, url) {
  const { page, close } = await openPage(browser);
  await page.addInitScript(() => {
    const seen = { task: 0, frame: 0, frames: 0 };
    Object.assign(globalThis, { seen });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (seen.task = Math.max(seen.task, entry.duration)))).observe({ entryTypes: ["longtask"] });
    let last = performance.now();
    const tick = (/** @type {number} */ now) => {
      seen.frame = Math.max(seen.frame, now - last);
      seen.frames++;
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await page.goto(`${url}#/trace`);
  await opened(page);
  await page.waitForLoadState("networkidle");
  const opening = await page.evaluate(() => ({ .../** @type {any} */ (globalThis).seen }));
  await page.evaluate(() => Object.assign(/** @type {any} */ (globalThis).seen, { task: 0, frame: 0, frames: 0 }));
  const random = lehmer(7);
  for (let i = 0; i < 10; i++) {
    await page.evaluate((/** @type {string} */ hash) => void (location.hash = hash), `#/trace?sample=${random(10000)}&from=${random(14)}&to=${random(14)}&k=${K}`);
    await page.waitForTimeout(1200);
  }
  const travelling = await page.evaluate(() => /** @type {any} */ (globalThis).seen);
  const words = (/** @type {any} */ { task, frame }) => `longest task of the page's thread ${task ? task.toFixed(0) : "below 50"} ms, longest frame ${frame.toFixed(0)} ms`;
  print("opening", words(opening));
  print("travelling", `10 times: ${words(travelling)}, ${travelling.frames} frames`);
  await close();
}

const [browser, site] = await Promise.all([launch(), serveSite()]);
try {
  print("browser", `Chromium ${browser.version()}, ${cpus()[0].model}, ${cpus().length} processors, ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`);
  await firstView(browser, site);
  await traces(browser, site.url, "simd");
  await traces(browser, site.url, "scalar");
  await agreement(browser, site.url);
  await frames(browser, site.url);
} finally {
  await browser.close();
  site.close();
}
