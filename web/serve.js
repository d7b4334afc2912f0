/** A plain static server for this machine: `node serve.js FOLDER [PORT]`. Whole files, no listing, nothing outside the folder. */
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const compress = promisify(gzip);

/** @type {Record<string, string>} */
export const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** What hosts compress on the way; the chunks of a bundle are compressed already. */
const COMPRESSED = new Set([".html", ".js", ".css", ".json", ".svg", ".wasm", ".webmanifest"]);

/** @param {string} folder @param {string} url */
async function findFile(folder, url) {
  const path = normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
  const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
  if (file.includes("\0") || !file.startsWith(folder + sep)) return null;
  const found = await stat(file).catch(() => null);
  return found?.isFile() ? { file, size: found.size } : null;
}

/**
 * Serves a folder on localhost.
 * @param {string | (() => string)} folder a function is asked at each request
 * @param {number} [port] 0: any free one
 * @param {(path: string, bytes: number) => void} [onServed]
 * @param {(path: string) => number | undefined} [onAsked] may give a status to refuse with
 * @param {Record<string, string>} [more] headers of every answer
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export function serve(folder, port = 0, onServed = () => {}, onAsked = () => undefined, more = {}) {
  const server = createServer(async (request, response) => {
    const refused = onAsked(request.url ?? "/");
    if (refused) return void response.writeHead(refused, { "content-type": "text/plain" }).end(`refused: ${refused}\n`);
    const root = resolve(typeof folder === "string" ? folder : folder());
    const found = await findFile(root, request.url ?? "/").catch(() => null);
    if (!found || !["GET", "HEAD"].includes(request.method ?? "")) {
      response.writeHead(found ? 405 : 404, { "content-type": "text/plain", ...more }).end(found ? "only GET\n" : "no such file\n");
      return;
    }
    const type = TYPES[extname(found.file)] ?? "application/octet-stream";
    const headers = { "content-type": type, "cache-control": "no-cache", vary: "accept-encoding", ...more };
    if (COMPRESSED.has(extname(found.file)) && /\bgzip\b/.test(String(request.headers["accept-encoding"]))) {
      const body = await readFile(found.file).then(compress).catch(() => null);
      if (!body) return void response.destroy();
      response.writeHead(200, { ...headers, "content-encoding": "gzip", "content-length": body.length });
      if (request.method === "GET") onServed(request.url ?? "/", body.length);
      response.end(request.method === "HEAD" ? undefined : body);
      return;
    }
    response.writeHead(200, { ...headers, "content-length": found.size });
    if (request.method === "HEAD") return void response.end();
    onServed(request.url ?? "/", found.size);
    createReadStream(found.file).on("error", () => response.destroy()).pipe(response);
  });
  return new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", () => {
      const { port: taken } = /** @type {import("node:net").AddressInfo} */ (server.address());
      done({ url: `http://localhost:${taken}/`, close: () => (server.close(), server.closeAllConnections()) });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, port = "8000"] = process.argv.slice(2);
  try {
    const { url } = await serve(folder, Number(port));
    console.log(`Neighborhood Traces is at ${url} (Ctrl-C ends it)`);
  } catch (error) {
    const taken = /** @type {any} */ (error).code === "EADDRINUSE";
    console.error(taken ? `Port ${port} is in use: choose another, as in make serve PORT=8001` : String(error));
    process.exitCode = 1;
  }
}
