import { features, instantiate } from "./core.js";
import { NtraceError } from "./errors.js";

/** @typedef {"simd" | "scalar"} Variant */

/**
 * Loads a build of the engine: with SIMD where the browser has it and the build's self-test passes, else without.
 * @param {(file: string) => Promise<Uint8Array>} read gives a build's bytes
 * @param {"auto" | Variant} [variant]
 * @returns {Promise<{ core: import("./core.js").Core, variant: Variant }>}
 */
export async function loadCore(read, variant = "auto") {
  const { wasm, simd } = features();
  if (!wasm) throw new NtraceError("unsupported", "WebAssembly is switched off in this browser: nothing can be computed.");
  if (variant !== "auto") return loadVariant(read, variant);
  if (!simd) return loadVariant(read, "scalar");
  try {
    return await loadVariant(read, "simd");
  } catch (error) {
    if (!(error instanceof NtraceError) || !["unsupported", "crashed"].includes(error.code)) throw error;
    return loadVariant(read, "scalar");
  }
}

/** @param {(file: string) => Promise<Uint8Array>} read @param {Variant} variant */
async function loadVariant(read, variant) {
  const bytes = await read(`ntrace-${variant}.wasm`);
  return { core: await instantiate(/** @type {BufferSource} */ (bytes)), variant };
}
