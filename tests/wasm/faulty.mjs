/** A server that fails: an address /<fault>/<what>/… is the folder's, where the files that `what` names fail in this way until it is healed or fails otherwise. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

import { TYPES } from "../../web/serve.js";

/** Those that cannot be told from a good answer, and those that must be told to the reader. */
export const HARMLESS = ["mime", "nolength", "gzip"];
export const HARMFUL = ["404", "403", "429", "500", "reset", "stall", "half", "html"];

/** @type {Record<string, (response: import("node:http").ServerResponse, body: Buffer, type: string) => void>} */
const ANSWERS = {
  404: (response) => response.writeHead(404, { "content-type": "text/plain" }).end("no"),
  403: (response) => response.writeHead(403, { "content-type": "text/plain" }).end("no"),
  429: (response) => response.writeHead(429, { "content-type": "text/plain", "retry-after": "120" }).end("slower"),
  500: (response) => response.writeHead(500, { "content-type": "text/plain" }).end("broken"),
  reset: (response) => response.destroy(),
  stall: () => {},
  half(response, body, type) {
    response.writeHead(200, { "content-type": type, "content-length": body.length });
    response.write(body.subarray(0, body.length >> 1), () => setTimeout(() => response.destroy(), 20));
  },
  html: (response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Home</title><p>Welcome to our host"),
  mime: (response, body) => response.writeHead(200, { "content-type": "text/plain", "content-length": body.length }).end(body),
  nolength(response, body, type) {
    response.writeHead(200, { "content-type": type });
    response.write(body.subarray(0, body.length >> 1));
    response.end(body.subarray(body.length >> 1));
  },
  gzip: (response, body, type) => response.writeHead(200, { "content-type": type, "content-encoding": "gzip" }).end(gzipSync(body)),
  good: (response, body, type) => response.writeHead(200, { "content-type": type, "content-length": body.length }).end(body),
};

/** @param {string} folder @param {Record<string, RegExp>} what paths by name */
export async function serveFaulty(folder, what) {
  /** How they fail by now, where that has changed. @type {Map<string, string>} */
  const changed = new Map();
  /** When a fault was met first. @type {Map<string, number>} */
  const met = new Map();
  const server = createServer(async (request, response) => {
    const [, fault, name, path] = /^\/(\w+)\/(\w+)\/([^?]*)/.exec(request.url ?? "") ?? [];
    const body = path === undefined ? null : await readFile(join(folder, path || "index.html")).catch(() => null);
    if (!body) return void ANSWERS[404](response, Buffer.alloc(0), "");
    const key = `${fault} ${name}`;
    const isFaulty = what[name].test(path);
    if (isFaulty && !met.has(key)) met.set(key, performance.now());
    ANSWERS[isFaulty ? (changed.get(key) ?? fault) : "good"](response, body, path ? (TYPES[extname(path)] ?? "application/octet-stream") : "text/html");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = `http://localhost:${port}/`;
  return {
    url,
    /** @param {string} fault @param {string} name */
    addressOf: (fault, name) => `${url}${fault}/${name}/`,
    /** From now on they fail in another way. @param {string} fault @param {string} name @param {string} other */
    change(fault, name, other) {
      changed.set(`${fault} ${name}`, other);
      met.delete(`${fault} ${name}`);
    },
    /** @param {string} fault @param {string} name */
    heal(fault, name) {
      this.change(fault, name, "good");
    },
    /** When the fault was met first, in milliseconds on this process' clock; undefined before that. @param {string} fault @param {string} name @returns {any} */
    metAt: (fault, name) => met.get(`${fault} ${name}`),
    close: () => (server.close(), server.closeAllConnections()),
  };
}
