/**
 * Fetches a large file so that nothing is lost when the line breaks: what came is kept beside it and gone on with, and what it should be is
 * recorded at first and checked ever after.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const ATTEMPTS = 6;
const QUIET_MILLISECONDS = 30000;

/**
 * What a file was when it was first fetched.
 * @typedef {{ url: string, bytes: number, sha256: string, md5?: string, crc32c?: string }} Recorded
 */
/** What is recorded, and the version (ETag) that each partial download is of. @typedef {{ files: Record<string, Recorded>, partial: Record<string, string> }} Lock */

/** Why a download cannot go on, in words for a person. */
export class DownloadError extends Error {}

/** A failure that may pass: the download is tried again. */
class Interruption extends Error {}

/** CRC-32C, RFC 3720, "Internet Small Computer Systems Interface", 2004, section 12.1: what Google's storage states of every file. */
const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** @param {number} crc of what came before, 0 at first @param {Uint8Array} bytes */
export function crc32c(crc, bytes) {
  let value = ~crc >>> 0;
  for (let i = 0; i < bytes.length; i++) value = CRC32C_TABLE[(value ^ bytes[i]) & 255] ^ (value >>> 8);
  return ~value >>> 0;
}

/** Bytes and hashes of a file; those of the storage host in its own writing, base64. @param {string} path */
export async function hashesOf(path) {
  const [sha256, md5] = [createHash("sha256"), createHash("md5")];
  let [bytes, crc] = [0, 0];
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    sha256.update(piece);
    md5.update(piece);
    crc = crc32c(crc, piece);
    bytes += piece.length;
  }
  const big = Buffer.alloc(4);
  big.writeUInt32BE(crc);
  return { bytes, sha256: sha256.digest("hex"), md5: md5.digest("base64"), crc32c: big.toString("base64") };
}

/** The hashes that a storage host states: `x-goog-hash: crc32c=..., md5=...`. @param {Headers} headers @returns {{ md5?: string, crc32c?: string }} */
export function statedHashes(headers) {
  const stated = (headers.get("x-goog-hash") ?? "").split(",").map((part) => /^\s*(md5|crc32c)=(\S+)\s*$/.exec(part)?.slice(1) ?? []);
  return Object.fromEntries(stated.filter((pair) => pair.length === 2));
}

/** @param {string} path @returns {Promise<Lock>} */
export async function readLock(path) {
  const text = await readFile(path, "utf8").catch((error) => {
    if (error.code === "ENOENT") return '{"files": {}, "partial": {}}';
    throw error;
  });
  try {
    const { files, partial } = JSON.parse(text);
    return { files: { ...files }, partial: { ...partial } };
  } catch {
    throw new DownloadError(`${path}: expected the checksums of earlier downloads as JSON, found something else. Remove it to have them recorded anew.`);
  }
}

/** Beside, then renamed. @param {string} path @param {Lock} lock */
async function writeLock(path, lock) {
  await writeFile(`${path}.new`, `${JSON.stringify(lock, null, 1)}\n`);
  await rename(`${path}.new`, path);
}

const sizeOf = (/** @type {string} */ path) => stat(path).then(({ size }) => size, () => 0);

/**
 * Brings a file here, unless it is here and is what was recorded.
 *
 * @param {object} task
 * @param {string} task.url
 * @param {string} task.path where the file is to be
 * @param {string} task.key its name in the lock
 * @param {string} task.lockPath
 * @param {(start: Uint8Array) => string | null} task.check what is wrong with a file that starts so, in words
 * @param {(text: string) => void} task.say
 * @param {(done: number, total: number | undefined) => void} [task.onBytes]
 * @returns {Promise<"kept" | "fetched">}
 */
export async function download(task) {
  const { path, key, lockPath, say } = task;
  await mkdir(dirname(path), { recursive: true });
  const lock = await readLock(lockPath);
  const recorded = lock.files[key];
  if ((await sizeOf(path)) > 0) {
    const found = recorded && (await hashesOf(path));
    if (found?.sha256 === recorded?.sha256 && recorded) return "kept";
    say(`${key}: ${recorded ? "is not what was recorded when it was first fetched" : "there is no record of this file"}: it is fetched again`);
  }
  const part = join(dirname(path), `.${basename(path)}.part`);
  const stated = await fetchAll(task, part, lock);
  const found = await hashesOf(part);
  await refuseOther(part, task, found, stated, recorded);
  await rename(part, path);
  delete lock.partial[key];
  lock.files[key] = { url: task.url, bytes: found.bytes, sha256: found.sha256, ...stated };
  await writeLock(lockPath, lock);
  return "fetched";
}

