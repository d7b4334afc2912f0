/** All figures of the last `make bench` that something is held to, those that miss it first. node tests/bench/summary.mjs */
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";

import { rowsFile } from "./table.mjs";

/** @type {{ what: string, figure: string, judged: string, missed: boolean, aimed: boolean }[]} */
const rows = (await readFile(rowsFile, "utf8")).trim().split("\n").map((line) => JSON.parse(line));
console.log(`\n${rows.length} figures that something is held to, ${cpus()[0].model}, ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`);
for (const missed of [true, false]) {
  for (const row of rows.filter((row) => row.missed === missed)) console.log(`${missed ? "MISSED" : row.aimed ? "  aim " : " floor"}  ${row.what.padEnd(54)} ${row.figure.padStart(14)}  ${row.judged}`);
}
