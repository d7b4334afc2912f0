/** On sketches by people, where they are: the folder is no part of this project. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const people = join(root, "../shared/quickdraw");
const weights = resolve(root, process.env.WEIGHTS ?? "data/reference.safetensors");
const skip = existsSync(people) ? false : "there are no sketches by people beside this project";
const scratch = mkdtempSync(join(tmpdir(), "ntrace-people-"));
after(() => rmSync(scratch, { recursive: true }));

/** @param {string[]} words */
function run(...words) {
  const { status, stdout, stderr } = spawnSync(join(root, "build/ntrace"), words, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("trained on synthetic sketches alone, the network reads people's with a balanced accuracy of 0.75", { skip }, () => {
  const said = /balanced accuracy ([0-9.]+), 17628 samples/.exec(run("train", "--evaluate", weights, "--test", people));
  assert.ok(said && Number(said[1]) >= 0.75, said?.[0]);
  const card = JSON.parse(readFileSync(join(root, "data/people.json"), "utf8")); // what the page's model card states
  const weightsSha256 = createHash("sha256").update(readFileSync(weights)).digest("hex");
  if (weightsSha256 === card.weightsSha256) assert.equal(Number(said[1]).toFixed(4), card.balancedAccuracy.toFixed(4));
});

test("people's sketches are packed, verified and asked", { skip }, () => {
  const bundle = join(scratch, "bundle");
  assert.match(run("pack", "--images", people, "--limit", "900", "--model", weights, "-o", bundle), /900 samples in/);
  assert.match(run("verify", bundle), /900 samples, 14 layers: all good/);
  assert.equal(run("query", bundle, "--sample", "450", "--layer", "9", "-k", "100").trim().split("\n").length, 100);
});
