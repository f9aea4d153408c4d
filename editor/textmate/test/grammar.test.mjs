// The TextMate grammar as editors use it: through vscode-textmate and its regex engine, with the
// real grammars of Markdown and of the languages that stand in fences beside scn.
// Set SCN_BLESS=1 to write the snapshots anew, and read the difference.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const oniguruma = require("vscode-oniguruma");
const { INITIAL, Registry, parseRawGrammar } = require("vscode-textmate");

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const bless = Boolean(process.env.SCN_BLESS);

const own = {
  "source.scn": join(here, "../scn.tmLanguage.json"),
  "markdown.scn.codeblock": join(here, "../scn.markdown.tmLanguage.json"),
};
const others = join(here, "../node_modules/tm-grammars/grammars");
const known = { ...own, "text.html.markdown": join(others, "markdown.json"), "source.sql": join(others, "sql.json") };

await oniguruma.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")));
const registry = new Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async (scope) =>
    scope in known ? parseRawGrammar(readFileSync(known[scope], "utf8"), known[scope]) : null,
  getInjections: (scope) => (scope === "text.html.markdown" ? ["markdown.scn.codeblock"] : []),
});

/** Every line with its tokens, and how deep the rules nest after the last. */
async function tokenize(scope, text) {
  const grammar = await registry.loadGrammar(scope);
  let stack = INITIAL;
  const lines = [];
  for (const line of text.split("\n")) {
    const result = grammar.tokenizeLine(line, stack, 1000);
    assert.ok(!result.stoppedEarly, `too slow: ${line}`);
    stack = result.ruleStack;
    lines.push({ line, tokens: result.tokens });
  }
  return { lines, depth: stack.depth };
}

/** The files below a folder, in order. */
function files(folder, extension) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || ["node_modules", "out", "target"].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...files(path, extension));
    else if (entry.name.endsWith(extension)) found.push(path);
  }
  return found.sort();
}

/**
 * `// <- scope` speaks of the place under its first `/` in the line above that says no such thing,
 * `//    ^ scope` of the place above the `^`. A `!` before the scope denies it. In Markdown they stand
 * behind `<!--`.
 */
async function assertScopes(scope, path) {
  const { lines } = await tokenize(scope, readFileSync(path, "utf8"));
  let above;
  let count = 0;
  const wrong = [];
  for (const entry of lines) {
    const match = /^(\s*(?:\/\/|<!--))\s*(<-|\^) (!?)(\S+)/.exec(entry.line);
    if (!match) {
      above = entry;
      continue;
    }
    count += 1;
    const [, comment, sign, denies, wanted] = match;
    const column = sign === "<-" ? comment.search(/\S/) : entry.line.indexOf("^");
    const token = above.tokens.find((t) => t.startIndex <= column && column < t.endIndex);
    const has = token?.scopes.some((s) => s === wanted || s.startsWith(`${wanted}.`)) ?? false;
    if (has !== (denies === "")) {
      const got = token?.scopes.slice(1).join(" ");
      wrong.push(`${relative(root, path)}: in \`${above.line}\`, column ${column + 1} is ${got}, not ${denies}${wanted}`);
    }
  }
  assert.equal(wrong.join("\n"), "");
  return count;
}

test("every scope is as written", async () => {
  const paths = files(join(here, "scopes"), ".scn");
  let count = 0;
  for (const path of paths) count += await assertScopes("source.scn", path);
  assert.ok(count > 60, `only ${count} scopes are asserted`);
});

test("fences in Markdown are coloured, and end where they end", async () => {
  const count = await assertScopes("text.html.markdown", join(here, "scopes/fence.md"));
  assert.ok(count >= 6, `only ${count} scopes are asserted`);
});

test("every scenario of the project leaves nothing open, and is coloured as written", async () => {
  const snapshots = join(here, "snapshots");
  const paths = files(join(root, "scenarios"), ".scn");
  assert.ok(paths.length > 10, `only ${paths.length} files were found`);
  if (bless) rmSync(snapshots, { recursive: true, force: true });
  const wanted = new Set();
  for (const path of paths) {
    const { lines, depth } = await tokenize("source.scn", readFileSync(path, "utf8"));
    const name = relative(join(root, "scenarios"), path);
    assert.equal(depth, 1, `${name}: something is still open at its end`);
    let out = "";
    for (const { line, tokens } of lines) {
      out += `${line}\n`;
      for (const token of tokens) {
        const text = line.slice(token.startIndex, token.endIndex).trim();
        const scopes = token.scopes.slice(1).map((scope) => scope.replace(/\.scn$/, ""));
        if (text && scopes.length > 0) out += `  | ${text}  ${scopes.join(" ")}\n`;
      }
    }
    const file = join(snapshots, `${name}.snap`);
    wanted.add(file);
    if (bless) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, out);
    } else {
      assert.ok(existsSync(file), `${name} has no snapshot: set SCN_BLESS=1`);
      assert.equal(out, readFileSync(file, "utf8"), `${name} is coloured otherwise: set SCN_BLESS=1`);
    }
  }
  for (const file of files(snapshots, ".snap")) assert.ok(wanted.has(file), `${file} is of no scenario`);
});

test("no text of the language's tests leaves the grammar in a loop", async () => {
  for (const path of [...files(join(root, "tests"), ".scn"), ...files(join(root, "stdlib"), ".scn")]) {
    await tokenize("source.scn", readFileSync(path, "utf8"));
  }
});
