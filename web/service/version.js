/** Which version of the page this is, whether its server has another one by now, and how to get that. */

const PATIENCE = 4000;
const RENEWAL_PATIENCE = 8000;
const BUILD = /code\/([0-9a-f]{16})\/app\.js/;
const BUNDLE = /<meta name="bundle" content="([^"]*)">/;

/** This page's build; empty where it is in one file. */
export const buildHere = () => BUILD.exec(/** @type {HTMLScriptElement | null} */ (document.querySelector('script[type="module"][src]'))?.src ?? "")?.[1] ?? "";

/** The bundle that this page was deployed with, or null where it does not say. @returns {import("../../wasm/ntrace.d.ts").BundleVersion | null} */
export function bundleHere() {
  const text = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="bundle"]'))?.content;
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** Whether the server has another version; false where it does not answer. */
export async function isOutdated() {
  const build = buildHere();
  if (!build) return false;
  try {
    const response = await fetch(new URL("./", document.baseURI), { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE) });
    const text = await response.text();
    const there = BUILD.exec(text)?.[1];
    if (!response.ok || !there) return false;
    return there !== build || JSON.stringify(bundleIn(text)) !== JSON.stringify(bundleHere());
  } catch {
    return false;
  }
}

/** @param {string} page */
function bundleIn(page) {
  const text = BUNDLE.exec(page)?.[1].replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&amp;", "&");
  return text ? JSON.parse(text) : null;
}

/** Resolves when a service worker has come as far as this, or cannot. @param {ServiceWorker} worker @param {ServiceWorkerState} state @returns {Promise<void>} */
export const untilState = (worker, state) =>
  new Promise((resolve) => {
    const look = () => (worker.state === state || worker.state === "activated" || worker.state === "redundant") && resolve();
    worker.addEventListener("statechange", look);
    look();
  });

/** Has the newest version installed, and has it take over. @param {ServiceWorkerRegistration} registration */
async function renew(registration) {
  await registration.update().catch(() => {});
  const coming = registration.installing ?? registration.waiting;
  if (coming) {
    await untilState(coming, "installed");
    coming.postMessage("take over");
    await untilState(coming, "activated");
  } else if (registration.active) {
    const { port1, port2 } = new MessageChannel();
    const answered = new Promise((resolve) => (port1.onmessage = resolve));
    registration.active.postMessage("renew the page", [port2]);
    await answered;
  }
}

/** Opens the newest version of the page where this one is. */
export async function reloadToNewest() {
  const registration = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
  if (registration) await Promise.race([renew(registration), new Promise((resolve) => setTimeout(resolve, RENEWAL_PATIENCE))]);
  location.reload();
}
