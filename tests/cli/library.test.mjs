/** The library as others get it: installed, found by pkg-config, linked, and answering as the command line does. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bundle = join(root, "build/tests/bundle");
const scratch = mkdtempSync(join(tmpdir(), "ntrace-library-"));
after(() => rmSync(scratch, { recursive: true }));
const prefix = join(scratch, "prefix");
const libraries = join(prefix, "lib");
const env = { ...process.env, PKG_CONFIG_PATH: join(libraries, "pkgconfig"), LD_LIBRARY_PATH: libraries, MAKEFLAGS: "", MAKELEVEL: "" };

/** What a command prints; it must succeed. @param {string} command @param {...string} words */
function done(command, ...words) {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: "utf8", env, cwd: root });
  assert.equal(status, 0, `${command} ${words.join(" ")}: ${stderr}`);
  return stdout;
}
/** @param {...string} words */
const pkgConfig = (...words) => done("pkg-config", ...words, "ntrace").trim().split(/\s+/);
/** Every file below a folder, links too. @param {string} folder */
const filesOf = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).map(({ name }) => name).sort();

/** Functions that the public headers declare, of those that the static library defines. */
function publicFunctions() {
  const headers = readdirSync(join(root, "include/ntrace")).map((name) => readFileSync(join(root, "include/ntrace", name), "utf8")).join("\n");
  const words = new Set(headers.replace(/\/\*[\s\S]*?\*\//g, "").match(/\bnt_\w+(?=\()/g));
  const defined = done("nm", "-g", "--defined-only", join(libraries, "libntrace.a")).match(/(?<= [TDBR] )nt_\w+/g) ?? [];
  return { open: [...new Set(defined)].filter((name) => words.has(name)).sort(), all: defined.length };
}

test("installing puts command, headers, libraries, pkg-config file and man page below the prefix, and uninstalling takes them away", () => {
  done("make", "install", `PREFIX=${prefix}`);
  const headers = readdirSync(join(root, "include/ntrace"));
  assert.deepEqual(filesOf(prefix), ["ntrace", "ntrace.1", "ntrace.pc", "libntrace.a", "libntrace.so", "libntrace.so.0", "libntrace.so.0.1.0", ...headers].sort());

  const stage = join(scratch, "stage");
  done("make", "install", `DESTDIR=${stage}`, "PREFIX=/usr");
  assert.deepEqual(filesOf(join(stage, "usr")), filesOf(prefix));
  assert.match(readFileSync(join(stage, "usr/lib/pkgconfig/ntrace.pc"), "utf8"), /^prefix=\/usr$/m, "the stage is no part of what is installed");
  done("make", "uninstall", `DESTDIR=${stage}`, "PREFIX=/usr");
  assert.deepEqual(filesOf(stage), []);
});

test("the umbrella header includes every other header", () => {
  const umbrella = readFileSync(join(prefix, "include/ntrace/ntrace.h"), "utf8");
  for (const name of readdirSync(join(root, "include/ntrace"))) if (name !== "ntrace.h") assert.ok(umbrella.includes(`#include "ntrace/${name}"`), name);
});

test("the shared library has a soname, and shows what the public headers declare and nothing else", () => {
  const shared = join(libraries, "libntrace.so");
  assert.match(done("readelf", "-d", shared), /SONAME.*\[libntrace\.so\.0\]/);
  const shown = (done("nm", "-D", "--defined-only", shared).match(/(?<= [A-Z] )\w+/g) ?? []).sort();
  const { open, all } = publicFunctions();
  assert.ok(open.length > 200 && open.length < all);
  assert.deepEqual(shown, open);
});

/** @param {string} program @param {string[]} flags */
function compile(program, flags) {
  const path = join(scratch, program);
  done("gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", join(root, "tests/library/trace.c"), ...flags, "-o", path);
  return path;
}
/** Neighbours as `ntrace query` prints them, as "index distance label". @param {number} layer */
const asked = (layer) =>
  done(join(prefix, "bin/ntrace"), "query", bundle, "--sample", "7", "--layer", `${layer}`, "-k", "20").trim().split("\n").map((line) => line.split("\t").slice(1).join(" "));
/** The 20 nearest at one end of a trace, alike. @param {string} printed @param {2 | 3} column */
const nearest = (printed, column) =>
  printed.trim().split("\n").map((line) => line.split("\t")).sort((a, b) => Number(a[column]) - Number(b[column])).slice(0, 20).map((row) => `${row[0]} ${row[column]} ${row[1]}`);

test("a small C program opens a bundle and prints a trace, linked either way, and agrees with ntrace query", () => {
  const shared = compile("shared", pkgConfig("--cflags", "--libs"));
  const still = compile("static", [...pkgConfig("--cflags"), join(libraries, "libntrace.a"), ...pkgConfig("--static", "--libs").filter((flag) => flag !== "-lntrace")]);
  assert.match(done("ldd", shared), new RegExp(`libntrace\\.so\\.0 => ${libraries}`));
  assert.doesNotMatch(done("ldd", still), /libntrace/);
  for (const program of [shared, still]) {
    const printed = done(program, bundle, "7", "0", "13", "20");
    assert.deepEqual(nearest(printed, 2), asked(0));
    assert.deepEqual(nearest(printed, 3), asked(13));
  }
  const source = readFileSync(join(root, "tests/library/trace.c"), "utf8").split("\n");
  assert.ok(source.filter((line) => /^[^\s/#]|^ +[^*\s]/.test(line)).length <= 30, "the example has outgrown 30 lines");
});

test("the C program says in words what it was asked in vain", () => {
  const program = join(scratch, "shared");
  for (const [words, expected] of /** @type {[string[], string][]} */ ([
    [[bundle, "7", "0", "99", "20"], "layer 99"],
    [[bundle, "6000", "0", "13", "20"], "sample 6000"],
    [[scratch, "7", "0", "13", "20"], "current.json"],
  ])) {
    const { status, stderr } = spawnSync(program, words, { encoding: "utf8", env });
    assert.equal(status, 1);
    assert.ok(stderr.includes(expected), stderr);
  }
});

test("the man page has every command and every option with the words of --help, and groff reads it without a warning", () => {
  const page = join(prefix, "share/man/man1/ntrace.1");
  const { status, stdout, stderr } = spawnSync("groff", ["-ww", "-man", "-Tascii", "-P-cbou", "-rLL=400n", page], { encoding: "utf8" });
  assert.equal(status, 0);
  assert.equal(stderr, "");
  const printed = stdout.replace(/\s+/g, " ");
  const ntrace = join(prefix, "bin/ntrace");
  const commands = done(ntrace, "--help").match(/(?<=^ {2})[a-z]+(?= )/gm) ?? [];
  assert.ok(commands.length >= 11);
  for (const command of commands) {
    const help = done(ntrace, command, "--help").split("\n");
    const wanted = [help[0].replace(/^.*?: /, ""), help[2].replace(/^usage: /, ""), ...help.slice(4)];
    for (const words of wanted) assert.ok(printed.includes(words.replace(/\s+/g, " ").trim()), `${command}: ${words}`);
  }
  assert.ok(existsSync(join(prefix, "bin/ntrace")) && printed.includes(done(ntrace, "--version").trim()));
});
