/** Headless Chromium on the built site, behind a plain static server on this machine; BROWSER=firefox: Firefox, where a file does not ask for one. */
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { serve } from "../../web/serve.js";

const fromWeb = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium, firefox } = fromWeb("playwright-core");

const root = fileURLToPath(new URL("../../", import.meta.url));
export const ntrace = join(root, "build/ntrace");
export const siteFolder = join(root, "build/site");
export const testBundleFolder = join(root, "build/tests/bundle");
export const screenshotFolder = join(root, "build/screenshots");

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** @param {...string} flags more of Chromium's */
export const launch = (...flags) => chromium.launch({ executablePath: "/usr/bin/chromium", args: [...FLAGS, ...flags] });

/** Debian's Firefox, driven by WebDriver BiDi. */
export const launchFirefox = () => firefox.launch({ executablePath: "/usr/bin/firefox-esr", channel: "moz-firefox" });

export const isFirefox = process.env.BROWSER === "firefox";

/** Why a test that asks the browser over the debugger's protocol is left out. */
export const needsChromium = isFirefox && "Firefox does not speak Chromium's protocol, which this test gives touches, drops or counts by";

/** The built site, and what was fetched from it. */
export async function serveSite() {
  /** @type {{ path: string, bytes: number }[]} */
  const served = [];
  return { ...(await serve(siteFolder, 0, (path, bytes) => served.push({ path, bytes }))), served };
}

/**
 * A copy of the site with another bundle, for tests that damage something; `change` gets its folder.
 * @param {(folder: string) => unknown} change @param {(folder: string) => Promise<{ url: string, close: () => unknown }>} [open] how it is served
 */
export async function serveChangedSite(change, open = serve) {
  const folder = await mkdtemp(join(tmpdir(), "ntrace-site-"));
  await cp(siteFolder, folder, { recursive: true, filter: (path) => path !== join(siteFolder, "bundle") });
  await cp(testBundleFolder, join(folder, "bundle"), { recursive: true });
  await change(folder);
  const server = await open(folder);
  return {
    url: server.url,
    close: async () => {
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What the tests of one file share: a browser, and a site as `useSite` was told. @type {any} */
export let browser;
/** @type {Awaited<ReturnType<typeof serveSite>>} */
export let site;

/**
 * Starts both before the first test of this file and ends them after its last.
 * @param {() => Promise<{ url: string, close: () => unknown }>} [open]
 * @param {() => unknown} [prepare] what a file wants to know before its first test
 */
export function useSite(open = serveSite, prepare) {
  before(async () => {
    [browser, site] = await Promise.all([isFirefox ? launchFirefox() : launch(), /** @type {Promise<typeof site>} */ (open())]);
    await prepare?.();
  });
  after(async () => {
    await browser?.close();
    await site?.close();
  });
}

/** How long a test waits for what has to come, on a machine that is slow and busy. */
const PATIENCE = 60000;

/**
 * Asks until the answer is right: a page may take its time to show what was done to it.
 * @template T @param {() => T | Promise<T>} ask @param {(answer: T) => unknown} isRight @returns {Promise<T>} the right answer
 */
export async function until(ask, isRight) {
  for (const end = Date.now() + PATIENCE; ; await pause(20)) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    assert.ok(Date.now() < end, `not in ${PATIENCE / 1000} s; at last: ${JSON.stringify(answer)}`);
  }
}

/** The parts of the state that the URL holds. While something is dragged or scrolled it follows a little late. @param {any} page @returns {Record<string, string>} */
export const stateOf = (page) => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.split("?")[1]));

/** @param {any} page @param {(state: Record<string, string>) => unknown} isRight */
export const untilState = (page, isRight) => until(() => stateOf(page), isRight);

/** Types into a field, in the place of what it holds, and presses Enter: a field that is filled by a script does not know in Firefox that it was changed. @param {any} field @param {string} text */
export async function enter(field, text) {
  await field.focus();
  await field.press("ControlOrMeta+a");
  await field.pressSequentially(text);
  await field.press("Enter");
}

/** A double click, which Firefox's driver gives as two clicks. @param {any} page @param {number} x @param {number} y */
export async function clickTwice(page, x, y) {
  await page.mouse.dblclick(x, y);
  if (!isFirefox) return;
  await page.evaluate((/** @type {[number, number]} */ [clientX, clientY]) => {
    const event = new MouseEvent("dblclick", { bubbles: true, cancelable: true, view: window, clientX, clientY });
    document.elementFromPoint(clientX, clientY)?.dispatchEvent(event);
  }, [x, y]);
}

