/** `ntrace site` as a person meets it: what it writes, what it leaves alone, and that it never leaves half a site. The page is a small one, made here. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ntrace = join(root, "build/ntrace");
const bundle = join(root, "build/tests/bundle");
const scratch = mkdtempSync(join(tmpdir(), "ntrace-site-"));
after(() => rmSync(scratch, { recursive: true }));

const INDEX = '<meta name="bundle" content="of another">' + "<main><!-- still --><article>figures of another bundle</article><!-- /still --></main>\n";
/** As a page holds the version of its bundle. */
const VERSION = `<meta name="bundle" content="${readFileSync(join(bundle, "current.json"), "utf8").trim().replaceAll('"', "&quot;")}">`;
const PAGE = { "index.html": INDEX, "404.html": "none", _headers: "/*", "engine/ntrace.js": "engine", "still/line.svg": "<svg/>", "bundle/current.json": "{}", ".stamp": "", "single/index.html": "<body>\n<!-- bundle --></body>\n" };

/** @param {string} folder @param {Record<string, string>} files */
function writeFiles(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
/** @param {string} folder @returns {string[]} */
const filesOf = (folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile()).sort();

const page = join(scratch, "page");
writeFiles(page, PAGE);

/** @param {...string} words */
const run = (...words) => spawnSync(ntrace, ["site", ...words], { encoding: "utf8" });
/** @param {string[]} words @param {...string} expected */
function refused(words, ...expected) {
  const { status, stdout, stderr } = run(...words);
  assert.notEqual(status, 0, `ntrace site ${words.join(" ")} went through`);
  assert.equal(stdout, "");
  for (const text of expected) assert.ok(stderr.includes(text), `expected "${text}" in: ${stderr}`);
}
/** Nothing is left beside the outputs. */
const leftovers = () => readdirSync(scratch).filter((name) => /^(site|one|kept|taken).*\.\w{3,}$/.test(name) && !name.endsWith(".html"));

test("the site is the page with this bundle in it, and nothing of the page's own", () => {
  const site = join(scratch, "site");
  const { status, stdout, stderr } = run(bundle, "-o", `${site}//`, "--page", page);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /site\/\/: \d+ files, [\d.]+ MB, ready to be copied to any static host\n.*node web\/still\.js/s);
  const expected = [...Object.keys(PAGE).filter((name) => !/^(still|bundle|\.)/.test(name)), ...filesOf(bundle).map((name) => `bundle/${name}`)];
  assert.deepEqual(filesOf(site), expected.sort());
  for (const name of filesOf(bundle)) assert.deepEqual(readFileSync(join(site, "bundle", name)), readFileSync(join(bundle, name)), name);
  assert.equal(readFileSync(join(site, "index.html"), "utf8"), `${VERSION}<main><!-- still --></main>\n`, "another bundle's figures are not told");
  assert.equal(statSync(site).mode & 0o777, 0o777 & ~process.umask());
  assert.deepEqual(leftovers(), []);
  assert.equal(spawnSync(ntrace, ["verify", join(site, "bundle")]).status, 0);
});

test("with the page's own bundle the still version stays", () => {
  const own = join(scratch, "own");
  cpSync(page, own, { recursive: true });
  rmSync(join(own, "bundle"), { recursive: true });
  cpSync(bundle, join(own, "bundle"), { recursive: true });
  writeFileSync(join(own, "bundle/c/left-behind.bin"), "of an earlier bundle");
  const site = join(scratch, "kept");
  const { status, stdout } = run(join(own, "bundle"), "-o", site, "--page", own);
  assert.equal(status, 0);
  assert.doesNotMatch(stdout, /still/);
  assert.equal(readFileSync(join(site, "index.html"), "utf8"), INDEX.replace(/<meta[^>]*>/, VERSION));
  assert.ok(filesOf(site).includes("still/line.svg"));
  assert.ok(!filesOf(site).includes("bundle/c/left-behind.bin"), "only files of the bundle are taken");
});

