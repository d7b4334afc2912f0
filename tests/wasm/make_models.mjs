/**
 * Makes the bundle of several models that tests read: `node make_models.mjs NTRACE SKETCHES WEIGHTS OUT`. A network before training, after
 * one epoch and trained, and beside them a model of which only activations are known: two layers of two numbers.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PER_CLASS = 12;
const [ntrace, sketches, weights, output] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "ntrace-models-"));
const path = (/** @type {string} */ name) => join(scratch, name);
const run = (/** @type {string[]} */ ...words) => execFileSync(ntrace, words, { stdio: ["ignore", "ignore", "inherit"] });
const pack = (/** @type {string} */ model, /** @type {string} */ name) => run("pack", "--images", sketches, "--per-class", `${PER_CLASS}`, "--model", model, "--synthetic", "--title", "Synthetic sketches", "-o", path(name));

try {
  run("train", "--images", sketches, "--epochs", "1", "--snapshots", path("weights"), "-o", path("weights.safetensors"));
  pack(path("weights/0.safetensors"), "untrained");
  pack(path("weights/1.safetensors"), "first");
  pack(weights, "trained");
  const classes = readdirSync(sketches).filter((name) => name.endsWith(".npy")).map((name) => name.slice(0, -4)).sort();
  writeFileSync(path("classes.txt"), classes.join("\n"));
  writeFileSync(path("labels.txt"), classes.flatMap((_, label) => Array(PER_CLASS).fill(label)).join("\n"));
  for (const [layer, name] of /** @type {[string, string][]} */ ([["0", "0 Input.npy"], ["13", "1 head.npy"]])) run("graph", path("trained"), "--layer", layer, "-k", "5", "--plane", path(name));
  run("pack", "--activations", path("0 Input.npy"), path("1 head.npy"), "--labels", path("labels.txt"), "--classes", path("classes.txt"), "--title", "Synthetic sketches", "-o", path("planes"));
  const models = { untrained: "untrained", "after epoch 1": "first", trained: "trained", planes: "planes" };
  rmSync(output, { recursive: true, force: true });
  run("join", ...Object.entries(models).flatMap(([name, folder]) => ["--model", `${name}=${path(folder)}`]), "--first", "trained", "-o", path("joined"));
  execFileSync("cp", ["-r", path("joined"), output]);
} finally {
  rmSync(scratch, { recursive: true });
}
