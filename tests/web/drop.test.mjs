/** One's own files in the page: a bundle as folder and as archive, activations with labels, dropped and chosen; and what is said of those that are wrong. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";

import { sortFiles } from "../../web/open/sort.js";
import { unzip } from "../../web/open/unzip.js";
import { npyBytes, safetensorsBytes } from "../cli/arrays.mjs";
import { browser, isFirefox, ntrace, openPage, serveChangedSite, site, testBundleFolder, until, useSite, violations } from "./browser.mjs";

const { BlobReader, BlobWriter, ZipWriter } = createRequire(new URL("../../web/package.json", import.meta.url))("@zip.js/zip.js");

const SAMPLES = 60;
const SIZES = [12, 7, 3];
const K = 6;
/** @type {string} */
let scratch;
const path = (/** @type {string} */ name) => join(scratch, name);

/** Activations of three groups of samples, layer by layer: the same numbers each time. */
const layers = SIZES.map((size, layer) =>
  Float32Array.from({ length: SAMPLES * size }, (_, i) => 3 * ((Math.floor(i / size) * (layer + 1)) % 3) + Math.sin(1 + 12.9898 * i * (layer + 1)) + 0.01 * (i % size)),
);
const LABELS = Array.from({ length: SAMPLES }, (_, i) => ["bird", "<b>cat</b>", "dog"][i % 3]);

/** @param {string} folder @param {Record<string, Buffer | string>} files */
async function write(folder, files) {
  await mkdir(path(folder), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(path(folder), name), bytes);
  return Object.keys(files).map((name) => join(path(folder), name));
}

/** @param {string} folder @param {string} prefix before the names in the archive */
async function zipOf(folder, prefix) {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = join(/** @type {any} */ (entry).parentPath ?? entry.path, entry.name);
    await writer.add(prefix + file.slice(folder.length + 1), new BlobReader(new Blob([await readFile(file)])));
  }
  return Buffer.from(await (await writer.close()).arrayBuffer());
}

/** @type {string[]} */
let given;

useSite(() => serveChangedSite(() => {}), async () => {
  scratch = await mkdtemp(join(tmpdir(), "ntrace-drop-"));
  given = await write("activations", {
    "2 middle.npy": npyBytes("<f4", [SAMPLES, SIZES[1]], layers[1]),
    "1 input.npy": npyBytes("<f4", [SAMPLES, 2, 6], layers[0]),
    "10 head.npy": npyBytes("<f4", [SAMPLES, SIZES[2]], layers[2]),
    "labels.txt": LABELS.join("\n"),
    "notes.md": "nothing",
  });
  execFileSync(ntrace, ["pack", "--activations", ...[1, 0, 2].map((i) => given[i]), "--labels", given[3], "-o", path("bundle")], { stdio: "ignore" });
});
after(() => rm(scratch, { recursive: true, force: true }));

/** @param {object} [context] */
async function openRoute(context) {
  const opened = await openPage(browser, context);
  opened.page.on("filechooser", () => {}); // the driver has choosers reported from the first listener on, but does not wait until the browser has heard of it
  await opened.page.goto(`${site.url}#/open`);
  await opened.page.waitForSelector("[data-view=open] button[name=files]");
  return opened;
}

/** @param {any} page @param {string[]} files */
const choose = (page, files) => page.locator("input[type=file][name=files]").setInputFiles(files);

/** Why a test is left out that drops a folder. */
const needsFolders = isFirefox && "Firefox's driver knows no drops, and an event made by a script holds no folders";

/** Firefox's driver knows no drops: the page gets the event with the files in it, and of a folder its archive. @param {any} page @param {string[]} files */
async function dropEvent(page, files) {
  const given = await Promise.all(files.map(async (file) => {
    const isFolder = (await stat(file)).isDirectory();
    return { name: isFolder ? "folder.zip" : basename(file), text: (isFolder ? await zipOf(file, "") : await readFile(file)).toString("base64") };
  }));
  await page.evaluate((/** @type {typeof given} */ list) => {
    const dataTransfer = new DataTransfer();
    for (const { name, text } of list) dataTransfer.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
    for (const type of ["dragenter", "dragover", "drop"]) document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
  }, given);
}

