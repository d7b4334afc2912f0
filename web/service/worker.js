/**
 * The service worker: keeps one build of the page whole, and whatever of a bundle comes by. A new build is installed beside the old
 * one, file by file and each checked, and takes over when it is complete and no page of the old one is left, or when the reader asks
 * for it; pages of an old build get their own files as long as one of them is open.
 */
import { features } from "../../wasm/core.js";
import { CURRENT, bundleCacheOf, hashNameOf, hex, lockOf, pageCacheOf, pagePrefixOf } from "./names.js";

/** @typedef {{ path: string, sha256: string, type: string }} File */

/** What web/build.js fills in: the build's identity and its files. @type {{ build: string, files: File[] }} */
const SITE = NTRACE_SITE;
const worker = /** @type {any} */ (self);
const root = new URL("./", worker.location.href).href;
const OWN = pageCacheOf(root, SITE.build);
const BUNDLES = bundleCacheOf(root);
const INDEX = new URL("index.html", root).href;
/** Modules that this browser has no use for. */
const USELESS = features().simd ? /-scalar\.wasm$/ : /-simd\.wasm$/;
const files = new Map(SITE.files.map((file) => [new URL(file.path, root).href, file]));
const AT_ONCE = 4;
const POINTER_MILLISECONDS = 2500;
const INSTALL_MILLISECONDS = 60000;

/** @param {ArrayBuffer} bytes */
const sha256 = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));

/** A response that comes in time. @param {RequestInfo} request @param {RequestInit} init @param {number} milliseconds */
const fetchWithin = (request, init, milliseconds) => fetch(request, { ...init, signal: AbortSignal.timeout(milliseconds) });

/** The file as it should be, or null. @param {Response} response @param {{ sha256: string, type: string }} expected a hash, or its beginning @returns {Promise<Response | null>} */
async function checked(response, { sha256: hash, type }) {
  if (!response.ok) return null;
  const bytes = await response.arrayBuffer();
  return (await sha256(bytes)).startsWith(hash) ? new Response(bytes, { headers: { "content-type": type, "content-length": `${bytes.byteLength}` } }) : null;
}

/** Puts what may be kept into a cache; without room for it all works as before. @param {Cache} cache @param {string} url @param {Response} response */
const keep = (cache, url, response) => cache.put(url, response).catch(() => {});

/** Fetches a file of this build into its cache. @param {Cache} cache @param {string} url @param {File} file */
async function install(cache, url, file) {
  if (await cache.match(url)) return;
  for (const mode of /** @type {RequestCache[]} */ (["default", "reload"])) {
    const sound = await checked(await fetchWithin(url, { cache: mode }, INSTALL_MILLISECONDS), file);
    if (sound) return cache.put(url, sound);
  }
  throw new Error(`${url} is not what this version was built with`);
}

/** The page itself, which names its build and holds the still story beside. @param {Cache} cache */
async function installIndex(cache) {
  const response = await fetchWithin(root, { cache: "no-cache" }, INSTALL_MILLISECONDS);
  const text = await response.text();
  if (!response.ok || !text.includes(`"code/${SITE.build}/app.js"`)) throw new Error("the page is of another version");
  await cache.put(INDEX, new Response(text, { headers: { "content-type": "text/html; charset=utf-8" } }));
}

