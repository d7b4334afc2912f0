/** The Python recipe of the README: its very lines, on a residual network and a transformer, packed and compared with numpy. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "ntrace-recipe-"));
after(() => rmSync(scratch, { recursive: true }));

/** @param {string} program @param {string[]} words @param {string} [input] */
function run(program, words, input) {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8", input, maxBuffer: 1 << 26, cwd: scratch });
  assert.equal(status, 0, stderr);
  return stdout;
}

const readme = readFileSync(join(root, "README.md"), "utf8");
const ntrace = join(root, "build/ntrace");

/** The README's indented lines from one that begins so to the end of their block, empty lines being no end. @param {string} first */
function blockOf(first) {
  const lines = readme.slice(readme.indexOf(`    ${first}`)).split("\n");
  const end = lines.findIndex((line) => line !== "" && !line.startsWith("    "));
  return lines.slice(0, end).map((line) => line.slice(4));
}

const recipe = blockOf("import os, numpy as np, torch");
const call = recipe.findIndex((line) => line.startsWith("export("));

test("the recipe has twenty lines, and the call and the command below it are those that are tested", () => {
  assert.ok(recipe.slice(0, call).filter((line) => line.trim()).length <= 20);
  assert.match(recipe[call], /^export\(model, loader, \[.*\], "activations"\)$/);
});

test("what the recipe exports is packed by the README's command, and who is near is who numpy says is near", () => {
  const models = JSON.parse(run("/usr/bin/python3", [join(root, "tests/cli/recipe.py"), scratch], recipe.slice(0, call).join("\n")));
  const command = recipe.slice(call + 1).join(" ").replaceAll("\\", " ").trim();
  assert.match(command, /^build\/ntrace pack --activations activations /);
  for (const [model, layers] of Object.entries(models)) {
    const words = command.replaceAll(/\bactivations(?=[ .])/g, (word, at) => (command.slice(0, at).endsWith("--") ? word : model)).replace("-o bundle", `-o ${model}.bundle`);
    run("sh", ["-c", words.replace("build/ntrace", `'${ntrace}'`)]);
    assert.match(run(ntrace, ["verify", `${model}.bundle`]), /180 samples, [45] layers: all good/);
    const current = JSON.parse(readFileSync(join(scratch, `${model}.bundle/current.json`), "utf8")).manifest;
    const manifest = JSON.parse(readFileSync(join(scratch, `${model}.bundle`, current), "utf8"));
    assert.deepEqual(manifest.layers.map((/** @type {any} */ { name }) => name), Object.keys(layers));
    assert.equal(manifest.dataset.noun.one, "word");
    Object.entries(/** @type {Record<string, number[][]>} */ (layers)).forEach(([name, nearest], layer) => {
      let [candidates, same, all] = [0, 0, 0];
      for (let sample = 0; sample < nearest.length; sample += 15) {
        const rows = run(ntrace, ["query", `${model}.bundle`, "--codes", "--sample", `${sample}`, "--layer", `${layer}`, "-k", "100"]).trim().split("\n");
        const found = rows.map((row) => Number(row.split("\t")[1]));
        for (const neighbour of nearest[sample]) {
          candidates += Number(found.includes(neighbour));
          same += Number(found.slice(0, nearest[sample].length).includes(neighbour));
          all++;
        }
      }
      assert.ok(candidates / all >= 0.995, `${model}, ${name}: ${candidates} of ${all} among the candidates`);
      assert.ok(same / all >= 0.85, `${model}, ${name}: ${same} of ${all} on codes alone`);
    });
  }
});