test("one file holds every file of the bundle, in place of the mark", () => {
  const one = join(scratch, "one.html");
  const { status, stdout, stderr } = run(bundle, "--single-file", "-o", one, "--page", join(page, "single"));
  assert.equal(status, 0, stderr);
  assert.match(stdout, /one\.html: [\d.]+ MB, opens in a browser from disk/);
  const text = readFileSync(one, "utf8");
  const found = [...text.matchAll(/<script type="text\/plain" data-file="bundle\/([^"]*)">([A-Za-z0-9+/=]*)<\/script>/g)];
  assert.deepEqual(found.map(([, name]) => name).sort(), filesOf(bundle));
  for (const [, name, base64] of found) assert.ok(Buffer.from(base64, "base64").equals(readFileSync(join(bundle, name))), name);
  assert.equal(text.replaceAll(/<script.*?<\/script>\s*/g, ""), "<body>\n</body>\n");
  assert.deepEqual(leftovers(), []);
});

test("a bundle that is not whole is named, and nothing is written", () => {
  const damaged = join(scratch, "damaged");
  cpSync(bundle, damaged, { recursive: true });
  const [chunk] = readdirSync(join(damaged, "c"));
  const bytes = readFileSync(join(damaged, "c", chunk));
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(join(damaged, "c", chunk), bytes);
  for (const more of [["--page", page], ["--single-file", "--page", join(page, "single")]]) {
    refused([damaged, "-o", join(scratch, "site-of-damage"), ...more], chunk, "damaged", "nothing was written");
  }
  refused([join(scratch, "nowhere"), "-o", join(scratch, "site-of-nothing"), "--page", page], "current.json");
  assert.ok(!readdirSync(scratch).some((name) => name.startsWith("site-of")));
});

test("what stands at the output is replaced only where it is a site, and only when asked for", () => {
  const site = join(scratch, "taken");
  writeFiles(site, { "index.html": "earlier", "bundle/c/earlier.bin": "earlier" });
  refused([bundle, "-o", site, "--page", page], "is there already", "--replace");
  writeFiles(site, { CNAME: "example.org" });
  refused([bundle, "-o", site, "--page", page, "--replace"], "CNAME", "not replaced");
  assert.equal(readFileSync(join(site, "index.html"), "utf8"), "earlier");
  rmSync(join(site, "CNAME"));
  writeFiles(site, { "still/line.svg": "drawn afterwards" });
  assert.equal(run(bundle, "-o", site, "--page", page, "--replace").status, 0);
  assert.ok(!filesOf(site).includes("bundle/c/earlier.bin"));
  assert.deepEqual(leftovers(), []);
  mkdirSync(join(scratch, "empty"));
  assert.equal(run(bundle, "-o", join(scratch, "empty"), "--page", page).status, 0, "an empty folder is as good as none");
});

test("without a page, and with one that is none, it says where one comes from", () => {
  const elsewhere = join(scratch, "bin");
  mkdirSync(elsewhere);
  cpSync(ntrace, join(elsewhere, "ntrace"));
  const alone = spawnSync(join(elsewhere, "ntrace"), ["site", bundle, "-o", join(scratch, "site-alone")], { encoding: "utf8" });
  assert.equal(alone.status, 1);
  assert.match(alone.stderr, /bin\/site\/index\.html: expected the built page: make it with `make web`, or name it with --page/);
  symlinkSync(page, join(elsewhere, "site"));
  const beside = spawnSync(join(elsewhere, "ntrace"), ["site", bundle, "-o", join(scratch, "site-beside")], { encoding: "utf8" });
  assert.equal(beside.status, 0, `the page beside the program is found: ${beside.stderr}`);
  mkdirSync(join(scratch, "share/ntrace"), { recursive: true });
  symlinkSync(join(page, "single"), join(scratch, "share/ntrace/single"));
  const installed = spawnSync(join(elsewhere, "ntrace"), ["site", bundle, "--single-file", "-o", join(scratch, "one-installed.html")], { encoding: "utf8" });
  assert.equal(installed.status, 0, `the installed page is found: ${installed.stderr}`);
  refused([bundle, "-o", join(scratch, "one-bare.html"), "--single-file", "--page", page], "<!-- bundle -->");
  refused([bundle, "-o", scratch, "--single-file", "--page", join(page, "single")], "cannot be written");
  refused([bundle, "-o", join(scratch, "no such folder/site"), "--page", page], "cannot be written");
  refused([bundle, "-o", join(page, "out"), "--page", page], "the built page's own folder");
  assert.deepEqual(filesOf(page), Object.keys(PAGE).sort());
  refused(["-o", join(scratch, "site-unnamed")], "BUNDLE");
});
