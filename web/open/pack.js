/// <reference path="./packer.d.ts" />
/** Packs activations into a bundle: the command line's own code, on the files as they lie. */
import createPacker from "packer";

import { features } from "../../wasm/core.js";
import { createSource } from "../../wasm/source.js";
import { nameOf } from "./sort.js";

/** @typedef {import("./sort.js").Sorted} Sorted */

const LAYERS = "/layers";
const GIVEN = "/given";
const BUNDLE = "/bundle";

/** All files below a folder. @param {any} files @param {string} folder @param {string} path @returns {[string, Blob][]} */
function readFolder(files, folder, path = "") {
  const names = files.readdir(`${folder}/${path}`).filter((/** @type {string} */ name) => !/^\.\.?$/.test(name));
  return names.flatMap((/** @type {string} */ name) => {
    const inner = `${path}${name}`;
    if (files.isDir(files.stat(`${folder}/${inner}`).mode)) return readFolder(files, folder, `${inner}/`);
    return [[inner, new Blob([files.readFile(`${folder}/${inner}`)])]];
  });
}

/** What the command said was wrong: its lines up to the one that ends it. @param {string[]} lines */
function wordsOf(lines) {
  const last = lines.findIndex((line) => line.startsWith("ntrace pack: "));
  const said = lines.slice(0, last < 0 ? lines.length : last + 1).filter((line) => line.trim() !== "");
  return said.map((line) => line.replace("ntrace pack: ", "").replaceAll(`${LAYERS}/`, "").replaceAll(`${GIVEN}/`, "")).join("\n") || "Packing failed without a word.";
}

/**
 * @param {Sorted} sorted @param {URL} engine the folder of the engine's builds @param {(progress: { label: string, done: number }) => void} onProgress
 * @returns {Promise<Map<string, Blob>>} the bundle's files; throws, in words, what is wrong with the files given
 */
export async function pack({ layers, roles, title }, engine, onProgress) {
  const variant = features().simd ? "simd" : "scalar";
  onProgress({ label: "fetching the packer", done: 0 });
  const wasmBinary = await createSource(engine.href).get(`pack-${variant}.wasm`);
  /** @type {string[]} */
  const lines = [];
  const packer = await createPacker({
    wasmBinary,
    onProgress: (/** @type {string} */ label, /** @type {number} */ done) => onProgress({ label, done }),
    print: () => {},
    printErr: (/** @type {string} */ line) => lines.push(line),
  });
  const given = Object.entries(roles);
  for (const [folder, files] of /** @type {[string, import("./sort.js").Held[]][]} */ ([[LAYERS, layers], [GIVEN, given.map(([, file]) => file)]])) {
    packer.FS.mkdir(folder);
    packer.FS.mount(packer.WORKERFS, { blobs: files.map(({ path, blob }) => ({ name: nameOf(path), data: blob })) }, folder);
  }
  const options = given.flatMap(([role, { path }]) => [`--${role}`, `${GIVEN}/${nameOf(path)}`]);
  const status = packer.callMain(["--activations", LAYERS, ...options, "--title", title || "Activations", "--source", "files opened in a browser", "-o", BUNDLE]);
  if (status !== 0) throw new Error(wordsOf(lines));
  return new Map(readFolder(packer.FS, BUNDLE));
}