/** Drops files and folders of this machine, as the browser gets them from a person's hand. @param {any} page @param {string[]} files */
async function drop(page, files) {
  if (isFirefox) return dropEvent(page, files);
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
  await session.detach();
}

/** Waits for the explorer, or fails with what the page says. @param {any} page */
async function untilOpened(page) {
  await page.waitForSelector("html[data-route=explore][data-state=ready], .open-error:not([hidden])");
  assert.deepEqual(await page.locator(".open-error [data-error]:visible").allInnerTexts(), []);
}

/** The words of the page about files that it does not open. @param {any} page */
async function wordsOfError(page) {
  await page.waitForSelector(".open-error:not([hidden])");
  return page.locator(".open-error [data-error]").innerText();
}

/** Waits until the trace view draws these neighbours of a sample at a layer. @param {any} page @param {number} sample @param {number} layer @param {number[]} expected */
async function untilDrawn(page, sample, layer, expected) {
  await page.evaluate((/** @type {string} */ hash) => void (location.hash = hash), `#/trace?sample=${sample}&from=${layer}&to=${layer}&k=${K}`);
  await page.waitForSelector("html[data-route=trace][data-state=ready]");
  const drawn = () => page.locator("[data-view=trace] svg .point[data-sample]").evaluateAll((/** @type {Element[]} */ nodes) => nodes.map((node) => Number(node.getAttribute("data-sample"))));
  await until(drawn, (samples) => samples.sort((/** @type {number} */ a, /** @type {number} */ b) => a - b).join() === expected.join());
}

/** The same as the command line has it. @param {string} bundle @param {number} sample @param {number} layer */
function queried(bundle, sample, layer) {
  const lines = execFileSync(ntrace, ["query", bundle, "--sample", `${sample}`, "--layer", `${layer}`, "-k", `${K}`, "--codes"], { encoding: "utf8" }).trim().split("\n");
  return lines.map((line) => Number(line.split("\t")[1])).sort((a, b) => a - b);
}

/** The true neighbours, by comparing all. @param {number} sample @param {number} layer */
function bruteForce(sample, layer) {
  const size = SIZES[layer];
  const row = (/** @type {number} */ i) => layers[layer].subarray(i * size, i * size + size);
  const squared = (/** @type {number} */ i) => row(i).reduce((sum, value, d) => sum + (value - row(sample)[d]) ** 2, 0);
  const others = Array.from({ length: SAMPLES }, (_, i) => i).filter((i) => i !== sample);
  return others.sort((a, b) => squared(a) - squared(b)).slice(0, K);
}

/** @param {any} page */
async function checkNeighbors(page) {
  for (const [sample, layer] of [[5, 0], [44, 2]]) await untilDrawn(page, sample, layer, queried(path("bundle"), sample, layer));
}

test("what the command line finds on codes is what comparing all samples finds, but for a neighbour now and then", () => {
  let common = 0;
  const asked = Array.from({ length: 30 }, (_, i) => [2 * i, i % 3]);
  for (const [sample, layer] of asked) {
    const found = queried(path("bundle"), sample, layer);
    common += bruteForce(sample, layer).filter((neighbor) => found.includes(neighbor)).length;
  }
  assert.ok(common >= 0.9 * K * asked.length, `${common} of ${K * asked.length}`);
});

