/** Keeps a bundle's files in this browser, one by one, so that it can be broken off anywhere and goes on from there. */
import { sha256 } from "../../wasm/sha256.js";
import { createSource, getSound } from "../../wasm/source.js";
import { NtraceError } from "../../wasm/errors.js";
import { hashNameOf } from "./names.js";

/** @typedef {{ file: string, bytes: number }} Part */
/** @typedef {{ bytes: number, total: number, stage: "part" | "busy" | "whole", error: NtraceError | null }} Kept bytes: so many are here */

/** @param {string} path @param {Uint8Array} bytes */
async function check(path, bytes) {
  const expected = /** @type {{ sha256: string, type: string }} */ (hashNameOf(`/${path}`));
  if (!(await sha256(bytes)).startsWith(expected.sha256)) throw new NtraceError("damaged", `${path}: damaged: its SHA-256 is not the one in its name.`);
  return new Response(/** @type {BodyInit} */ (bytes), { headers: { "content-type": expected.type, "content-length": `${bytes.length}` } });
}

/** All files of a bundle but current.json, the manifest first. @param {import("../../wasm/ntrace.d.ts").Bundle} bundle @returns {Promise<Part[]>} */
export async function partsOf(bundle) {
  const { models = [], manifest } = bundle.version;
  const names = models.length > 0 ? models.map((model) => model.manifest) : [manifest];
  const manifests = models.length > 0 ? await Promise.all(models.map(({ name }) => bundle.manifestOf(name))) : [bundle.manifest];
  const chunks = new Map(manifests.flatMap(({ chunks: all }) => all.map(({ file, bytes }) => [file, bytes])));
  return [...names.map((file) => ({ file, bytes: 0 })), ...Array.from(chunks, ([file, bytes]) => ({ file, bytes }))];
}

/**
 * @param {Part[]} parts @param {import("../../wasm/ntrace.d.ts").Bundle} bundle @param {Cache} cache
 * @param {(kept: Kept) => void} onChange
 */
export function createKeeper(parts, { url: base, version }, cache, onChange) {
  const source = createSource(base);
  const addressOf = (/** @type {Part} */ { file }) => new URL(file, base).href;
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  /** @type {AbortController | null} */
  let control = null;
  /** @type {Kept} */
  let state = { bytes: 0, total, stage: "part", error: null };
  /** @param {Partial<Kept>} change */
  function tell(change) {
    state = { ...state, ...change };
    onChange(state);
  }

  /** What is not here yet. */
  async function missing() {
    const here = new Set((await cache.keys()).map(({ url }) => url));
    const left = parts.filter((part) => !here.has(addressOf(part)));
    tell({ bytes: total - left.reduce((sum, { bytes }) => sum + bytes, 0), stage: left.length === 0 ? "whole" : control ? "busy" : "part" });
    return left;
  }

  /** @param {AbortSignal} signal */
  async function work(signal) {
    for (const part of await missing()) {
      const before = state.bytes;
      const onBytes = (/** @type {number} */ got) => tell({ bytes: Math.min(before + got, before + part.bytes) });
      const sound = await getSound(source, part.file, { signal, onBytes }, (bytes) => check(part.file, bytes));
      try {
        await cache.put(addressOf(part), sound);
      } catch {
        throw new NtraceError("io", "There is no room left for it in this browser.", "Free some storage on this device and go on.");
      }
      tell({ bytes: before + part.bytes });
    }
    const pointer = new URL("current.json", base).href;
    if (!(await cache.match(pointer))) await cache.put(pointer, new Response(JSON.stringify(version), { headers: { "content-type": "application/json" } }));
    control = null;
    await missing();
  }

  return {
    missing,
    /** Goes on with what is missing. */
    async run() {
      if (control) return;
      const mine = new AbortController();
      control = mine;
      tell({ stage: "busy", error: null });
      try {
        await work(mine.signal);
      } catch (error) {
        if (control === mine) control = null;
        await missing().catch(() => {});
        tell({ stage: "part", error: /** @type {NtraceError} */ (error).code === "cancelled" ? null : /** @type {NtraceError} */ (error) });
      }
    },
    pause() {
      control?.abort();
    },
    async remove() {
      await Promise.all(parts.map((part) => cache.delete(addressOf(part))));
      await missing();
    },
    /** Drops files of earlier versions of this bundle. */
    async tidy() {
      const own = new Set(parts.map(addressOf));
      for (const { url } of await cache.keys()) if (url.startsWith(base) && !url.endsWith("/current.json") && !own.has(url)) await cache.delete(url);
    },
  };
}

/** @typedef {ReturnType<typeof createKeeper>} Keeper */
