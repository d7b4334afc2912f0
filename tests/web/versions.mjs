/** Versions of the site that differ in every file, and a server that goes from one to the next while pages load. */
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { serve } from "../../web/serve.js";
import { siteFolder, testBundleFolder } from "./browser.mjs";

/** @param {string | Uint8Array} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** An empty custom section named "next": it changes the module's bytes and nothing else. */
const WASM_SECTION = Buffer.from([0, 5, 4, ...Buffer.from("next")]);

/** @param {string} folder @returns {Promise<string[]>} paths below it */
async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(/** @type {any} */ (entry).parentPath ?? entry.path, entry.name));
}

/** Gives the bundle another title, and so another manifest. @param {string} bundle @param {string} title @returns {Promise<string>} what its current.json says */
async function retitle(bundle, title) {
  const pointer = JSON.parse(await readFile(join(bundle, "current.json"), "utf8"));
  const manifest = JSON.parse(await readFile(join(bundle, pointer.manifest), "utf8"));
  manifest.dataset.title = title;
  manifest.dataset.synthetic = false;
  const text = JSON.stringify(manifest);
  await rm(join(bundle, pointer.manifest));
  const name = `m.${sha256(text)}.json`;
  await writeFile(join(bundle, name), text);
  await writeFile(join(bundle, "current.json"), JSON.stringify({ manifest: name }));
  return JSON.stringify({ manifest: name });
}

/**
 * A copy of the site as another version: with another identity, each script and module with other bytes, the bundle with this title.
 * @param {string} title @returns {Promise<{ folder: string, build: string, title: string }>}
 */
export async function makeVersion(title) {
  const folder = await mkdtemp(join(tmpdir(), "ntrace-version-"));
  await cp(siteFolder, folder, { recursive: true, filter: (path) => path !== join(siteFolder, "bundle") });
  await cp(testBundleFolder, join(folder, "bundle"), { recursive: true });
  const pointer = await retitle(join(folder, "bundle"), title);
  const [old] = await readdir(join(folder, "code"));
  const build = sha256(old + title).slice(0, 16);
  await rename(join(folder, "code", old), join(folder, "code", build));
  /** Old hash to new one. @type {Map<string, string>} */
  const hashes = new Map();
  const files = await filesBelow(join(folder, "code"));
  const change = async (/** @type {string} */ file, /** @type {(bytes: Buffer) => Uint8Array | string} */ how) => {
    const bytes = await readFile(file);
    const next = how(bytes);
    hashes.set(sha256(bytes), sha256(next));
    await writeFile(file, next);
  };
  const renamed = (/** @type {Buffer} */ bytes) => [...hashes].reduce((text, [was, is]) => text.replaceAll(was, is), String(bytes)).replaceAll(old, build);
  for (const file of files.filter((name) => name.endsWith(".wasm"))) await change(file, (bytes) => Buffer.concat([bytes, WASM_SECTION]));
  for (const file of files.filter((name) => name.endsWith(".js"))) await change(file, (bytes) => `${renamed(bytes)}\n// ${title}\n`);
  for (const file of files.filter((name) => name.endsWith(".css"))) await change(file, (bytes) => `${bytes}\n/* ${title} */\n`);
  for (const name of ["sw.js", "index.html"]) await writeFile(join(folder, name), renamed(await readFile(join(folder, name))));
  const index = await readFile(join(folder, "index.html"), "utf8");
  await writeFile(join(folder, "index.html"), index.replace(/<meta name="bundle" content="[^"]*">/, `<meta name="bundle" content="${pointer.replaceAll('"', "&quot;")}">`));
  return { folder, build, title };
}

/** @typedef {Awaited<ReturnType<typeof makeVersion>>} Version */

/**
 * Serves one version and then, from a request on, another one.
 * @param {Version} first
 */
export async function serveVersions(first) {
  let folder = first.folder;
  /** @type {{ after: number, version: Version } | null} */
  let coming = null;
  /** @type {{ path: string, folder: string }[]} */
  const asked = [];
  /** Answers instead of the folder's files where it gives a status. @type {(path: string) => number | undefined} */
  let fault = () => undefined;
  const server = await serve(() => folder, 0, undefined, (path) => {
    if (coming && asked.length >= coming.after) [folder, coming] = [coming.version.folder, null];
    asked.push({ path, folder });
    return fault(path);
  });
  return {
    url: server.url,
    asked,
    close: server.close,
    /** From now on. @param {Version} version */
    deploy: (version) => void (folder = version.folder),
    /** From the n-th of the requests to come on. @param {Version} version @param {number} requests */
    deployAfter(version, requests) {
      asked.length = 0;
      coming = { after: requests, version };
    },
    /** @param {typeof fault} next */
    fail: (next) => void (fault = next),
  };
}
