/** A monkey at the page: clicks, keys, drags, wheels and addresses in an order that a seed gives. */
import { lehmer } from "./random.mjs";

const VIEWS = ["story", "explore", "trace", "draw", "open", "nowhere"];
const KEYS = [
  "Tab", "Tab", "Shift+Tab", "Enter", "Space", "Escape", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown",
  "Backspace", "Delete", "+", "-", "0", "7", "a", "z", "?", "/", "Control+z", "Control+y",
];
const TARGETS = "a[href], button, input, select, summary, label, canvas, [tabindex], [role=option], svg [data-sample]";
const SIZES = [[1280, 800], [1440, 900], [1024, 768], [700, 500], [390, 844], [360, 640]];

/** Leads nowhere outside, saves nothing, opens no dialog: what the monkey must not reach. Runs in the page, before its scripts. */
function fence() {
  addEventListener("click", (event) => {
    const link = /** @type {Element | null} */ (event.target)?.closest?.("a, input[type=file]");
    const leaves = link instanceof HTMLAnchorElement && (link.download || link.target || new URL(link.href, location.href).pathname !== location.pathname);
    if (leaves || link instanceof HTMLInputElement) event.preventDefault();
  }, { capture: true });
}

/** What the page's answers are written with: some right, some not. @param {(below: number) => number} random */
function address(random) {
  const view = VIEWS[random(VIEWS.length)];
  const some = (/** @type {string} */ name, /** @type {unknown} */ value) => (random(3) === 0 ? [`${name}=${value}`] : []);
  const parts = [
    ...some("sample", random(700)), ...some("from", random(16)), ...some("to", random(16)), ...some("k", random(220)), ...some("layer", random(16)),
    ...some("near", random(220)), ...some("reference", random(16)), ...some("method", ["umap", "pca", "x"][random(3)]), ...some("tab", ["samples", "classes", "layers", "suggestions", "models"][random(5)]),
    ...some("pins", `${random(600)}.${random(600)}`), ...some("turn", random(16)), ...some("find", ["a", "12", "%00", "<b>"][random(4)]), ...some("classes", random(20)),
    ...some("explain", ["gradient", "gradCam", "occlusion", "neighborMean", "none"][random(5)]),
  ];
  return `#/${view}${parts.length > 0 ? `?${parts.join("&")}` : ""}`;
}

/** The middle of one of the things in view that can be worked with. @param {any} page @param {(below: number) => number} random */
async function target(page, random) {
  const found = await page.evaluate((/** @type {string} */ targets) => [...document.querySelectorAll(targets)]
    .map((node) => node.getBoundingClientRect())
    .filter((box) => box.width > 0 && box.height > 0 && box.x >= 0 && box.y >= 0 && box.x + box.width / 2 < innerWidth && box.y + box.height / 2 < innerHeight)
    .map((box) => [box.x + box.width / 2, box.y + box.height / 2]), TARGETS);
  return found.length > 0 ? found[random(found.length)] : null;
}

/**
 * Works at the page for a time.
 * @param {any} page open at the site
 * @param {{ seed: number, milliseconds: number, look: () => Promise<unknown> }} options `look` is called between steps, and ends it by throwing
 * @returns {Promise<{ steps: number }>}
 */
export async function monkey(page, { seed, milliseconds, look }) {
  const random = lehmer(seed);
  const place = () => [random(page.viewportSize().width), random(page.viewportSize().height)];
  /** @type {[number, string, () => Promise<unknown>][]} */
  const acts = [
    [10, "click", async () => page.mouse.click(...((await target(page, random)) ?? place()), { clickCount: random(8) === 0 ? 2 : 1 })],
    [2, "click anywhere", () => page.mouse.click(...place())],
    [3, "point", () => page.mouse.move(...place(), { steps: 3 })],
    [6, "key", () => page.keyboard.press(KEYS[random(KEYS.length)])],
    [1, "type", () => page.keyboard.type(["12", "apple", "-1", "1e9", "  "][random(5)])],
    [4, "drag", async () => {
      await page.mouse.move(...((await target(page, random)) ?? place()));
      await page.mouse.down();
      await page.mouse.move(...place(), { steps: 4 });
      await page.mouse.up();
    }],
    [3, "wheel", () => page.mouse.wheel(0, random(1600) - 800)],
    [2, "address", () => page.evaluate((/** @type {string} */ hash) => void (location.hash = hash), address(random))],
    [1, "back", () => page.evaluate(() => void (/** @type {any} */ (globalThis).navigation?.canGoBack && history.back()))], // never out of the site
    [1, "forward", () => page.evaluate(() => history.forward())],
    [1, "size", async () => {
      const [width, height] = SIZES[random(SIZES.length)];
      await page.setViewportSize({ width, height });
      await page.mouse.move(10, 10); // Firefox's wheel turns where the mouse was, which has to be inside
    }],
    [1, "colours", () => page.emulateMedia({ colorScheme: ["light", "dark"][random(2)], reducedMotion: ["reduce", "no-preference"][random(2)] })],
  ];
  const choices = acts.flatMap(([weight, name, act]) => Array(weight).fill({ name, act }));
  /** @type {string[]} */
  const lately = [];
  let steps = 0;
  try {
    for (const end = Date.now() + milliseconds; Date.now() < end; steps++) {
      const { name, act } = choices[random(choices.length)];
      lately.push(`${name} at ${page.url().split("#")[1]}`);
      if (lately.length > 25) lately.shift();
      await act();
      await look();
    }
  } catch (error) {
    throw new Error(`seed ${seed}, step ${steps}: ${/** @type {Error} */ (error).message}\nlately:\n${lately.join("\n")}`, { cause: error });
  }
  return { steps };
}

/** Opens the site for a monkey. @param {any} page @param {string} url */
export async function letIn(page, url) {
  await page.addInitScript(fence);
  page.on("dialog", (/** @type {any} */ dialog) => dialog.dismiss());
  await page.goto(url);
  await page.waitForSelector("html[data-state=ready]");
}
