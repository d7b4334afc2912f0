/** The story's sentences on two datasets: every number in them against figures worked out here, from single answers of the engine. No browser. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { toText } from "../../web/rich_text.js";
import { learnStory, openBundleFolder } from "../../web/story/still_facts.js";
import { STEPS } from "../../web/story/steps.js";
import { layerName } from "../../web/words.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const people = join(root, "../shared/quickdraw");
const scratch = mkdtempSync(join(tmpdir(), "ntrace-story-"));
after(() => rmSync(scratch, { recursive: true }));

/** @type {{ name: string, skip: string | false, folder: () => string }[]} */
const DATASETS = [
  { name: "synthetic sketches", skip: false, folder: () => join(root, "build/tests/bundle") },
  {
    name: "sketches by people",
    skip: existsSync(people) ? false : "there are no sketches by people beside this project",
    folder() {
      const bundle = join(scratch, "people");
      const { status, stderr } = spawnSync(join(root, "build/ntrace"), ["pack", "--images", people, "--limit", "600", "--model", join(root, "data/reference.safetensors"), "--title", "Drawn by people", "-o", bundle], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      return bundle;
    },
  },
];

/** Nearest-rank quantile, worked out the plain way. @param {number[]} values @param {number} q */
function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(q * sorted.length) - 1];
}

for (const { name, skip, folder } of DATASETS) {
  for (const wish of [{ sample: 5, from: 0, to: 13, k: 40 }, { sample: 411, from: 2, to: 12, k: 25 }]) {
    const about = `sample ${wish.sample} of ${name}`;
    /** @type {import("../../wasm/engine.js").Engine} */
    let engine;
    /** @type {import("../../web/story/facts.js").Facts} */
    let facts;
    before(async () => {
      if (skip) return;
      engine = await openBundleFolder(folder(), join(root, "build/site/engine"));
      facts = await learnStory(engine, wish);
    });
    after(() => engine?.close());
    /** @param {string} id */
    const said = (id) => (STEPS.find((step) => step.id === id)?.text(facts) ?? []).map(toText).join(" ");
    const nearest = async (/** @type {number} */ layer) => Array.from((await engine.neighbors({ sample: wish.sample, layer, k: wish.k })).index);
    /** @param {number[]} a @param {number[]} b */
    const shared = (a, b) => a.filter((i) => b.includes(i)).length;

    test(`every step says something about ${about}, without an empty number`, { skip }, () => {
      for (const step of STEPS) {
        const text = said(step.id);
        assert.ok(text.length > 30, step.id);
        assert.doesNotMatch(`${step.title(facts)} ${text}`, /NaN|undefined|null|Infinity|\[object/, step.id);
      }
    });

    test(`what is kept of ${about} is what single neighbourhoods share`, { skip }, async () => {
      const [first, next] = [await nearest(wish.from), await nearest(wish.from + 1)];
      const kept = shared(first, next);
      assert.match(said("next"), new RegExp(`: ${kept} of them (is|are) the same, ${wish.k - kept} (is|are) new`));
      assert.match(said("count"), new RegExp(`There (is|are) ${kept}\\.`));
      const last = shared(first, await nearest(13));
      assert.match(said("line"), new RegExp(`ends at ${last} of ${wish.k}`));
    });

    test(`the classes counted around ${about} are those of its nearest`, { skip }, async () => {
      const { labels } = engine.samples();
      /** @type {Map<string, number>} */
      const counts = new Map();
      for (const i of await nearest(wish.from)) {
        const label = engine.manifest.classes[labels[i]];
        counts.set(label, (counts.get(label) ?? 0) + 1);
      }
      const most = [...counts].sort((a, b) => b[1] - a[1])[0][1];
      const [, number, label] = /(\d+) ([a-z ]+?)(?:,| and|:)/.exec(said("nearest").split(". ").slice(-2)[0].replace(/^.*neighbourhood /, "")) ?? [];
      assert.equal(Number(number), most);
      assert.equal(counts.get(label), most);
    });

    test(`the traces of ${about} count who came closer and who drifted off`, { skip }, async () => {
      for (const [id, to] of /** @type {const} */ ([["first", wish.from + 1], ["end", wish.to]])) {
        const [a, b] = [await nearest(wish.from), await nearest(to)];
        const trace = /** @type {any} */ (facts.traces)[id];
        const closer = trace.points.filter((/** @type {any} */ { radiusFrom, radiusTo }) => radiusTo < radiusFrom).length;
        const farther = trace.points.filter((/** @type {any} */ { radiusFrom, radiusTo }) => radiusTo > radiusFrom).length;
        assert.equal(trace.points.length, new Set([...a, ...b]).size);
        assert.match(said(id), new RegExp(`${closer} came closer.*${farther} drifted off`));
      }
      const overlap = shared(await nearest(wish.from), await nearest(wish.to));
      assert.match(said("end"), new RegExp(`: ${overlap} of ${wish.k} (is|are) still there`));
    });

    test(`medians beside ${about} are those of the table`, { skip }, () => {
      const n = facts.samples;
      const table = /** @type {Uint16Array} */ (facts.table);
      const at = (/** @type {number} */ l, /** @type {(i: number) => boolean} */ keep) => Array.from(table.subarray(l * n, (l + 1) * n)).filter((_, i) => keep(i));
      const all = at(13, () => true);
      assert.match(said("pattern"), new RegExp(`keeps ${quantile(all, 0.5)} of \\d+ at the last layer, the middle half from ${quantile(all, 0.25)} to ${quantile(all, 0.75)}`));
      const own = at(13, (i) => facts.labels[i] === facts.label);
      assert.match(said("class"), new RegExp(`Only the ${own.length} of the class .* median keeps ${quantile(own, 0.5)} at the last layer`));
      const medians = engine.manifest.layers.map((_, l) => quantile(at(l, () => true), 0.5));
      const falls = medians.map((value, l) => (l === 0 ? 0 : value - medians[l - 1]));
      const worst = falls.indexOf(Math.min(...falls));
      assert.ok(said("pattern").includes(`loses most at ${layerName(engine.manifest.layers, worst)}: ${-falls[worst]}.`), said("pattern"));
    });

    test(`what happened to ${about} names label and prediction`, { skip }, () => {
      const { labels, predictions } = engine.samples();
      const { classes } = engine.manifest;
      const words = said("words");
      assert.ok(words.includes(`The network reads it as ${classes[predictions[wish.sample]]}`));
      assert.ok(words.includes(labels[wish.sample] === predictions[wish.sample] ? "which is its label" : `its label says ${classes[labels[wish.sample]]}`));
    });
  }
}
