/** What works without a network, and new versions: loaded when the first figure is there, so that nothing waits for it. */
import { createOfflineControl } from "./control.js";
import { createKeeper, partsOf } from "./keep.js";
import { bundleCacheOf, lockOf, pageCacheOf } from "./names.js";
import { buildHere, reloadToNewest, untilState } from "./version.js";

/** A bundle of so many bytes is kept without being asked for, where the reader does not save data. */
const KEPT_UNASKED = 24e6;
const UPDATE_EVERY = 3600e3;
/** Milliseconds that the service worker's script may take. */
const PATIENCE = 6000;
const PERSISTENT = "ntrace-persistent";

/** The service worker, of whose script the server may never send the end. @returns {Promise<ServiceWorkerRegistration>} */
const registerInTime = () =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("its script is late")), PATIENCE);
    navigator.serviceWorker.register("sw.js", { updateViaCache: "none" }).then(resolve, reject).finally(() => clearTimeout(timer));
  });

/** @param {(message: { text: string, action: { label: string, run: () => void } }) => void} tell */
async function register(tell) {
  const registration = await registerInTime();
  if (!registration) return null; // as where service workers are blocked
  const first = registration.active ? null : registration.installing;
  if (first) await untilState(first, "activated");
  if (first?.state === "redundant") throw new Error("a file of the page did not come");
  const offer = () => tell({ text: "A new version of this page is ready.", action: { label: "Reload", run: () => void reloadToNewest() } });
  /** @param {ServiceWorker | null} coming */
  async function announce(coming) {
    if (!coming || !registration.active) return; // the first one: this page is of that version
    await untilState(coming, "installed");
    if (registration.waiting) offer();
  }
  void announce(registration.installing ?? registration.waiting);
  registration.addEventListener("updatefound", () => void announce(registration.installing));
  let asked = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || Date.now() - asked < UPDATE_EVERY) return;
    asked = Date.now();
    registration.update().catch(() => {}); // it is tried again another time
  });
  await navigator.serviceWorker.ready;
  registration.active?.postMessage("sweep");
  return registration;
}

/** Whether the browser has said that it will not clear what is kept here; null: it was not asked. */
async function isPersistent() {
  if (await navigator.storage?.persisted?.()) return true;
  try {
    return localStorage.getItem(PERSISTENT) === "refused" ? false : null;
  } catch {
    return null;
  }
}
async function askToPersist() {
  const granted = (await navigator.storage?.persist?.()) ?? false;
  try {
    localStorage.setItem(PERSISTENT, granted ? "granted" : "refused");
  } catch {
    return granted;
  }
  return granted;
}

/** Says in the foot what does not work. @param {HTMLElement} foot @param {() => void} onRetry */
function tellOfLoss(foot, onRetry) {
  const line = document.createElement("p");
  line.className = "offline";
  line.dataset.offline = "none";
  const words = document.createElement("span");
  words.textContent = "The page works with a network only: what keeps it offline could not be fetched.";
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Try again";
  again.addEventListener("click", () => {
    line.remove();
    onRetry();
  });
  line.append(words, again);
  foot.append(line);
}

/** @param {import("../../wasm/ntrace.d.ts").Bundle} bundle @param {HTMLElement} foot @param {boolean} mayKeep without being asked */
async function offerToKeep(bundle, foot, mayKeep) {
  const cache = await caches.open(bundleCacheOf(new URL("./", document.baseURI).href));
  let persistent = await isPersistent();
  /** @type {import("./keep.js").Kept | null} */
  let kept = null;
  const show = () => kept && control.update({ kept, persistent });
  const keeper = createKeeper(await partsOf(bundle), bundle, cache, (next) => {
    kept = next;
    show();
  });
  const control = createOfflineControl(foot, {
    async onKeep() {
      const asked = askToPersist().catch(() => false);
      await keeper.run();
      persistent = await asked;
      show();
    },
    onPause: keeper.pause,
    onRemove: () => void keeper.remove(),
  });
  await keeper.missing();
  await keeper.tidy();
  const saving = /** @type {any} */ (navigator).connection?.saveData === true;
  if (mayKeep && !saving && kept && /** @type {import("./keep.js").Kept} */ (kept).total <= KEPT_UNASKED) await keeper.run();
}

/**
 * @param {import("../../wasm/ntrace.d.ts").Bundle} bundle
 * @param {{ foot: HTMLElement, tell: (message: { text: string, action: { label: string, run: () => void } }) => void }} options
 */
export async function startOffline(bundle, { foot, tell }) {
  const build = buildHere();
  if (!build || !isSecureContext || !("caches" in globalThis) || !bundle.url) return;
  const lock = lockOf(pageCacheOf(new URL("./", document.baseURI).href, build));
  navigator.locks?.request(lock, { mode: "shared" }, () => new Promise(() => {})).catch(() => {}); // as long as this page is open
  if (!("serviceWorker" in navigator)) return;
  async function begin() {
    try {
      if (!(await register(tell))) return;
    } catch {
      return tellOfLoss(foot, () => void begin());
    }
    await offerToKeep(bundle, foot, true).catch(() => {}); // storage is refused to this page: it works online
  }
  await begin();
}
