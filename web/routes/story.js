/** The route to the story: keeps article, figure and URL in step while the reader scrolls. */
import { sentencesOf, articleOf } from "../story/article.js";
import { createBackdrop } from "../story/backdrop.js";
import { createChooser } from "../story/chooser.js";
import { createFacts, factsOf } from "../story/facts.js";
import { SCENES } from "../story/scenes.js";
import { createStage } from "../story/stage.js";
import { STEPS } from "../story/steps.js";
import { toNode } from "../tree.js";

/** @typedef {import("../story/facts.js").Facts} Facts */
/** @typedef {import("../params.js").State} State */

/** Where on the screen a step becomes the current one, as a share of its height: lower where the figure lies above the text. */
const LINE = { beside: 0.55, above: 0.8 };
/** Milliseconds of a task for sentences. */
const TELL = 6;
/** Milliseconds without news before sentences are told anew: answers come quickly one after the other. */
const PAUSE = 80;
const NARROW = matchMedia("(max-width: 759px)");

/** @param {HTMLElement} root @param {import("../main.js").Context} context @returns {import("../main.js").Route} */
export function createStoryRoute(root, { bundle, store, sketches, sprites, theme, report }) {
  root.setAttribute("aria-label", "Story: how layers move neighbourhoods");
  let facts = factsOf(bundle, store.get());
  let current = STEPS[0].id;
  let frame = 0;
  let scrolledTo = "";
  let telling = 0;
  let told = 0;
  let shownFirst = false;
  const links = {
    view: (/** @type {string} */ view) => store.link({ view, step: "" }),
    step: (/** @type {string} */ step) => store.link({ view: "story", step }),
  };

  const article = /** @type {HTMLElement} */ (toNode(articleOf(facts, links, bundle.engine.version)));
  root.append(article);
  const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (article.querySelector(selector));
  const figure = part(".story-figure");
  const [menu, plate, progress] = ["div", "div", "p"].map((tag) => figure.appendChild(document.createElement(tag)));
  menu.className = "story-menu";
  plate.className = "stage";
  progress.className = "story-progress";
  progress.setAttribute("role", "status");

  const backdrop = createBackdrop(part(".story-opening"), { sketches, sprites, theme });
  /** @type {ReturnType<typeof createChooser> | null} */
  let chooser = null;
  /** @type {ReturnType<typeof createStage> | null} */
  let stage = null;
  const engine = createFacts(bundle, learn, (error) => {
    if (error) report.failed(error, engine.retry);
  });

  /** Draws the current step's scene, where its facts are there. @param {boolean} [still] */
  function show(still) {
    if (!stage) return; // it takes its size while it is being made
    const step = STEPS.find(({ id }) => id === current) ?? STEPS[0];
    const { width, height } = stage.size();
    const picture = width > 0 ? (SCENES[step.scene] ?? SCENES.one)(facts, { width, height }) : null;
    plate.classList.toggle("is-waiting", !picture);
    progress.textContent = picture ? (facts.hood && !facts.hood.exact ? "On codes; exact in a moment." : "") : "Being worked out …";
    if (picture) stage.update({ picture, table: facts.table, still });
    root.dataset.step = step.id;
    root.dataset.drawn = String(Boolean(picture));
  }

  /** Sentences that have changed are replaced. @param {import("../story/steps.js").Step} step */
  function tell(step) {
    const section = part(`#step-${step.id}`);
    const title = /** @type {HTMLAnchorElement} */ (section.querySelector(".step-title a"));
    title.textContent = step.title(facts);
    title.setAttribute("href", links.step(step.id));
    const text = /** @type {HTMLElement} */ (section.querySelector(".step-text"));
    const made = sentencesOf(facts, step).map(toNode);
    if (made.map((node) => node.textContent).join("\n") !== Array.from(text.childNodes, (node) => node.textContent).join("\n")) text.replaceChildren(...made);
  }

  /** @param {Facts} next */
  function learn(next) {
    facts = next;
    if (facts.traces.end) {
      backdrop.update(facts.traces.end, facts.settled);
      if (!shownFirst) report.ready();
      shownFirst = true;
    }
    later();
  }
  const later = () => void (frame ||= requestAnimationFrame(update));
  function update() {
    frame = 0;
    chooser?.update(facts);
    for (const link of article.querySelectorAll("a[data-view]")) link.setAttribute("href", links.view(/** @type {HTMLElement} */ (link).dataset.view ?? ""));
    show();
    told = 0;
    clearTimeout(telling);
    telling = window.setTimeout(tellMore, PAUSE);
  }

  /** Sentences a few steps a task, so that no frame waits for all of them; the current step's come first. */
  function tellMore() {
    const until = performance.now() + TELL;
    const order = [...STEPS].sort((a, b) => Number(b.id === current) - Number(a.id === current));
    for (; told < order.length && performance.now() < until; told++) tell(order[told]);
    if (told < order.length) telling = window.setTimeout(tellMore);
  }

  /** The last step whose top has passed the line. */
  function onScroll() {
    const line = innerHeight * (NARROW.matches ? LINE.above : LINE.beside);
    let found = STEPS[0].id;
    for (const { id } of STEPS) if (part(`#step-${id}`).getBoundingClientRect().top <= line) found = id;
    const begun = part(".story-body").getBoundingClientRect().top <= line;
    if (found === current && begun === (store.get().step !== "")) return;
    current = found;
    for (const section of article.querySelectorAll(".step")) section.classList.toggle("is-current", section.id === `step-${found}`);
    scrolledTo = begun ? found : "";
    store.set({ step: scrolledTo }, { replace: true });
    show();
  }
  let scrolling = 0;
  const onScrollLater = () =>
    void (scrolling ||= requestAnimationFrame(() => {
      scrolling = 0;
      onScroll();
    }));

  /** @param {string} id @param {ScrollBehavior} behavior */
  function goTo(id, behavior) {
    scrolledTo = id;
    const section = STEPS.some((step) => step.id === id) ? part(`#step-${id}`) : article;
    section.scrollIntoView({ block: "start", behavior });
  }

  /** The figure and its menu, in a task of their own: the article is long enough for one. */
  function furnish() {
    chooser = createChooser(menu, { bundle, sketches, sprites, theme, onChange: store.set });
    stage = createStage(plate, { bundle, sketches, sprites, theme, onPick: (sample) => store.set({ sample }), onResize: () => show(true) });
    chooser.update(facts);
    if (store.get().step) goTo(store.get().step, "instant");
    addEventListener("scroll", onScrollLater, { passive: true });
    onScroll();
  }
  report.progress({ label: "computing the first neighbourhood", done: 0.9 });
  engine.request(store.get());
  const furnishing = window.setTimeout(furnish);

  return {
    update(state) {
      engine.request(state);
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (state.step !== scrolledTo) goTo(state.step, calm ? "instant" : "smooth");
      later();
    },
    destroy() {
      cancelAnimationFrame(frame);
      cancelAnimationFrame(scrolling);
      clearTimeout(furnishing);
      clearTimeout(telling);
      removeEventListener("scroll", onScrollLater);
      engine.stop();
      for (const each of [backdrop, chooser, stage]) each?.destroy();
      root.replaceChildren();
      root.removeAttribute("aria-label");
    },
  };
}
