/** What the engine that answers views holds at most, on the small bundle; the one that has the graphs is held to its own in graph.test.mjs. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { neighborhoods } from "../../wasm/neighborhoods.js";
import { preparePlace } from "../../wasm/place.js";
import { openTestBundle } from "./bundle.mjs";

const MIB = 2 ** 20;

test("an engine that has found the axes of all layers holds no more than these, the codes and what one group of layers takes", async () => {
  const { engine } = await openTestBundle("simd");
  const { bytes } = await preparePlace(engine);
  await neighborhoods(engine, { sample: 5, k: 100, exact: "all" });
  assert.ok(bytes < 12 * MIB, `${bytes} bytes of axes`);
  assert.ok(engine.memory() < 31 * MIB, `${engine.memory()} bytes`);
});
