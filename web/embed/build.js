/** The element that other pages embed: one script beside the engine, its styles within. */
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { common } from "../engine_build.js";
import { scope } from "./scope.js";

const here = fileURLToPath(new URL(".", import.meta.url));

/** @type {import("esbuild").Plugin} */
const parts = {
  name: "embed-parts",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/wasm\/ntrace\.js$/ }, () => ({ path: "../engine/ntrace.js", external: true }));
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { outputFiles } = await build({ entryPoints: [path], bundle: true, minify: true, write: false, logLevel: "warning" });
      return { contents: scope(outputFiles[0].text), loader: "text" };
    });
  },
};

/** @param {string} site */
export async function buildEmbed(site) {
  const folder = join(site, "embed");
  await mkdir(folder, { recursive: true });
  await build({ ...common, entryPoints: [join(here, "neighborhood-trace.js")], outdir: folder, plugins: [parts] });
  await cp(join(here, "neighborhood-trace.d.ts"), join(folder, "neighborhood-trace.d.ts"));
}
