/** Light or dark, and the tokens of styles/tokens.css for code that draws on canvas. */

/** How many of each styles/tokens.css has. */
const CLASS_COLOURS = 16;
const RAMP_COLOURS = 4;
const KEY = "ntrace-theme";

/** @returns {string | null} */
function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage is refused to some pages: the system's scheme serves
  }
}

/** @param {string} theme */
function remember(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    return;
  }
}

/**
 * @param {HTMLElement} button the toggle
 */
export function createTheme(button) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  /** @type {Set<() => void>} */
  const readers = new Set();
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

  /** @type {Tokens | null} */
  let tokens = null;
  function changed() {
    tokens = null;
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Switch to light colours" : "Switch to dark colours");
    for (const read of readers) read();
  }
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    changed();
  });
  system.addEventListener("change", changed);
  const before = remembered();
  if (before === "light" || before === "dark") root.dataset.theme = before;
  changed();

  return {
    tokens: () => (tokens ??= readTokens(root)),
    /** @param {() => void} read @returns {() => void} ends it */
    subscribe(read) {
      readers.add(read);
      return () => readers.delete(read);
    },
  };
}

/** What views need of it. @typedef {{ tokens: () => Tokens, subscribe: (read: () => void) => () => void }} Theme */
/** @typedef {ReturnType<typeof readTokens>} Tokens */

/** The tokens as they stand at an element. @param {Element} element */
export function readTokens(element) {
  const style = getComputedStyle(element);
  /** @param {string} name */
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: token("paper"),
    plate: token("plate"),
    annulus: token("annulus"),
    ink: token("ink"),
    quiet: token("ink-3"),
    rule: token("rule"),
    closer: token("closer"),
    closerSoft: token("closer-soft"),
    farther: token("farther"),
    fartherSoft: token("farther-soft"),
    hair: token("hair"),
    raised: token("raised"),
    focus: token("focus"),
    overLight: token("over-light"),
    overDark: token("over-dark"),
    sans: token("sans"),
    serif: token("serif"),
    /** One a class; beyond these they begin again. */
    classes: Array.from({ length: CLASS_COLOURS }, (_, i) => token(`class-${i}`)),
    /** From low to high. */
    ramp: Array.from({ length: RAMP_COLOURS }, (_, i) => token(`ramp-${i}`)),
  };
}
