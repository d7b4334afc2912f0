/**
 * `<neighborhood-trace src="https://…/bundle/" sample="12" from="0" to="13" k="100">`: the trace view as an element of any page.
 * It lives in a shadow tree with styles of its own, follows its attributes, and writes what the reader chooses back into them.
 */
/// <reference path="./css.d.ts" />
import { NtraceError } from "../../wasm/ntrace.js";
import { createNotice } from "../notice.js";
import { createTraceRoute } from "../routes/trace.js";
import { createSketches } from "../sketches.js";
import { spritesOf } from "../sprites_of.js";
import styles from "../styles/embed.css";
import { CHOSEN, readChoice } from "./attributes.js";
import { share } from "./shared.js";
import { createTheme } from "./theme.js";

/** @typedef {import("../params.js").State} State */
/** @typedef {import("../../wasm/ntrace.d.ts").Bundle} Bundle */

const MARKUP = `
  <section class="trace-board"></section>
  <section class="notice" data-notice role="status" aria-live="polite" hidden>
    <p data-notice-text></p>
    <progress data-notice-progress max="1" aria-label="Loading"></progress>
    <p data-notice-hint hidden></p>
    <button type="button" data-retry hidden>Try again</button>
  </section>
  <p class="embed-source"></p>`;

/** Where there are no elements, as in Node.js, the module can be imported all the same. */
const Element = globalThis.HTMLElement ?? class {};

/** @type {CSSStyleSheet | undefined} */
let sheet;
/** One sheet for all elements; unlike a style element, it needs nothing of the page's content security policy. */
function readSheet() {
  if (sheet) return sheet;
  sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  return sheet;
}

export class NeighborhoodTrace extends Element {
  static observedAttributes = ["src", "theme", ...CHOSEN];

