import { NtraceError } from "./errors.js";

/** The models of a bundle, as current.json lists them: see include/ntrace/models.h. @typedef {{ name: string, manifest: string }} Model */

/** first: the one that is opened where none is asked for. @typedef {{ models: Model[], first: Model, version: import("./ntrace.d.ts").BundleVersion }} Models */

const CURRENT_LIMIT = 1 << 16;
const MOST_MODELS = 64;
const MANIFEST_NAME = /^m\.[0-9a-f]{64}\.json$/;
const decoder = new TextDecoder();

/** @param {any} model */
const isModel = (model) => typeof model?.name === "string" && /^\P{Cc}{1,63}$/u.test(model.name) && MANIFEST_NAME.test(model.manifest);

/**
 * Reads the one file that changes.
 * @param {import("./source.js").Source} source @param {RequestCache} cache @param {AbortSignal} [signal]
 * @returns {Promise<Models>}
 */
export async function readModels(source, cache, signal) {
  const text = decoder.decode(await source.get("current.json", { signal, cache, limit: CURRENT_LIMIT, anything: true }));
  try {
    return modelsIn(parse(text), source.base);
  } catch (error) {
    if (cache === "reload") throw error;
    return readModels(source, "reload", signal); // what a cache keeps may be damaged
  }
}

/** @param {string} text @returns {unknown} undefined: it is not JSON */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What current.json says, checked. @param {any} version @param {string} base where it is from @returns {Models} */
export function modelsIn(version, base) {
  if (version === undefined) throw new NtraceError("format", `current.json at ${base} is not JSON: there is no bundle at this address.`);
  const { manifest, models = [{ name: "", manifest }] } = Object(version);
  if (!MANIFEST_NAME.test(manifest)) {
    throw new NtraceError("format", `current.json at ${base} names no manifest: expected {"manifest": "m.<sha256>.json"}.`);
  }
  const listed = version.models === undefined || (Array.isArray(models) && models.length <= MOST_MODELS && models.every(isModel) && new Set(models.map(({ name }) => name)).size === models.length);
  const first = listed && models.find((/** @type {Model} */ model) => model.manifest === manifest);
  if (!first) throw new NtraceError("format", `current.json at ${base} lists its models wrongly: expected names, each once, and their manifests.`);
  return { models, first, version };
}

/** The model of a name. @param {Models} read @param {string} [name] absent: the first */
export function findModel({ models, first }, name) {
  if (name === undefined) return first;
  const found = models.find((model) => model.name === name);
  if (found) return found;
  const others = first.name === "" ? "one model without a name" : models.map((model) => model.name).join(", ");
  throw new NtraceError("argument", `There is no model named ${name} in this bundle: it holds ${others}.`);
}