/** Waits until the URL holds these parts; null: until it does not hold it. @param {any} page @param {Record<string, string | null>} wanted */
export const waitForState = (page, wanted) => untilState(page, (state) => Object.entries(wanted).every(([name, value]) => (state[name] ?? null) === value));

/**
 * A page that remembers what it asked for and what went wrong in it.
 * @param {any} browser @param {object} [context] playwright's options
 */
export async function openPage(browser, context = {}) {
  const options = { viewport: { width: 1280, height: 800 }, serviceWorkers: "block", ...context };
  if (isFirefox) delete (/** @type {any} */ (options).isMobile); // which it does not know
  const opened = await browser.newContext(options);
  opened.setDefaultTimeout(PATIENCE);
  const page = await opened.newPage();
  /** @type {string[]} */
  const requests = [];
  /** @type {string[]} */
  const problems = [];
  opened.on("request", (/** @type {any} */ request) => requests.push(request.url()));
  page.on("pageerror", (/** @type {Error} */ error) => problems.push(String(error)));
  page.on("console", (/** @type {any} */ message) => message.type() === "error" && problems.push(message.text()));
  if (isFirefox) await adapt(page, problems, context);
  return { page, requests, problems, close: () => opened.close() };
}

/** Runs in the page, before its scripts. @param {string} theme */
function chooseTheme(theme) {
  try {
    localStorage.setItem("ntrace-theme", theme);
  } catch {
    return; // an empty page, which has no storage
  }
}

/** Runs in the page, before its scripts: they read that less motion is wanted. */
function wantLessMotion() {
  const { matchMedia } = globalThis;
  globalThis.matchMedia = (query) => matchMedia.call(globalThis, query.replace("(prefers-reduced-motion: reduce)", "all"));
}

/** What Firefox's driver does otherwise. @param {any} page @param {string[]} problems @param {{ colorScheme?: string, reducedMotion?: string }} options */
async function adapt(page, problems, { colorScheme, reducedMotion }) {
  if (colorScheme) await page.addInitScript(chooseTheme, colorScheme); // it knows no schemes,
  if (reducedMotion === "reduce") await page.addInitScript(wantLessMotion); // and no such wish
  const take = page.screenshot.bind(page);
  page.screenshot = async (/** @type {object} */ asked) => {
    const before = problems.length;
    const picture = await take(asked);
    await page.evaluate("0"); // what the console has to say of it has come by then
    problems.push(...problems.splice(before).filter((text) => !/blocked an inline style/.test(text))); // the driver's own, which the page's policy forbids
    return picture;
  };
}

/**
 * What the page lets the reader save. Firefox's driver tells of no downloads: there it is read where it is made.
 * @param {any} page @param {() => Promise<unknown>} act leads to a download @returns {Promise<{ name: string, bytes: Buffer }>}
 */
export async function savedBy(page, act) {
  if (!isFirefox) {
    const [download] = await Promise.all([page.waitForEvent("download"), act()]);
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  }
  const saved = await page.evaluateHandle(() => {
    const { createObjectURL } = URL;
    const { click } = HTMLAnchorElement.prototype;
    /** @type {Blob} */
    let blob;
    URL.createObjectURL = (/** @type {any} */ made) => createObjectURL.call(URL, (blob = made));
    return {
      file: new Promise((done) => {
        HTMLAnchorElement.prototype.click = function () {
          URL.createObjectURL = createObjectURL;
          HTMLAnchorElement.prototype.click = click;
          void blob.arrayBuffer().then((bytes) => done({ name: this.download, bytes: [...new Uint8Array(bytes)] }));
        };
      }),
    };
  });
  await act();
  const { name, bytes } = await saved.evaluate((/** @type {any} */ { file }) => file);
  return { name, bytes: Buffer.from(bytes) };
}

/**
 * What axe-core finds wrong with a page as it stands: rule, what to do, and where. The page's own policy lets no script in but
 * its own, so axe comes through the debugger.
 * @param {any} page @returns {Promise<string[]>}
 */
export async function violations(page) {
  await page.evaluate(await readFile(fromWeb.resolve("axe-core/axe.min.js"), "utf8"));
  return page.evaluate(async () => {
    const found = await /** @type {any} */ (globalThis).axe.run(document, { resultTypes: ["violations"] });
    return found.violations.flatMap((/** @type {any} */ { id, nodes }) => nodes.map((/** @type {any} */ { target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`));
  });
}