test("activations with labels are dropped, packed in the tab, and have the neighbours that the command line finds; nothing is uploaded", async () => {
  const { page, requests, problems, close } = await openRoute();
  try {
    await drop(page, given);
    await untilOpened(page);
    const told = await page.locator("[data-provenance]").innerText();
    assert.match(told, /60 in 3 classes.*3 layers.*Opened from files.*Not used: notes\.md/s);
    assert.equal(await page.locator("b", { hasText: "cat" }).count(), 0, "names never become markup");
    await checkNeighbors(page);
    assert.deepEqual(requests.filter((url) => !url.startsWith(site.url) && !/^(data|blob):/.test(url)), []);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a folder with the bundle in it is dropped anywhere on the page", { skip: needsFolders }, async () => {
  const { page, problems, close } = await openPage(browser);
  try {
    await page.goto(`${site.url}#/trace`);
    await page.waitForSelector("html[data-state=ready]");
    await drop(page, [path("bundle")]);
    await untilOpened(page);
    await checkNeighbors(page);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("an archive of the bundle is chosen by keyboard, the tests' own bundle as a folder, and going back stays in what was opened", async () => {
  await writeFile(path("bundle.zip"), await zipOf(path("bundle"), "packed/"));
  const { page, problems, close } = await openRoute();
  try {
    await page.locator("button[name=files]").focus();
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Enter")]);
    await chooser.setFiles([path("bundle.zip")]);
    await untilOpened(page);
    await checkNeighbors(page);
    await page.locator("[data-nav] a", { hasText: "Your data" }).click();
    if (isFirefox) await writeFile(path("tests.zip"), await zipOf(testBundleFolder, ""));
    const [folder] = await Promise.all([page.waitForEvent("filechooser"), page.locator(`button[name=${isFirefox ? "files" : "folder"}]`).click()]);
    await folder.setFiles(isFirefox ? path("tests.zip") : testBundleFolder); // its driver gives no folders
    await untilOpened(page);
    assert.match(await page.locator("[data-dataset]").innerText(), /600/);
    await page.goBack();
    await page.waitForSelector("[data-view=open] button[name=files]");
    assert.match(await page.locator("[data-dataset]").innerText(), /600/);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("thumbnails and predictions that are dropped with activations are drawn and counted", async () => {
  const [height, width] = [8, 6];
  const half = (/** @type {number} */ i) => (Math.floor((i % (height * width)) / (width / 2)) + Math.floor(i / (height * width))) % 2; // even samples' ink is on the right
  const more = await write("pictures", {
    "thumbnails.npy": npyBytes("|u1", [SAMPLES, height, width], Array.from({ length: SAMPLES * height * width }, (_, i) => 255 * half(i))),
    "predictions.txt": LABELS.map((label, i) => (i === 7 ? "dog" : label)).join("\n"),
  });
  const { page, problems, close } = await openRoute();
  try {
    await drop(page, [...given.slice(0, 4), ...more]);
    await untilOpened(page);
    assert.match(await page.locator("[data-provenance]").innerText(), /reads 98 % of the/);
    for (const sample of [7, 8]) {
      await page.evaluate((/** @type {string} */ hash) => void (location.hash = hash), `#/trace?sample=${sample}&from=0&to=2&k=${K}`);
      const ink = () => page.evaluate(() => {
        const canvas = /** @type {HTMLCanvasElement | null} */ (document.querySelector(".card-picture"));
        const alphaAt = (/** @type {number} */ x) => canvas?.getContext("2d")?.getImageData(x * canvas.width, canvas.height / 2, 1, 1).data[3] ?? -1;
        return [alphaAt(0.25), alphaAt(0.75)];
      });
      const [inked, blank] = sample % 2 ? [0, 1] : [1, 0];
      await until(ink, (alpha) => alpha[inked] > 200 && alpha[blank] < 30);
    }
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("one .safetensors with a tensor per layer, without labels, is opened", async () => {
  const [file] = await write("tensors", { "all.safetensors": safetensorsBytes(Object.fromEntries(["1_input", "2_middle", "3_head"].map((name, i) => [name, { shape: [SAMPLES, SIZES[i]], values: layers[i] }]))) });
  const { page, problems, close } = await openRoute();
  try {
    await choose(page, [file]);
    await untilOpened(page);
    assert.match(await page.locator("[data-dataset]").innerText(), /all, 60/);
    await checkNeighbors(page);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a drop made by a script, as other pages' tests make it, is taken too", async () => {
  const { page, close } = await openRoute();
  try {
    const files = await Promise.all(given.slice(0, 4).map(async (file) => ({ name: basename(file), text: (await readFile(file)).toString("base64") })));
    await page.evaluate((/** @type {{ name: string, text: string }[]} */ list) => {
      const transfer = new DataTransfer();
      for (const { name, text } of list) transfer.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }, files);
    await untilOpened(page);
    await untilDrawn(page, 5, 0, queried(path("bundle"), 5, 0));
  } finally {
    await close();
  }
});

test("a page without data of its own opens what is dropped", async () => {
  const bare = await serveChangedSite((folder) => rm(join(folder, "bundle"), { recursive: true }));
  const { page, close } = await openPage(browser);
  try {
    await page.goto(`${bare.url}#/trace`);
    await page.waitForSelector("html[data-state=error]");
    await drop(page, given);
    await untilOpened(page);
    await untilDrawn(page, 5, 0, queried(path("bundle"), 5, 0));
  } finally {
    await close();
    await bare.close();
  }
});

test("files that are wrong are named, with what was expected and what was found, and the data that were open stay", async () => {
  const short = npyBytes("<f4", [SAMPLES - 1, SIZES[1]], layers[1].subarray(0, (SAMPLES - 1) * SIZES[1]));
  const holed = Float32Array.from(layers[2], (value, i) => (i === 7 ? NaN : i === 8 ? Infinity : value));
  const good = npyBytes("<f4", [SAMPLES, SIZES[0]], layers[0]);
  const { page, problems, close } = await openRoute();
  try {
    /** @type {[Record<string, Buffer | string>, ...RegExp[]][]} */
    const cases = [
      [{ "a.txt": "x", "b.png": "y" }, /Expected a packed bundle.*one \.npy per layer.*found a\.txt, b\.png/],
      [{ "0 in.npy": good, "1 out.npy": short }, /1 out\.npy: .*expected 60 samples as in 'in' \(0 in\.npy\), found 59/],
      [{ "0 in.npy": good, "1 out.npy": npyBytes("<f4", [SAMPLES, SIZES[2]], holed) }, /1 out\.npy: layer 1 'out': 1 NaN, 1 infinite, the first in sample 2/, /expected numbers that are finite in every layer, found others in 1 of 2/],
      [{ "0 in.npy": good, "1 out.npy": good.subarray(0, 200) }, /1 out\.npy/],
      [{ "0 in.npy": good, "1 out.npy": Buffer.from("\x93NUMPY\x09\x00") }, /1 out\.npy/],
      [{ "0 in.npy": good, "1 out.npy": good, "labels.txt": LABELS.slice(1).join("\n") }, /labels\.txt: expected 60, .*found 59/],
      [{ "0 in.npy": good, "1 out.npy": good, "labels.txt": "a", "y.npy": good }, /Expected one file of labels, found two/],
      [{ "only.npy": good }, /expected 2 to \d+ layers, found 1/],
      [{ "x.safetensors": Buffer.concat([safetensorsBytes({ a: { shape: [SAMPLES, 12], values: layers[0] } }), Buffer.alloc(4)]) }, /x\.safetensors: 4 bytes are left over/],
      [{ "x.zip": Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(60)]) }, /x\.zip: /],
      [{ "current.json": "{" }, /current\.json .*is not JSON/],
      [{ "current.json": JSON.stringify({ manifest: `m.${"a".repeat(64)}.json` }) }, /m\.a+\.json is missing among the files/],
    ];
    for (const [i, [files, ...words]] of cases.entries()) {
      await choose(page, await write(`wrong-${i}`, files));
      const said = await wordsOfError(page);
      for (const word of words) assert.match(said, word);
      assert.doesNotMatch(said, /\/layers|\/given|same command/);
      await page.evaluate(() => document.querySelector(".open-error")?.setAttribute("hidden", ""));
    }
    assert.match(await page.locator("[data-dataset]").innerText(), /600/);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

test("a chunk of a dropped bundle that is damaged is named", async () => {
  await cp(path("bundle"), path("damaged"), { recursive: true });
  const { manifest } = JSON.parse(await readFile(path("bundle/current.json"), "utf8"));
  const { chunks } = JSON.parse(await readFile(path(`bundle/${manifest}`), "utf8"));
  const { file } = chunks.find((/** @type {any} */ { role }) => role === "samples");
  const bytes = await readFile(path(`damaged/${file}`));
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(path(`damaged/${file}`), bytes);
  const { page, close } = await openRoute();
  try {
    await drop(page, [path("damaged")]);
    assert.match(await wordsOfError(page), new RegExp(file));
  } finally {
    await close();
  }
});

test("packing can be cancelled, which says so, leaves what was open, and lets other files be opened", async () => {
  const wide = Float32Array.from({ length: 4000 * 400 }, (_, i) => Math.sin(12.9898 * i) * 43758.5453 % 1);
  const files = await write("large", { "0 in.npy": npyBytes("<f4", [4000, 400], wide), "1 out.npy": npyBytes("<f4", [4000, 400], wide) });
  const { page, problems, close } = await openRoute();
  try {
    await choose(page, files);
    await page.waitForFunction(() => Number(/** @type {HTMLProgressElement} */ (document.querySelector(".open-work progress")).value) > 0.01 && /layer/.test(document.querySelector(".open-doing")?.textContent ?? ""));
    await page.locator("button[name=cancel]").click();
    assert.match(await wordsOfError(page), /^Cancelled: nothing was opened/);
    assert.match(await page.locator("[data-dataset]").innerText(), /600/);
    await choose(page, given.slice(0, 4));
    await untilOpened(page);
    assert.deepEqual(problems, []);
  } finally {
    await close();
  }
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe-core finds nothing wrong with the page for one's own data in ${colorScheme} colours, on a desk and a phone`, async () => {
    for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
      const { page, close } = await openRoute({ colorScheme, viewport });
      try {
        assert.deepEqual(await violations(page), []);
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= viewport.width);
      } finally {
        await close();
      }
    }
  });
}

/** An archive of one file of zeros, and where its sizes and its checksum stand in the two places. @param {number} size */
async function archiveOf(size) {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
  await writer.add("a/layer.npy", new BlobReader(new Blob([new Uint8Array(size)])), { dataDescriptor: false, extendedTimestamp: false });
  const bytes = Buffer.from(await (await writer.close()).arrayBuffer());
  return { bytes, central: bytes.lastIndexOf("PK\x01\x02", undefined, "latin1") };
}
const unzipped = (/** @type {Buffer} */ bytes) => unzip({ path: "x.zip", blob: new Blob([/** @type {any} */ (bytes)]) }, () => {});

test("archives that say less than they hold, more than there may be, or hold something else are refused in words", async () => {
  const { bytes, central } = await archiveOf(100000);
  const [file] = await unzipped(bytes);
  assert.equal(file.path, "a/layer.npy");
  assert.equal(file.blob.size, 100000);
  const changed = (/** @type {(copy: Buffer) => void} */ change) => {
    const copy = Buffer.from(bytes);
    change(copy);
    return unzipped(copy);
  };
  const setSize = (/** @type {number} */ size) => (/** @type {Buffer} */ copy) => {
    copy.writeUInt32LE(size, central + 24);
    copy.writeUInt32LE(size, 22);
  };
  await assert.rejects(changed(setSize(10)), /^Error: x\.zip: /);
  await assert.rejects(changed(setSize(3e9)), /x\.zip: expected at most 2147483648 bytes in it, found 3000000000/);
  await assert.rejects(changed((copy) => copy.writeUInt32LE(1, central + 16)), /^Error: x\.zip: /);
  await assert.rejects(changed((copy) => copy.writeUInt16LE(copy.readUInt16LE(central + 8) | 1, central + 8)), /^Error: x\.zip: /);
  await assert.rejects(unzipped(bytes.subarray(0, bytes.length - 30)), /^Error: x\.zip: /);
});

test("files are sorted by their names, and what cannot be told apart is refused", () => {
  const held = (/** @type {string[]} */ ...paths) => paths.map((file) => ({ path: file, blob: new Blob([]) }));
  const { layers: found, roles, unused, title, bundle } = sortFiles(held("run/1 a.npy", "run/2 layer.b.npy", "run/all.Labels.txt", "run/class_names.txt", "run/.DS_Store", "run/x.py"));
  assert.deepEqual(found.map((file) => file.path), ["run/1 a.npy", "run/2 layer.b.npy"]);
  assert.deepEqual(Object.entries(roles).map(([role, file]) => [role, file.path]), [["labels", "run/all.Labels.txt"], ["classes", "run/class_names.txt"]]);
  assert.deepEqual([unused, title, bundle], [["run/x.py"], "run", null]);
  const chunk = `c/${"0".repeat(32)}.bin`;
  assert.deepEqual([...(sortFiles(held("deep/b/current.json", `deep/b/${chunk}`, "deep/b/notes.txt", "deep/other.npy")).bundle ?? [])].map(([file]) => file), ["current.json", chunk]);
  assert.throws(() => sortFiles(held("a/current.json", "b/current.json")), /Expected one bundle, found 2/);
  assert.throws(() => sortFiles(held("a/1.npy", "b/1.npy")), /two named 1\.npy/);
  assert.throws(() => sortFiles([]), /found no file at all/);
});