  #view;
  #source;
  #notice;
  #theme = createTheme(this);
  #retry = () => {};
  /** The bundle, on its way or there. @type {ReturnType<typeof share> | null} */
  #shared = null;
  /** What is mounted. @type {{ bundle: Bundle, state: State, route: import("../main.js").Route, end: () => void } | null} */
  #mounted = null;
  /** @type {import("../../wasm/ntrace.d.ts").Trace | null} */
  #trace = null;
  #isFollowing = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [readSheet()];
    root.innerHTML = MARKUP;
    const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (root.querySelector(selector));
    this.#view = part(".trace-board");
    this.#source = part(".embed-source");
    this.#notice = createNotice(part("[data-notice]"), () => this.#retry());
  }

  /** The open bundle, once it is there. */
  get bundle() {
    return this.#mounted?.bundle ?? null;
  }
  /** The trace that is drawn. */
  get trace() {
    return this.#trace;
  }

  connectedCallback() {
    if (!this.#shared) void this.#start();
  }
  disconnectedCallback() {
    queueMicrotask(() => this.isConnected || this.#stop()); // moved to another place it goes on as it is
  }
  /** @param {string} name @param {string | null} before @param {string | null} value */
  attributeChangedCallback(name, before, value) {
    if (before === value || !this.isConnected) return;
    if (name === "theme") this.#theme.changed();
    else if (name === "src") void this.#start();
    else this.#followLater();
  }

  async #start() {
    this.#stop();
    const src = this.getAttribute("src");
    if (!src) return this.#fail(new NtraceError("argument", "This element has no address of a bundle.", 'Give it one: src="…/bundle/".'), () => void this.#start());
    this.#notice.progress({ label: "starting", done: 0 });
    const shared = share(new URL(src, this.baseURI).href, this.#notice.progress);
    this.#shared = shared;
    try {
      const bundle = await shared.bundle;
      const sketches = createSketches(bundle, (error) => this.#fail(/** @type {NtraceError} */ (error), () => void this.#start()));
      const sprites = await spritesOf(bundle, sketches, this.#theme);
      if (this.#shared === shared) this.#mount(bundle, sketches, sprites);
      else sprites.destroy();
    } catch (error) {
      if (this.#shared === shared) this.#fail(/** @type {NtraceError} */ (error), () => void this.#start());
    }
  }

  /** @param {Bundle} bundle @param {import("../sketches.js").Sketches} sketches @param {import("../sprites.js").Sprites} sprites */
  #mount(bundle, sketches, sprites) {
    const { manifest } = bundle;
    /** @type {State} */
    const state = /** @type {any} */ ({ view: "trace", keep: null, shelf: null, only: "all", ...readChoice(this, manifest) });
    const store = /** @type {any} */ ({ get: () => this.#mounted?.state ?? state, set: (/** @type {Partial<State>} */ change) => this.#choose(change) });
    const report = {
      progress: this.#notice.progress,
      ready: (/** @type {import("../session.js").Answer | undefined} */ answer) => this.#show(answer?.trace ?? null),
      failed: (/** @type {NtraceError} */ error, /** @type {() => void} */ retry) => this.#fail(error, retry),
    };
    const route = createTraceRoute(this.#view, { bundle, store, sketches, sprites, theme: this.#theme, report });
    const { title, source } = manifest.dataset;
    this.#source.textContent = `${title}${source ? `, ${source}` : ""}.`;
    this.#mounted = { bundle, state, route, end: () => (route.destroy(), sprites.destroy()) };
    this.dispatchEvent(new CustomEvent("ready", { detail: { manifest } }));
  }

  /** @param {import("../../wasm/ntrace.d.ts").Trace | null} trace */
  #show(trace) {
    this.#notice.hide();
    if (!trace || trace === this.#trace) return;
    this.#trace = trace;
    this.dispatchEvent(new CustomEvent("trace", { detail: trace }));
  }

  /** @param {NtraceError} error @param {() => void} retry */
  #fail(error, retry) {
    this.#retry = retry;
    this.#notice.error(error);
    this.dispatchEvent(new CustomEvent("error", { detail: error }));
  }

  /** What the reader chose. @param {Partial<State>} change */
  #choose(change) {
    const mounted = this.#mounted;
    if (!mounted) return;
    const before = mounted.state;
    mounted.state = { ...before, ...change };
    const chosen = CHOSEN.filter((name) => mounted.state[name] !== before[name]);
    for (const name of chosen) this.setAttribute(name, `${mounted.state[name]}`);
    mounted.route.update(mounted.state, before);
    const { sample, from, to, k } = mounted.state;
    if (chosen.length > 0) this.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: { sample, from, to, k } }));
  }

  /** Attributes are often changed one after another: they are followed once. */
  #followLater() {
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    queueMicrotask(() => {
      this.#isFollowing = false;
      this.#follow();
    });
  }
  #follow() {
    if (!this.#shared) return;
    const mounted = this.#mounted;
    if (!mounted) return void this.#shared.bundle.then(() => void (this.#mounted || this.#start()), () => {}); // what was wrong before may be right now
    try {
      const before = mounted.state;
      const choice = readChoice(this, mounted.bundle.manifest);
      if (CHOSEN.every((name) => choice[name] === before[name])) return;
      mounted.state = { ...before, ...choice };
      mounted.route.update(mounted.state, before);
    } catch (error) {
      this.#fail(/** @type {NtraceError} */ (error), () => this.#follow());
    }
  }

  #stop() {
    this.#mounted?.end();
    this.#mounted = this.#trace = null;
    this.#shared?.release();
    this.#shared = null;
    this.#theme.rest();
    this.#source.textContent = "";
    this.#notice.hide();
  }
}

// Attributes as properties, numbers as numbers.
for (const name of ["src", "theme", ...CHOSEN]) {
  const isNumber = /** @type {readonly string[]} */ (CHOSEN).includes(name);
  Object.defineProperty(NeighborhoodTrace.prototype, name, {
    configurable: true,
    enumerable: true,
    get() {
      const value = this.getAttribute(name);
      return isNumber ? (value === null ? null : Number(value)) : value;
    },
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, `${value}`);
    },
  });
}

/**
 * Makes an element: what a notebook's cell returns.
 *
 * @param {Partial<Record<"src" | "theme" | typeof CHOSEN[number], string | number>>} attributes
 */
export function neighborhoodTrace(attributes) {
  const element = document.createElement("neighborhood-trace");
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  return element;
}

if (globalThis.customElements && !customElements.get("neighborhood-trace")) customElements.define("neighborhood-trace", /** @type {CustomElementConstructor} */ (/** @type {unknown} */ (NeighborhoodTrace)));