/** Throws, and drops the file, where it is not what its host or an earlier download says it is. @param {string} part @param {{ key: string, url: string, lockPath: string }} task @param {Record<string, any>} found @param {{ md5?: string, crc32c?: string }} stated @param {Recorded | undefined} recorded */
async function refuseOther(part, { key, url, lockPath }, found, stated, recorded) {
  const wrong = Object.entries(stated).find(([name, value]) => found[name] !== value);
  const other = recorded && recorded.sha256 !== found.sha256;
  if (!wrong && !other) return;
  await rm(part, { force: true });
  if (wrong) throw new DownloadError(`${key}: damaged on the way: its ${wrong[0]} is ${found[wrong[0]]}, its host states ${wrong[1]}. Try again.`);
  throw new DownloadError(`${key}: what ${url} gives now (SHA-256 ${found.sha256}) is not what was recorded first (${recorded?.sha256}). If it is meant to have changed, remove its entry from ${lockPath}.`);
}

/** Fetches until all is there, waiting a little longer after each interruption. @param {Parameters<typeof download>[0]} task @param {string} part @param {Lock} lock */
async function fetchAll(task, part, lock) {
  let kept = await sizeOf(part);
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchRest(task, part, lock);
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      const came = await sizeOf(part);
      if (came > kept) attempt = 1; // it gets on: patience begins anew
      kept = came;
      if (attempt === ATTEMPTS) throw new DownloadError(`${task.key}: ${error.message}, ${ATTEMPTS} times. What came is kept: run the same command again to go on.`);
      task.say(`${task.key}: ${error.message}; going on after ${came} bytes`);
      await new Promise((done) => setTimeout(done, 250 * 2 ** attempt));
    }
  }
}

/** Asks for what is missing; a host without Range gives it all, and so does one whose file has changed. @param {Parameters<typeof download>[0]} task @param {string} part @param {Lock} lock */
async function fetchRest({ url, key, lockPath, check, onBytes }, part, lock) {
  const control = new AbortController();
  let timer = setTimeout(() => control.abort(), QUIET_MILLISECONDS);
  const version = lock.partial[key];
  const from = version ? await sizeOf(part) : 0;
  /** @type {Record<string, string>} */
  const range = from > 0 ? { range: `bytes=${from}-`, "if-range": version } : {};
  try {
    const response = await fetch(url, { signal: control.signal, headers: { "accept-encoding": "identity", ...range } });
    if (response.status === 416) {
      await rm(part, { force: true });
      throw new Interruption("the host has less of it than came before");
    }
    refuse(response, key, url);
    const start = response.status === 206 ? startOf(response, from) : 0;
    const total = totalOf(response, start);
    await remember(lock, key, lockPath, versionOf(response.headers));
    const file = await open(part, start > 0 ? "r+" : "w");
    try {
      let at = start;
      for await (const piece of /** @type {AsyncIterable<Uint8Array>} */ (/** @type {unknown} */ (response.body ?? []))) {
        const problem = at === 0 ? check(piece) : null;
        if (problem) throw new DownloadError(`${key}: ${problem} (${url})`);
        await file.write(piece, 0, piece.length, at);
        at += piece.length;
        onBytes?.(at, total);
        clearTimeout(timer);
        timer = setTimeout(() => control.abort(), QUIET_MILLISECONDS);
      }
      await file.truncate(at);
      if (total !== undefined && at !== total) throw new Interruption(`the line broke at ${at} of ${total} bytes`);
      return statedHashes(response.headers);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof DownloadError || error instanceof Interruption || /** @type {any} */ (error).code === "ENOSPC") throw error;
    if (control.signal.aborted) throw new Interruption(`nothing came for ${QUIET_MILLISECONDS / 1000} seconds`);
    const cause = /** @type {any} */ (error).cause ?? error;
    throw new Interruption(`the connection failed (${cause.code ?? cause.message})`);
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Response} response @param {string} key @param {string} url */
function refuse(response, key, url) {
  const { status } = response;
  if (status === 200 || status === 206) return;
  if (status === 429 || status >= 500) throw new Interruption(`the host answers ${status}`);
  const missing = status === 404 || status === 403 || status === 410; // Google's storage answers 403 for what it does not hold, where nobody may list
  throw new DownloadError(`${key}: ${missing ? "is not there: is its name written as in the official list of categories?" : "was refused:"} The host answers ${status} (${url}).`);
}

/** Where a part that was asked for begins; it must be where the file here ends. @param {Response} response @param {number} from */
function startOf(response, from) {
  const start = Number(/^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1]);
  if (start !== from) throw new Interruption("the host gave another part than was asked for");
  return start;
}

/** @param {Response} response @param {number} start @returns {number | undefined} */
function totalOf(response, start) {
  const stated = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
  if (stated) return Number(stated);
  const length = response.headers.get("content-length");
  return length === null ? undefined : start + Number(length);
}

/** What a host calls this version of a file, as If-Range takes it: no weak tag, of which two may differ in bytes. @param {Headers} headers */
function versionOf(headers) {
  const tag = headers.get("etag");
  return tag && !tag.startsWith("W/") ? tag : headers.get("last-modified");
}

/** Which version the part is of; without a name for it nothing can be gone on with. @param {Lock} lock @param {string} key @param {string} lockPath @param {string | null} version */
async function remember(lock, key, lockPath, version) {
  if (version) lock.partial[key] = version;
  else delete lock.partial[key];
  await writeLock(lockPath, lock);
}
