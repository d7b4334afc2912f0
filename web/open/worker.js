/**
 * Reads files that come from anywhere, in a worker that is thrown away afterwards. Message in: { files }, as sort.js takes them. Messages
 * out: any number of { progress }, then { bundle, unused }, the files of a bundle, or { error }, words.
 */
import { pack } from "./pack.js";
import { sortFiles } from "./sort.js";
import { isArchive, unzip } from "./unzip.js";

/** @typedef {import("./sort.js").Held} Held */

/** @param {{ label: string, done: number }} progress */
const tell = (progress) => self.postMessage({ progress });

/** @param {Held[]} files archives are replaced by what is in them */
async function unpack(files) {
  /** @type {Held[]} */
  const found = [];
  for (const file of files) {
    if (/\.(npy|safetensors|json|bin)$/i.test(file.path) || !(await isArchive(file.blob))) found.push(file);
    else found.push(...(await unzip(file, (done) => tell({ label: `taking ${file.path} apart`, done }))));
  }
  return found;
}

/** @param {Held[]} files */
async function open(files) {
  const sorted = sortFiles(await unpack(files));
  const bundle = sorted.bundle ?? (await pack(sorted, new URL("./engine/", import.meta.url), tell));
  self.postMessage({ bundle, unused: sorted.bundle ? [] : sorted.unused });
}

self.onmessage = async ({ data }) => {
  try {
    await open(data.files);
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};
