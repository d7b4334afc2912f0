/**
 * The story's still version, for readers without scripts: `node still.js SITE` opens the site's bundle with the site's engine, and writes
 * the article into index.html and its pictures beside it.
 */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";

import { formatHash, parseHash } from "./params.js";
import { articleOf } from "./story/article.js";
import { learnStory, openBundleFolder } from "./story/still_facts.js";
import { SCENES } from "./story/scenes.js";
import { STEPS } from "./story/steps.js";
import { stillPicture } from "./story/still_picture.js";
import { escape, h, toMarkup } from "./tree.js";

/** Steps with a picture. */
const PICTURED = ["distances", "distances-after", "examples", "nearest", "rows", "line", "pattern", "stable", "end"];
const SIZE = { width: 760, height: 560 };
/** Where the article goes: in place of what stands there from an earlier time. */
const MARK = /<!-- still -->(?:.*<!-- \/still -->)?/s;

/** PNG's types of colour by channels; one channel is ink, black and as opaque as it is strong. */
const COLOUR_TYPES = [0, 4, 4, 2, 6];

/** A PNG of one sample. @param {Uint8Array} pixels [height, width, channels] @param {{ width: number, height: number, channels: number }} size */
function png(pixels, { width, height, channels }) {
  const bytes = channels === 1 ? 2 : channels;
  const rows = Buffer.alloc(height * (1 + bytes * width));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < channels * width; x++) rows[y * (1 + bytes * width) + (channels === 1 ? 2 + 2 * x : 1 + x)] = pixels[y * width * channels + x];
  }
  const chunk = (/** @type {string} */ name, /** @type {Buffer} */ data) => {
    const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, COLOUR_TYPES[channels], 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

/** @param {import("../wasm/engine.js").Engine} engine @param {number[]} samples @param {{ width: number, height: number, channels: number }} size */
async function imagesOf(engine, samples, { width, height, channels }) {
  const pixels = await engine.images({ samples });
  const bytes = width * height * channels;
  return samples.map((_, i) => pixels.subarray(i * bytes, (i + 1) * bytes));
}

/** The tokens' values in light and in dark, out of the style sheet. @param {string} css */
function tokensOf(css) {
  const declarations = (/** @type {string} */ block) => (block.match(/--[a-z0-9-]+:\s*#[0-9a-f]{3,8};/g) ?? []).join("").replaceAll(": ", ":");
  const [light] = /:root \{[^}]*\}/.exec(css) ?? [""];
  const [dark] = /:root\[data-theme="dark"\] \{[^}]*\}/.exec(css) ?? [""];
  return { light: declarations(light), dark: declarations(dark) };
}

/** Beside, then renamed: nobody reads half a file. @param {string} path @param {string} text */
async function write(path, text) {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

/** @param {string} site */
async function main(site) {
  const web = dirname(fileURLToPath(import.meta.url));
  const engine = await openBundleFolder(join(site, "bundle"), join(site, "engine"));
  const facts = await learnStory(engine, parseHash("", engine.manifest, ["story"]));
  const { light, dark } = tokensOf(await readFile(join(web, "styles/tokens.css"), "utf8"));
  const size = facts.manifest.dataset.image;
  const folder = join(site, "still");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  /** @type {Map<string, string>} step to the text alternative */
  const made = new Map();
  for (const { id, scene } of STEPS.filter((step) => PICTURED.includes(step.id))) {
    const picture = SCENES[scene](facts, SIZE);
    if (!picture) continue;
    const samples = [...new Set(picture.marks.map(({ sample }) => sample))];
    const addresses = new Map(size ? (await imagesOf(engine, samples, size)).map((image, i) => [samples[i], `data:image/png;base64,${png(image, size).toString("base64")}`]) : []);
    const textOf = (/** @type {number} */ sample) => (facts.manifest.classes.length > 1 ? facts.manifest.classes[facts.labels[sample]].slice(0, 3) : String(sample));
    await write(join(folder, `${id}.svg`), stillPicture(picture, SIZE, (sample) => ({ address: addresses.get(sample) ?? null, text: textOf(sample) }), light, dark, size?.channels === 1));
    made.set(id, picture.alt);
  }
  const state = parseHash("", facts.manifest, ["story"]);
  const links = {
    view: (/** @type {string} */ view) => formatHash({ ...state, view }, facts.manifest),
    step: (/** @type {string} */ step) => formatHash({ ...state, step }, facts.manifest),
  };
  const figure = (/** @type {string} */ id) => {
    const alt = made.get(id);
    return alt ? h("figure", { class: "still-figure" }, h("img", { src: `still/${id}.svg`, alt, width: String(SIZE.width), height: String(SIZE.height), loading: "lazy" })) : null;
  };
  const note = h("p", { class: "still-note" }, `What you read here was worked out from “${facts.manifest.dataset.title}” when this page was built.`);
  const article = articleOf(facts, links, engine.core.text(engine.core.call("nt_wasm_version")), { figure, note });
  article.attributes.class += " is-still";
  const index = await readFile(join(site, "index.html"), "utf8");
  if (!MARK.test(index)) throw new Error(`${site}/index.html has no place for the still story: build the site first.`);
  const version = escape(JSON.stringify(engine.models.version));
  const pinned = index.replace(/<meta name="bundle" content="[^"]*">/, () => `<meta name="bundle" content="${version}">`);
  await write(join(site, "index.html"), pinned.replace(MARK, () => `<!-- still -->${toMarkup(article)}<!-- /still -->`));
  engine.close();
}

await main(process.argv[2]);