async function installAll() {
  const cache = await caches.open(OWN);
  const waiting = [...files].filter(([url]) => !USELESS.test(url));
  const take = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await install(cache, ...next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  await installIndex(cache);
}

/** Removes builds of which no page is open any more: each holds a lock. */
async function sweep() {
  const { held = [] } = await worker.navigator.locks.query();
  const open = new Set(held.map((/** @type {LockInfo} */ { name }) => name));
  for (const name of await caches.keys()) {
    if (name.startsWith(pagePrefixOf(root)) && name !== OWN && !open.has(lockOf(name))) await caches.delete(name);
  }
}

/** What a cache holds, if it is sound; what is not is dropped. @param {Cache} cache @param {string} url @param {{ sha256: string, type: string }} expected */
async function kept(cache, url, expected) {
  const found = await cache.match(url);
  if (!found) return null;
  const sound = await checked(found, expected);
  if (!sound) await cache.delete(url);
  return sound;
}

/** A file whose contents are known: from the cache, or fetched and kept. @param {FetchEvent} event @param {string} cacheName @param {{ sha256: string, type: string }} expected */
async function answerKnown(event, cacheName, expected) {
  const { request } = event;
  const cache = await caches.open(cacheName).catch(() => null);
  if (!cache) return fetch(request);
  if (request.cache === "reload") await cache.delete(request.url);
  const found = await kept(cache, request.url, expected);
  if (found) return found;
  const response = await fetch(request);
  const copy = response.clone();
  event.waitUntil(checked(copy, expected).then((sound) => sound && keep(cache, request.url, sound)));
  return response;
}

/** The bundle's one file that changes: as the server has it, or as it was last. @param {FetchEvent} event */
async function answerPointer({ request }) {
  const cache = await caches.open(BUNDLES).catch(() => null);
  try {
    const response = await fetchWithin(request, {}, POINTER_MILLISECONDS);
    const text = await response.clone().text();
    if (!response.ok || !JSON.parse(text).manifest) throw new Error("no pointer");
    if (cache) await keep(cache, request.url, new Response(text, { headers: { "content-type": "application/json" } }));
    return response;
  } catch {
    return (await cache?.match(request.url)) ?? fetch(request);
  }
}

/** The page of this build, as it was last; what stands in it of the bundle may have changed since. @param {FetchEvent} event */
async function answerPage(event) {
  const cache = await caches.open(OWN).catch(() => null);
  const found = await cache?.match(INDEX);
  if (!cache || !found) return fetch(event.request);
  event.waitUntil(installIndex(cache).catch(() => {}));
  return found;
}

/** A file of another build: of one that is open still. @param {FetchEvent} event */
async function answerOld({ request }) {
  return (await caches.match(request.url).catch(() => null)) ?? fetch(request);
}

/** A picture of the still story, which the living one covers soon. @param {FetchEvent} event */
async function answerPicture(event) {
  const cache = await caches.open(OWN).catch(() => null);
  try {
    const response = await fetch(event.request);
    if (response.ok && cache) event.waitUntil(keep(cache, event.request.url, response.clone()));
    return response;
  } catch (error) {
    const found = await cache?.match(event.request.url);
    if (found) return found;
    throw error;
  }
}

worker.oninstall = (/** @type {any} */ event) => event.waitUntil(installAll());
worker.onactivate = (/** @type {any} */ event) => event.waitUntil(Promise.all([worker.clients.claim(), sweep().catch(() => {})]));
worker.onmessage = (/** @type {any} */ event) => {
  if (event.data === "take over") worker.skipWaiting();
  if (event.data === "renew the page") {
    const renewed = caches.open(OWN).then(installIndex).catch(() => {});
    event.waitUntil(renewed.then(() => event.ports[0].postMessage("renewed")));
  }
  if (event.data === "sweep") event.waitUntil(sweep().catch(() => {}));
};
worker.onfetch = (/** @type {FetchEvent} */ event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(root)) return;
  const url = new URL(request.url);
  url.search = url.hash = "";
  const known = files.get(url.href);
  const hash = hashNameOf(url.pathname);
  if (request.mode === "navigate") {
    if (url.href === root || url.href === INDEX) event.respondWith(answerPage(event));
  } else if (known) event.respondWith(answerKnown(event, OWN, known));
  else if (hash) event.respondWith(answerKnown(event, BUNDLES, hash));
  else if (CURRENT.test(url.pathname)) event.respondWith(answerPointer(event));
  else if (url.href.startsWith(`${root}code/`)) event.respondWith(answerOld(event));
  else if (url.href.startsWith(`${root}still/`)) event.respondWith(answerPicture(event));
};
