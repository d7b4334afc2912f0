/**
 * Whether a folder can be copied to any static host: `node check.js SITE` names what some host would refuse or change. No file is larger
 * than 16 MiB, names are plain, and no address begins at the root of a domain or names another one.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";

const FILE_BYTES = 16 * 2 ** 20;
const FILES = 20000;
/** What a page and a style sheet load by, and where a page's links go. */
const ADDRESS = /<([a-z]+)\b[^>]*?\s(?:src|href)="([^"#]+)"|\burl\(["']?([^"')]+)/g;

/** @param {string} site @returns {Promise<{ problems: string[], files: number, bytes: number }>} */
export async function checkSite(site) {
  const entries = await readdir(site, { withFileTypes: true, recursive: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(/** @type {any} */ (entry).parentPath ?? entry.path, entry.name)).sort();
  const names = new Set(paths.map((path) => relative(site, path)));
  /** @type {string[]} */
  const problems = [];
  let bytes = 0;
  for (const path of paths) {
    const name = relative(site, path);
    const { size } = await stat(path);
    bytes += size;
    if (size > FILE_BYTES) problems.push(`${name}: ${size} bytes are more than the ${FILE_BYTES} that every host takes`);
    if (!/^[\w.\-/]+$/.test(name)) problems.push(`${name}: expected a name of letters, digits, points and hyphens`);
    if ([".html", ".css"].includes(extname(name))) problems.push(...addressesOf(await readFile(path, "utf8"), name));
  }
  for (const needed of ["index.html", "404.html", "_headers", "bundle/current.json"]) if (!names.has(needed)) problems.push(`${needed} is missing`);
  if (names.size > FILES) problems.push(`${names.size} files are more than the ${FILES} that every host takes`);
  return { problems, files: names.size, bytes };
}

/** Addresses that would not survive another domain or folder; links to read elsewhere may name a domain. @param {string} text @param {string} name */
function addressesOf(text, name) {
  const found = [...text.matchAll(ADDRESS)].map(([, tag, attribute, url]) => ({ isLink: tag === "a", address: attribute ?? url }));
  const isFixed = (/** @type {string} */ address) => /^[a-z][a-z+.-]*:/i.test(address) && !/^(?:data|blob):/.test(address);
  return found.filter(({ isLink, address }) => address.startsWith("/") || (!isLink && isFixed(address))).map(({ address }) => `${name}: ${address} is not a relative address`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const site = process.argv[2];
  const { problems, files, bytes } = await checkSite(site);
  for (const problem of problems) console.error(`${site}: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`${site} is ready to be copied to any static host: ${files} files, ${(bytes / 1e6).toFixed(1)} MB`);
}
