/** A server that fails: an address /<fault>/<what>/… is the folder's, where the files that `what` names fail in this way until it is healed. */
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
  /** @type {Set<string>} */
  const healed = new Set();
  /** When a fault was met first. @type {Map<string, number>} */
  const met = new Map();
  const server = createServer(async (request, response) => {
    const [, fault, name, path] = /^\/(\w+)\/(\w+)\/([^?]*)/.exec(request.url ?? "") ?? [];
    const body = path === undefined ? null : await readFile(join(folder, path || "index.html")).catch(() => null);
    if (!body) return void ANSWERS[404](response, Buffer.alloc(0), "");
    const isFaulty = what[name].test(path) && !healed.has(`${fault} ${name}`);
    if (isFaulty && !met.has(`${fault} ${name}`)) met.set(`${fault} ${name}`, performance.now());
    ANSWERS[isFaulty ? fault : "good"](response, body, path ? (TYPES[extname(path)] ?? "application/octet-stream") : "text/html");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    /** @param {string} fault @param {string} name */
    addressOf: (fault, name) => `http://localhost:${port}/${fault}/${name}/`,
    /** @param {string} fault @param {string} name */
    heal: (fault, name) => void healed.add(`${fault} ${name}`),
    /** Milliseconds on this process' clock. @param {string} fault @param {string} name */
    metAt: (fault, name) => met.get(`${fault} ${name}`) ?? Infinity,
    close: () => (server.close(), server.closeAllConnections()),
  };
}
