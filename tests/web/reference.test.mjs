/** The API reference: it has everything that the headers and the type declarations declare, every link leads somewhere, everybody can read it. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launch, openPage, serveSite, siteFolder, violations } from "./browser.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(siteFolder, "api");
const headers = readdirSync(join(root, "include/ntrace"));
const pages = ["index.html", "javascript.html", "element.html", ...headers.map((name) => `c/${name.replace(".h", ".html")}`)];
const html = new Map(pages.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
/** @param {string} path */
const idsOf = (path) => new Set([...(html.get(path) ?? "").matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));

/** @type {any} */
let browser;
/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;
before(async () => {
  [browser, site] = await Promise.all([launch(), serveSite()]);
});
after(async () => {
  await browser?.close();
  site?.close();
});

test("every function, struct and enum of every public header has its place, with what its comment says", () => {
  let functions = 0;
  for (const name of headers) {
    const source = readFileSync(join(root, "include/ntrace", name), "utf8");
    const plain = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^#.*$/gm, "");
    const ids = idsOf(`c/${name.replace(".h", ".html")}`);
    const declared = plain.match(/(?<=^[a-z][\w *]*[ *])nt_\w+(?=\()/gm) ?? [];
    const types = plain.match(/(?<=^(?:struct|enum) )nt_\w+(?= \{)/gm) ?? [];
    for (const each of [...declared, ...types]) assert.ok(ids.has(each), `${name}: ${each}`);
    functions += declared.length;
  }
  assert.ok(functions > 200, `${functions}`);
  const bundle = html.get("c/bundle.html") ?? "";
  assert.match(bundle, /id="nt_bundle_open".*?Reads a manifest\..*?<dt><code>json<\/code> in<\/dt><dd>\[bytes\] the manifest, not kept<\/dd>.*?enum <a [^>]*>nt_status<\/a> <a href="#nt_bundle_open">nt_bundle_open<\/a>\(/s);
  assert.match(bundle, /<a href="\.\.\/c\/status\.html#nt_status">nt_status<\/a>/);
});

test("everything that the type declarations export has its place, and every call of a bundle its words", () => {
  for (const [file, path] of [["wasm/ntrace.d.ts", "javascript.html"], ["web/embed/neighborhood-trace.d.ts", "element.html"]]) {
    const exported = readFileSync(join(root, file), "utf8").match(/(?<=^export (?:declare )?(?:interface|type|class|function|const) )\w+/gm) ?? [];
    assert.ok(exported.length >= 5);
    for (const name of exported) assert.ok(idsOf(path).has(name), `${path}: ${name}`);
  }
  const calls = (readFileSync(join(root, "wasm/ntrace.d.ts"), "utf8").split("export interface Bundle {")[1].split("\n}")[0].match(/(?<=^ {2})\w+(?=[(<])/gm) ?? []);
  assert.ok(calls.length > 15);
  for (const name of calls) assert.ok(idsOf("javascript.html").has(`Bundle.${name}`), name);
});

test("every link of the reference leads to a page and a place that there are", () => {
  let links = 0;
  for (const [path, text] of html) {
    for (const [, href] of text.matchAll(/<a [^>]*?href="([^"]+)"/g)) {
      const [to, id] = href.split("#");
      const target = to === "" ? path : join(dirname(path), to);
      if (target === "../") continue; // the site itself
      assert.ok(html.has(target), `${path}: ${href}`);
      if (id) assert.ok(idsOf(target).has(id), `${path}: ${href}`);
      links++;
    }
  }
  assert.ok(links > 1000, `${links}`);
});

test("the site's footer leads to it; axe finds nothing, light and dark; nothing scrolls sideways on a phone", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page, problems, close } = await openPage(browser, { colorScheme });
    try {
      if (colorScheme === "light") {
        await page.goto(`${site.url}#/trace?sample=12&from=0&to=13&k=50`);
        await page.waitForSelector("html[data-state=ready]");
        await page.locator(".colophon a").click();
        assert.equal(await page.locator("h1").innerText(), "API reference");
      }
      for (const path of ["index.html", "javascript.html", "c/bundle.html"]) {
        await page.goto(`${site.url}api/${path}`);
        await page.setViewportSize({ width: colorScheme === "light" ? 360 : 1280, height: 800 });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path);
        assert.deepEqual(await violations(page), []);
      }
      assert.deepEqual(problems, []);
    } finally {
      await close();
    }
  }
});
