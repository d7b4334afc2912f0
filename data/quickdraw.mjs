/** Sketches by people: fetches the official files of Quick, Draw! (Google, CC BY 4.0) for named classes, and packs them. `node data/quickdraw.mjs --help`. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { DownloadError, download } from "./download.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const ntrace = join(root, "build/ntrace");

/** The test split of the article that this project succeeds: so many of each class, and so great a share of the shuffled rows, from the end. */
const SPLIT = { perClass: 100000, share: 1 / 5, seed: 0 };
const TRAINED_ON = 60000;

const USAGE = `usage: node data/quickdraw.mjs [options] [CLASS ...] [-- options of ntrace pack]

Fetches the official files of Quick, Draw! for these classes (default: those of the network), goes on where an earlier
run was interrupted, and checks each against its checksums. With -o they are packed. Where the network knows other
classes, one is trained first, on ${TRAINED_ON.toLocaleString("en")} of the sketches.

  -o BUNDLE          pack them into this folder
  --form FORM        bitmaps (default): .npy of 28 x 28; strokes: .ndjson; binary: the same strokes, packed
  --into FOLDER      where the files are kept (build/quickdraw)
  --from URL         a copy of the official folder (https://storage.googleapis.com/quickdraw_dataset/full)
  --model FILE       the network, .safetensors (data/reference.safetensors)
  --per-class N      only the first N sketches of each class
  --test-split       the ancestor's test samples: of the first 100,000 of each class (or --per-class), in the order of the
                     classes' names, the last fifth of torch.randperm at seed 0
`;

/** @type {Record<string, { folder: string, ending: string, check: (start: Uint8Array) => boolean }>} */
const FORMS = {
  bitmaps: { folder: "numpy_bitmap", ending: ".npy", check: (start) => Buffer.from(start.subarray(0, 6)).toString("latin1") === "\x93NUMPY" },
  strokes: { folder: "simplified", ending: ".ndjson", check: (start) => start[0] === 0x7b },
  binary: { folder: "binary", ending: ".bin", check: (start) => start[0] !== 0x3c }, // no magic: at least no page of HTML
};

/** @typedef {{ output?: string, form: string, into: string, from: string, model: string, testSplit: boolean, perClass: number | null, classes: string[], packOptions: string[] }} Request */

