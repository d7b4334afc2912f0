/**
 * Packing synthetic sketches with the reference network: throughput, the processors' time and the most memory held, as the dataset grows.
 * node tests/bench/packing.mjs [COUNT...], by default 10,000, 30,000 and 100,000. The sketches are drawn once.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { folder, print, root, time } from "./table.mjs";

const GIB = 2 ** 30;
const HELD = 100000; // samples for which there are limits
const ntrace = join(root, "build/ntrace");
const TICKS = 100; // a second, of /proc

/** Draws so many sketches unless they are there. @param {number} count */
function sketches(count) {
  const path = `${folder}sketches-${count}`;
  if (existsSync(path)) return path;
  const { status, stderr } = spawnSync(ntrace, ["sketch", "--count", `${count}`, "--seed", "20261124", "-o", `${path}.new`], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  renameSync(`${path}.new`, path);
  return path;
}

/** What the kernel says of a process: the most bytes it held, and its milliseconds on all processors. @param {number} pid */
function look(pid) {
  const bytes = 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  return { bytes, busy: (1000 * (Number(fields[11]) + Number(fields[12]))) / TICKS };
}

/** Packs so many sketches, and says how long it took, how busy the processors were, and the most bytes held. @param {number} count @param {string} output */
export async function pack(count, output) {
  const images = sketches(count);
  rmSync(output, { recursive: true, force: true });
  rmSync(`${output}.packing`, { recursive: true, force: true });
  const started = performance.now();
  const child = spawn(ntrace, ["pack", "--images", images, "--model", join(root, "data/reference.safetensors"), "--synthetic", "--title", `${count} sketches`, "-o", output], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => (said = (said + text).slice(-2000)));
  const ended = new Promise((done) => child.on("close", done));
  let seen = { bytes: 0, busy: 0 };
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const now = look(/** @type {number} */ (child.pid));
      if (now.bytes > 0) seen = now;
    } catch {
      break; // it has just ended
    }
    await pause(200);
  }
  if ((await ended) !== 0) throw new Error(`packing ${count} sketches failed: ${said}`);
  return { took: performance.now() - started, ...seen };
}

const minutes = (/** @type {number} */ milliseconds) => `${(milliseconds / 60000).toFixed(1)} min`;
const gib = (/** @type {number} */ bytes) => `${(bytes / GIB).toFixed(2)} GiB`;
/** @param {number} count @param {{ took: number, busy: number, bytes: number }} packed */
export async function printPacking(count, { took, busy, bytes }) {
  const words = `${Math.round((1000 * count) / took)} sketches/s; ${minutes(busy)} of processors' time on ${cpus().length}`;
  await print(`packing ${count.toLocaleString("en")} sketches`, took < 60000 ? time(took) : minutes(took), words, count >= HELD ? { value: took, floor: 20 * 60000, atMost: true, show: minutes } : undefined);
  await print("  most memory held", gib(bytes), `${Math.round(bytes / count)} bytes a sketch`, count >= HELD ? { value: bytes, floor: 6 * GIB, atMost: true, show: gib } : undefined);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const count of process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10000, 30000, 100000]) {
    const output = `${folder}packed-${count}`;
    await printPacking(count, await pack(count, output));
    rmSync(output, { recursive: true, force: true });
  }
}
