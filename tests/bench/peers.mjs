/** Peers in Python (peers.py), in a process of their own on one thread. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ONE_THREAD = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", NUMBA_NUM_THREADS: "1", PYTHONDONTWRITEBYTECODE: "1" };

export function startPeers() {
  const child = spawn("/usr/bin/python3", [fileURLToPath(new URL("peers.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...ONE_THREAD },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** @param {string} job @param {object} [request] @returns {Promise<any>} */
    async ask(job, request = {}) {
      child.stdin.write(`${JSON.stringify({ job, ...request })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`peers.py ended in ${job}`);
      return JSON.parse(value);
    },
    close: () => child.stdin.end(),
  };
}
