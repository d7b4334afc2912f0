/** Takes archives apart, within limits: sizes are checked before and while they are inflated. */
import { BlobReader, ERR_ENCRYPTED, ZipReader, configure } from "@zip.js/zip.js/lib/zip-core-native.js";

/** @typedef {import("./sort.js").Held} Held */

const MOST_ENTRIES = 100000;
export const MOST_BYTES = 2 ** 31;
const SIGNATURE = 0x04034b50;

configure({ useWebWorkers: false });

/** Whether it begins as archives do. @param {Blob} blob */
export async function isArchive(blob) {
  return blob.size >= 22 && new DataView(await blob.slice(0, 4).arrayBuffer()).getUint32(0, true) === SIGNATURE;
}

/** Counts what comes out, and stops where it is more than was said. @param {string} path @param {number} said */
function limit(path, said) {
  let seen = 0;
  return new TransformStream({
    transform(/** @type {Uint8Array} */ chunk, control) {
      seen += chunk.length;
      if (seen > said) throw new Error(`${path} inflates to more than the ${said} bytes that the archive says.`);
      control.enqueue(chunk);
    },
  });
}

/** @param {import("@zip.js/zip.js").FileEntry} entry @param {string} path */
async function inflate(entry, path) {
  const counted = limit(path, entry.uncompressedSize);
  const [blob] = await Promise.all([new Response(counted.readable).blob(), entry.getData(counted.writable, { checkSignature: true })]);
  if (blob.size !== entry.uncompressedSize) throw new Error(`${path}: expected ${entry.uncompressedSize} bytes, found ${blob.size}.`);
  return blob;
}

/** @param {Held} archive @param {(done: number) => void} onProgress @returns {Promise<Held[]>} throws, in words, where it is damaged or too large */
export async function unzip({ path: archive, blob }, onProgress) {
  const reader = new ZipReader(new BlobReader(blob));
  try {
    const entries = (await reader.getEntries()).filter((entry) => !entry.directory);
    const bytes = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
    if (entries.length > MOST_ENTRIES) throw new Error(`expected at most ${MOST_ENTRIES} files, found ${entries.length}.`);
    if (bytes > MOST_BYTES) throw new Error(`expected at most ${MOST_BYTES} bytes in it, found ${bytes}: take it apart and choose the folder.`);
    /** @type {Held[]} */
    const files = [];
    for (const entry of entries) {
      files.push({ path: entry.filename, blob: await inflate(/** @type {import("@zip.js/zip.js").FileEntry} */ (entry), entry.filename) });
      onProgress(files.length / entries.length);
    }
    return files;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`${archive}: ${said === ERR_ENCRYPTED ? "it is encrypted" : said}`);
  } finally {
    await reader.close();
  }
}
