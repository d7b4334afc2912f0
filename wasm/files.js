import { NtraceError, throwIfCancelled } from "./errors.js";

/**
 * Files that are at hand, as dropped onto a page: the source of a bundle that comes from nowhere else.
 * @param {ReadonlyMap<string, Blob>} files by their path in the bundle's folder: "current.json", "c/….bin"
 * @returns {import("./source.js").Source}
 */
export function createFileSource(files) {
  return {
    base: "",
    async get(path, { signal, onBytes, limit = Infinity } = {}) {
      throwIfCancelled(signal);
      const file = files.get(path);
      if (!file) throw new NtraceError("missing", `${path} is missing among the files.`, "Take the bundle's folder as a whole, with everything in it.");
      if (file.size > limit) throw new NtraceError("damaged", `${path} is longer than the ${limit} bytes that were expected.`);
      let bytes;
      try {
        bytes = new Uint8Array(await file.arrayBuffer());
      } catch {
        throw new NtraceError("io", `${path} cannot be read any more: it was moved or changed.`, "Choose the files again.");
      }
      throwIfCancelled(signal);
      onBytes?.(bytes.length);
      return bytes;
    },
  };
}
