/**
 * Puts page, engine and styles together in one HTML file, with a place for a bundle, which `ntrace site --single-file` fills:
 * `node build.js SITE FOLDER` reads the built site and writes FOLDER/index.html.
 */
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { packerIn } from "../open/packer_script.js";
import { hashOf } from "../policy.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const web = join(here, "..");
const [site, folder] = process.argv.slice(2);

/** One script, without imports: pages and workers from disk have no origin that modules could come from. @param {string} entry @param {string[]} [inject] */
async function scriptOf(entry, inject = [], plugins = /** @type {import("esbuild").Plugin[]} */ ([])) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    inject,
    plugins,
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    define: { "import.meta.url": '"file:///engine/ntrace.js"' },
  });
  return outputFiles[0].text.trim();
}

/** @param {string} tag @param {string} text @param {string} [attributes] */
function element(tag, text, attributes = "") {
  if (/<!--|<\/?(?:script|style)/i.test(text)) throw new Error(`what stands in <${tag}> would end it: ${/.{20}<!--.{20}|.{20}<\/?(?:script|style).{20}/i.exec(text)?.[0]}`);
  return `<${tag}${attributes}>${text}</${tag}>`;
}

/** A file that no browser runs or shows. @param {string} path @param {Uint8Array | string} bytes */
const fileElement = (path, bytes) => element("script", Buffer.from(bytes).toString("base64"), ` type="text/plain" data-file="${path}"`);

/** Replaces what must be there, once. @param {string} page @param {string | RegExp} what @param {string} by */
function replace(page, what, by) {
  if (page.split(what).length !== 2) throw new Error(`index.html: expected ${what} once`);
  return page.replace(what, () => by);
}

const [code] = await readdir(join(site, "code"));
const styleFolder = join(site, "code", code, "styles");
const workerPlatform = [join(here, "worker_platform.js")];
const [app, early, worker, painter, opener, icon] = await Promise.all([
  scriptOf(join(here, "page.js")),
  scriptOf(join(web, "early.js")),
  scriptOf(join(web, "../wasm/worker.js"), workerPlatform),
  scriptOf(join(web, "explore/plot_worker.js"), workerPlatform),
  scriptOf(join(web, "open/worker.js"), workerPlatform, [packerIn(site)]),
  readFile(join(web, "favicon.svg")),
]);
const sheets = await Promise.all(
  ["site", ...(await readdir(styleFolder)).map((name) => name.replace(".css", "")).filter((name) => name !== "site")].map(async (name) => ({
    address: `styles/${name}.css`,
    text: (await readFile(join(styleFolder, `${name}.css`), "utf8")).trim(),
  })),
);
const builds = (await readdir(join(site, "engine"))).filter((name) => name.endsWith(".wasm"));
const files = [
  fileElement("engine/worker.js", worker),
  fileElement("painter.js", painter),
  fileElement("opener.js", opener),
  ...(await Promise.all(builds.map(async (name) => fileElement(`engine/${name}`, await readFile(join(site, "engine", name)))))),
];
const policy =
  `default-src 'none'; script-src ${hashOf(early)} ${hashOf(app)} 'wasm-unsafe-eval'; worker-src blob:; ` +
  `style-src ${sheets.map(({ text }) => hashOf(text)).join(" ")}; img-src data: blob:; base-uri 'none'; form-action 'none'`;

// The links without a relation tell the page that a sheet is there already.
const styles = sheets.map(({ address, text }) => `${element("style", text)}\n    <link href="${address}">`).join("\n    ");
let page = await readFile(join(web, "index.html"), "utf8");
page = replace(page, 'content="policy"', `content="${policy}"`);
page = replace(page, '<link rel="stylesheet" href="styles/site.css" data-needed>', styles);
page = replace(page, '<script src="early.js"></script>', element("script", early));
page = replace(page, /\s*<script type="module" src="app\.js"><\/script>/, "");
page = replace(page, /\s*<link rel="manifest" href="app\.webmanifest">/, "");
page = replace(page, /href="favicon\.svg"/, `href="data:image/svg+xml;base64,${icon.toString("base64")}"`);
page = replace(page, /\s*<p data-links>.*?<\/p>/, ""); // what lies beside a site's page
page = replace(page, /\s*<\/body>/, `\n    ${[...files, "<!-- bundle -->", element("script", app)].join("\n    ")}\n  </body>`);

page = page.replace(/\s*<link rel="(?:manifest|apple-touch-icon)"[^>]*>/g, ""); // of what is installed from a host

const asked = /<(?!a )[a-z]+ [^>]*\b(?:src|rel="[^"]*" href)="(?!data:)[^"]*"[^>]*>/.exec(page);
if (asked) throw new Error(`index.html: ${asked[0]} would be requested`);
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "index.html.new"), page);
await rename(join(folder, "index.html.new"), join(folder, "index.html"));
