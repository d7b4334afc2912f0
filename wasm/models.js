import { NtraceError } from "./errors.js";

/** The models of a bundle, as current.json lists them: see include/ntrace/models.h. @typedef {{ name: string, manifest: string }} Model */

const CURRENT_LIMIT = 1 << 16;
const MOST_MODELS = 64;
const MANIFEST_NAME = /^m\.[0-9a-f]{64}\.json$/;
const decoder = new TextDecoder();

/** @param {any} model */
const isModel = (model) => typeof model?.name === "string" && /^\P{Cc}{1,63}$/u.test(model.name) && MANIFEST_NAME.test(model.manifest);

/**
 * Reads the one file that changes.
 * @param {import("./source.js").Source} source @param {AbortSignal} [signal]
 * @returns {Promise<{ models: Model[], first: Model }>} first: the one that is opened where none is asked for
 */
export async function readModels(source, signal) {
  const bytes = await source.get("current.json", { signal, cache: "no-cache", limit: CURRENT_LIMIT });
  let current;
  try {
    current = JSON.parse(decoder.decode(bytes));
  } catch {
    throw new NtraceError("format", `current.json at ${source.base} is not JSON: there is no bundle at this address.`);
  }
  const { manifest, models = [{ name: "", manifest }] } = Object(current);
  if (!MANIFEST_NAME.test(manifest)) {
    throw new NtraceError("format", `current.json at ${source.base} names no manifest: expected {"manifest": "m.<sha256>.json"}.`);
  }
  const listed = current.models === undefined || (Array.isArray(models) && models.length <= MOST_MODELS && models.every(isModel) && new Set(models.map(({ name }) => name)).size === models.length);
  const first = listed && models.find((/** @type {Model} */ model) => model.manifest === manifest);
  if (!first) throw new NtraceError("format", `current.json at ${source.base} lists its models wrongly: expected names, each once, and their manifests.`);
  return { models, first };
}

/** The model of a name. @param {{ models: Model[], first: Model }} read @param {string} [name] absent: the first */
export function findModel({ models, first }, name) {
  if (name === undefined) return first;
  const found = models.find((model) => model.name === name);
  if (found) return found;
  const others = first.name === "" ? "one model without a name" : models.map((model) => model.name).join(", ");
  throw new NtraceError("argument", `There is no model named ${name} in this bundle: it holds ${others}.`);
}
