/** The small bundle that the Makefile packs for tests, read from files as a browser would fetch it. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { openEngine } from "../../wasm/engine.js";
import { loadCore } from "../../wasm/loader.js";
import { createSource } from "../../wasm/source.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

export const variants = /** @type {const} */ (["simd", "scalar"]);
export const bundleFolder = join(root, "build/tests/bundle");
/** Several models of the same samples, as make_models.mjs makes them. */
export const modelsFolder = join(root, "build/tests/models");
export const ntrace = join(root, "build/ntrace");
export const referenceFolder = join(root, "tests/reference");

/** @param {string} file such as "ntrace-simd.wasm" */
export const readBuild = (file) => readFile(join(root, "build/site/engine", file));

/** @param {"simd" | "scalar"} variant */
export async function startCore(variant) {
  return (await loadCore(readBuild, variant)).core;
}

/**
 * A fetch that answers from a folder. `change` may look at each answer and give another one, or throw.
 * @param {string} folder
 * @param {(path: string, bytes: Buffer | null, init: RequestInit, requests: string[]) => any} [change]
 */
export function folderFetch(folder, change = (_, bytes) => bytes) {
  /** @type {string[]} */
  const requests = [];
  const answer = async (/** @type {string} */ url, /** @type {RequestInit} */ init = {}) => {
    const path = new URL(url).pathname.slice(1);
    requests.push(path);
    const stored = await readFile(join(folder, path)).catch(() => null);
    const body = await change(path, stored, init, requests);
    if (init.signal?.aborted) throw new DOMException("aborted", "AbortError");
    return body === null ? new Response("no such file", { status: 404 }) : new Response(body);
  };
  return Object.assign(/** @type {any} */ (answer), { requests });
}

/** @param {any} fetch @param {number} [quietMilliseconds] */
export const sourceOf = (fetch, quietMilliseconds) => createSource("http://bundle.test/", { fetch, quietMilliseconds });

/**
 * @param {"simd" | "scalar"} variant
 * @param {{ change?: Parameters<typeof folderFetch>[1], quietMilliseconds?: number, options?: import("../../wasm/ntrace.d.ts").CallOptions }} [how]
 */
export async function openTestBundle(variant, { change, quietMilliseconds, options } = {}) {
  const fetch = folderFetch(bundleFolder, change);
  const engine = await openEngine(await startCore(variant), sourceOf(fetch, quietMilliseconds), options);
  return { engine, requests: fetch.requests };
}

/** The bytes with one bit turned over. @param {Buffer} bytes @param {number} [at] */
export function flipped(bytes, at = bytes.length >> 1) {
  const copy = Buffer.from(bytes);
  copy[at] ^= 1;
  return copy;
}

/** A `change` that answers a changed manifest, under the name that fits it. @param {(manifest: any) => void} edit */
export function withManifest(edit) {
  let changed = "";
  return async (/** @type {string} */ path, /** @type {Buffer | null} */ bytes) => {
    if (path !== "current.json") return path.startsWith("m.") ? Buffer.from(changed) : bytes;
    const manifest = JSON.parse(await readFile(join(bundleFolder, JSON.parse(String(bytes)).manifest), "utf8"));
    edit(manifest);
    changed = JSON.stringify(manifest);
    return JSON.stringify({ manifest: `m.${createHash("sha256").update(changed).digest("hex")}.json` });
  };
}