/** @returns {Request | null} null: help was asked for */
function readArguments() {
  const words = process.argv.slice(2);
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  const { values, positionals } = parseArgs({
    args: words.slice(0, end),
    allowPositionals: true,
    options: {
      help: { type: "boolean", default: false },
      output: { type: "string", short: "o" },
      form: { type: "string", default: "bitmaps" },
      into: { type: "string", default: join(root, "build/quickdraw") },
      from: { type: "string", default: "https://storage.googleapis.com/quickdraw_dataset/full" },
      model: { type: "string", default: join(root, "data/reference.safetensors") },
      "per-class": { type: "string" },
      "test-split": { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const { "test-split": testSplit, "per-class": wanted, help, ...rest } = values;
  if (wanted !== undefined && !/^[1-9]\d{0,6}$/.test(wanted)) throw new DownloadError(`--per-class: expected a number from 1 to 9999999, found '${wanted}'`);
  const perClass = wanted ? Number(wanted) : testSplit ? SPLIT.perClass : null;
  if (!Object.hasOwn(FORMS, rest.form)) throw new DownloadError(`--form: expected ${Object.keys(FORMS).join(", ")}, found '${rest.form}'`);
  if (testSplit && rest.form !== "bitmaps") throw new DownloadError("--test-split counts rows of the .npy files: it goes with --form bitmaps");
  const unusable = positionals.find((name) => !/^[^./\\\0][^/\\\0]*$/.test(name));
  if (unusable !== undefined) throw new DownloadError(`'${unusable}' cannot be the name of a class`);
  return { ...rest, testSplit, perClass, classes: [...new Set(positionals)], packOptions: words.slice(end + 1) };
}

/** The classes that a network was trained to tell apart. @param {string} model @returns {Promise<string[]>} */
async function classesOf(model) {
  const bytes = await readFile(model);
  try {
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + Number(bytes.readBigUInt64LE(0))));
    return JSON.parse(header.__metadata__["ntrace.classes"]);
  } catch {
    throw new DownloadError(`${model}: expected a .safetensors with the names of its classes: name the classes, or another --model`);
  }
}

/** How many rows a .npy says it has. @param {string} path */
async function rowsOf(path) {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return Number(/'shape':\s*\((\d+)/.exec(buffer.toString("latin1"))?.[1]);
  } finally {
    await file.close();
  }
}

/** Runs ntrace; what it says is the person's to read. @param {...string} words */
async function run(...words) {
  const child = spawn(ntrace, words, { stdio: "inherit" });
  const code = await new Promise((done, failed) => {
    child.once("error", () => failed(new DownloadError(`${ntrace} cannot be run: make it with \`make native\``)));
    child.once("close", done);
  });
  if (code !== 0) throw new DownloadError(`\`ntrace ${words[0]}\` did not succeed`);
}

/** One line that is written over on a terminal. @param {string} text */
const progress = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);
/** @param {string} text */
const say = (text) => void (progress(""), process.stderr.write(`${text}\n`));

/** @param {Request} request @returns {Promise<string[]>} the files, in the order of their classes */
async function fetchClasses({ classes, form, into, from }) {
  const { folder, ending, check } = FORMS[form];
  const paths = [];
  for (const [i, name] of classes.entries()) {
    const path = join(into, form, name + ending);
    const done = await download({
      url: `${from.replace(/\/+$/, "")}/${folder}/${encodeURIComponent(name)}${ending}`,
      path,
      key: `${form}/${name}${ending}`,
      lockPath: join(into, "lock.json"),
      check: (start) => (check(start) ? null : `expected ${ending}, found ${JSON.stringify(Buffer.from(start.subarray(0, 16)).toString("latin1"))}`),
      say,
      onBytes: (at, total) => progress(`${name}, ${i + 1} of ${classes.length}: ${(at / 1e6).toFixed(1)}${total ? ` of ${(total / 1e6).toFixed(1)}` : ""} MB`),
    });
    say(`${name}: ${done === "kept" ? "is here already, and is what was recorded" : "fetched"}`);
    paths.push(path);
  }
  return paths;
}

/** Options of `ntrace train` and of `ntrace pack` that take their part of the sketches. @param {Request} request @param {string[]} paths @param {string} scratch */
async function partOptions({ testSplit, perClass }, paths, scratch) {
  const first = perClass === null ? [] : ["--per-class", `${perClass}`];
  if (!testSplit || perClass === null) return { train: first, pack: first };
  for (const path of paths) {
    const rows = await rowsOf(path);
    if (!(rows >= perClass)) throw new DownloadError(`${path}: expected at least ${perClass} sketches for the split, found ${rows}`);
  }
  const samples = perClass * paths.length;
  const last = Math.round(samples * SPLIT.share);
  const files = { train: join(scratch, "train.npy"), pack: join(scratch, "test.npy") };
  await run("split", "--samples", `${samples}`, "--first", `${samples - last}`, "--seed", `${SPLIT.seed}`, "-o", files.train);
  await run("split", "--samples", `${samples}`, "--last", `${last}`, "--seed", `${SPLIT.seed}`, "-o", files.pack);
  return { train: [...first, "--rows", files.train], pack: [...first, "--rows", files.pack] };
}

/** Packs just these files: links to them in a folder of their own, whose name the bundle's provenance tells. @param {Request} request @param {string[]} paths @param {string} output */
async function pack(request, paths, output) {
  const { into, model, classes, form, packOptions } = request;
  const scratch = await mkdtemp(join(into, ".pack-"));
  try {
    const images = join(scratch, "quickdraw");
    await mkdir(images);
    for (const [i, path] of paths.entries()) await symlink(resolve(path), join(images, classes[i] + FORMS[form].ending));
    const part = await partOptions(request, paths, scratch);
    let network = model;
    if (JSON.stringify(await classesOf(model)) !== JSON.stringify(classes)) {
      network = join(into, "weights.safetensors");
      say(`the network in ${model} knows other classes: one is trained for these`);
      await run("train", "--images", images, ...part.train, "--limit", `${TRAINED_ON}`, "-o", network);
    }
    const words = ["--title", "Quick, Draw! sketches", "--source", "drawn by people in Google's game Quick, Draw!", "--licence", "CC BY 4.0", "--noun", "sketch", "--nouns", "sketches"];
    await run("pack", "--images", images, "--model", network, ...part.pack, ...words, ...packOptions, "-o", output);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function main() {
  const request = readArguments();
  if (!request) return void process.stdout.write(USAGE);
  if (request.classes.length === 0) request.classes = await classesOf(request.model);
  request.classes.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))); // as `ntrace pack` reads a folder
  const paths = await fetchClasses(request);
  if (request.output !== undefined) await pack(request, paths, request.output);
}

try {
  await main();
} catch (error) {
  const { code, message } = /** @type {any} */ (error);
  const isWords = error instanceof DownloadError || /^ERR_PARSE_ARGS|^E[A-Z]+$/.test(code ?? "");
  if (!isWords) throw error;
  say(`quickdraw: ${message}`);
  process.exitCode = 1;
}
