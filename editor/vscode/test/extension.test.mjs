// The bundle as it is packaged, against the scn that `SCN` names and a module that stands in for
// VS Code's.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const fake = require("./fake-vscode.cjs");
const { seen, settings, vscode } = fake;

const load = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));
const extension = require("../dist/extension.js");
const manifest = JSON.parse(readFileSync(join(here, "../package.json"), "utf8"));

const scn = process.env.SCN;
assert.ok(scn, "SCN must name the program");
const hasServer = spawnSync(scn, ["lsp", "--help"]).status === 0;

const scratch = mkdtempSync(join(tmpdir(), "scn-vscode-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const SCENARIOS = `stage e2e

@tags(money)
scenario "Sums" in e2e {
  expect 1 + 1 == 2
}

@cases([{ a: 1 }, { a: 2 }])
scenario "Cases" in e2e {
  expect case.a == 1
}

scenario "Shapes" in e2e {
  expect { name: "ä", a: 1 } matches { name: "ä", a: 3 }
}

@skip("not now")
scenario "Later" in e2e {
  expect 1 == 2
}
`;

let folders = 0;

/** A project with these files below \`scenarios\`. */
function project(files) {
  const folder = join(scratch, `project-${(folders += 1)}`);
  mkdirSync(join(folder, "scenarios"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "scenarios", name), text);
  return folder;
}

async function until(what, holds) {
  for (let waited = 0; waited < 20_000; waited += 20) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`${what}: it did not come about\n${seen.log.join("\n")}`);
}

async function begin(t, projects, path) {
  fake.begin(projects);
  settings["scn.path"] = path;
  const context = { subscriptions: [] };
  t.after(async () => {
    await extension.deactivate();
    for (const one of context.subscriptions) one.dispose();
  });
  await extension.activate(context);
}

/** The labels of the tree of tests. */
function tree(items = seen.controller.items) {
  return [...items].map(([, item]) => (item.children.size > 0 ? [item.label, tree(item.children)] : item.label));
}

function item(label, items = seen.controller.items) {
  for (const [, one] of items) {
    const found = one.label === label ? one : item(label, one.children);
    if (found) return found;
  }
  return undefined;
}

async function run(include, exclude) {
  const source = new vscode.CancellationTokenSource();
  await seen.controller.profile.run({ include: include?.map((label) => item(label)), exclude: exclude?.map((label) => item(label)) }, source.token);
  assert.ok(seen.controller.lastRun.ended);
  return seen.controller.lastRun;
}

/** How everything ended, in the order of the alphabet. */
function ends(made) {
  return made.results
    .filter(({ how }) => how !== "enqueued" && how !== "started")
    .map(({ how, item: label }) => `${label} ${how}`)
    .sort();
}

test("a missing program is told once, in words that help", async (t) => {
  await begin(t, [project({})], "no-such-scn");
  assert.equal(seen.warnings.length, 1);
  assert.match(seen.warnings[0].message, /^`no-such-scn` is not there: .* Colours and snippets work without it/);
  assert.deepEqual(seen.warnings[0].buttons, ["Set Its Path", "Try Again"]);
  // Tasks say what the shell would.
  const [task] = seen.taskProvider.provideTasks();
  assert.equal(task.execution.process, "no-such-scn");
  await until("an empty list of tests", () => seen.controller.items.size === 0);
});

test("the button opens the setting", async (t) => {
  fake.begin([project({})]);
  await begin(t, [project({})], "no-such-scn");
  seen.answer = "Set Its Path";
  await seen.commands["scn.restart"]();
  await until("the setting", () => seen.executed.length > 0);
  assert.deepEqual(seen.executed, [["workbench.action.openSettings", "scn.path"]]);
});

test("a program without a language server is told, with its version", async (t) => {
  const old = join(scratch, "old-scn");
  writeFileSync(old, '#!/bin/sh\n[ "$1" != --version ] || { echo "scn 0.0.9"; exit 0; }\nexit 2\n');
  chmodSync(old, 0o755);
  await begin(t, [project({})], old);
  assert.match(seen.warnings[0].message, /\(scn 0\.0\.9\) has no language server\. Colours/);
});

test("nothing starts in a folder that is not trusted, until it is", async (t) => {
  fake.begin([project({})]);
  vscode.workspace.isTrusted = false;
  settings["scn.path"] = "no-such-scn";
  const context = { subscriptions: [] };
  t.after(() => extension.deactivate());
  await extension.activate(context);
  assert.equal(seen.controller, undefined);
  assert.deepEqual(seen.warnings, []);
  fake.fire.trusted();
  await until("the start", () => seen.warnings.length > 0);
  for (const one of context.subscriptions) one.dispose();
});

/** Opens a text, and waits for what the server says of it. */
async function diagnose(t, path, text) {
  const folder = project({ "a.scn": text });
  await begin(t, [folder], path);
  assert.deepEqual(seen.warnings, []);
  const uri = vscode.Uri.file(join(folder, "scenarios/a.scn"));
  const document = { uri, languageId: "scn", version: 1, fileName: uri.fsPath, getText: () => text };
  vscode.workspace.textDocuments.push(document);
  fake.fire.opened(document);
  await until("diagnostics", () => (seen.diagnostics.get(uri.toString()) ?? []).length > 0);
  return seen.diagnostics.get(uri.toString());
}

/** An scn whose language server is the one of this folder. */
function withServer() {
  const path = join(scratch, "with-server");
  writeFileSync(path, `#!/bin/sh\n[ "$1" = lsp ] && exec node "${join(here, "server.mjs")}" "$@"\nexec "${scn}" "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

test("the client starts a server, and shows what it finds", async (t) => {
  const [found] = await diagnose(t, withServer(), "let a = wrong\n");
  assert.equal(found.message, "this is wrong");
  assert.deepEqual([found.range.start.line, found.range.start.character], [0, 8]);
});

test("the lens over a scenario runs it as a test, and what is no test is the server's", async (t) => {
  await begin(t, [project({ "a.scn": SCENARIOS })], withServer());
  await until("tests", () => seen.controller.items.size > 0);
  assert.equal(await seen.commands["scn.run"]("scenarios/a.scn:4"), undefined);
  assert.deepEqual(ends(seen.controller.lastRun), ["Sums passed"]);
  assert.equal(await seen.commands["scn.run"]("scenarios/b.scn:4"), "the server ran it");
});

test("the lens runs the scenario of its own folder", async (t) => {
  const [one, two] = [project({ "a.scn": SCENARIOS }), project({ "a.scn": SCENARIOS.replace("Sums", "Others") })];
  await begin(t, [one, two], withServer());
  await until("tests", () => seen.controller.items.size > 1);
  assert.equal(await seen.commands["scn.run"]("scenarios/a.scn:4", `file://${two}`), undefined);
  assert.deepEqual(ends(seen.controller.lastRun), ["Others passed"]);
  assert.equal(await seen.commands["scn.run"]("scenarios/a.scn:4", "file:///nowhere"), "the server ran it");
});

test("what is open is saved before it runs, and what runs is what was meant", async (t) => {
  const scenario = (title, text) => `scenario "${title}" {\n  expect ${text}\n}\n`;
  const [good, bad] = [scenario("good", "1 == 1"), scenario("bad", "1 == 2")];
  const folder = project({ "a.scn": `${good}\n${bad}` });
  const save = (text) => () => writeFileSync(join(folder, "scenarios/a.scn"), text);
  await begin(t, [folder], withServer());
  await until("tests", () => seen.controller.items.size > 0);

  // In the editor the second one was moved to the first line.
  seen.unsaved.push(save(`${bad}\n${good}`));
  assert.equal(await seen.commands["scn.run"]("scenarios/a.scn:1", `file://${folder}`, "bad"), undefined);
  assert.deepEqual(ends(seen.controller.lastRun), ["bad failed"]);
  seen.unsaved.push(save(`${good}\n${bad}`));
  assert.deepEqual(ends(await run(["bad"])), ["bad failed"]);

  // Saving may change a file on its own: the server says that the lens stands elsewhere.
  const before = seen.controller.lastRun;
  seen.unsaved.push(save(`${bad}\n${good}`));
  assert.equal(await seen.commands["scn.run"]("scenarios/a.scn:1", `file://${folder}`, "good"), "the server ran it");
  assert.equal(seen.controller.lastRun, before);

  seen.unsaved.push(() => false);
  const refused = await run(["good"]);
  assert.deepEqual(ends(refused), ["good errored"]);
  assert.match(refused.results.at(-1).messages.message, /could not be saved/);
});

test("the client starts `scn lsp`", { skip: hasServer ? false : "this scn has no `lsp`" }, async (t) => {
  const [found] = await diagnose(t, scn, 'scenario "x" {\n  exepct 1 == 1\n}\n');
  assert.match(found.message, /exepct/);
  assert.equal(found.range.start.line, 1);
});

test("scenarios are found, run, and judged", async (t) => {
  const folder = project({ "a.scn": SCENARIOS });
  await begin(t, [folder], scn);
  await until("tests", () => seen.controller.items.size > 0);
  assert.deepEqual(tree(), [["scenarios/a.scn", ["Sums", "Cases", "Shapes", "Later"]]]);
  assert.equal(item("Sums").range.start.line, 3);
  assert.deepEqual(item("Later").description, "skipped: not now");

  const whole = await run();
  assert.deepEqual(ends(whole), [
    "Later skipped",
    "Shapes failed",
    "Sums passed",
    "case 1 of 2 { a: 1 } passed",
    "case 2 of 2 { a: 2 } failed",
  ]);
  assert.match(whole.output, /2 failed/);
  assert.doesNotMatch(whole.output, /[^\r]\n/);

  const { messages } = whole.results.find(({ item: label, how }) => label === "Shapes" && how === "failed");
  assert.equal(messages.length, 1);
  assert.deepEqual([messages[0].expectedOutput, messages[0].actualOutput], ["3", "1"]);
  assert.match(messages[0].message, /does not match/);
  assert.equal(messages[0].location.uri.fsPath, join(folder, "scenarios/a.scn"));
  const { line, character } = messages[0].location.range.start;
  assert.deepEqual([line, character], [13, 9]);

  assert.deepEqual(ends(await run(["Sums"])), ["Sums passed"]);
  assert.deepEqual(ends(await run(["case 2 of 2 { a: 2 }"])), ["case 2 of 2 { a: 2 } failed"]);
  assert.deepEqual(ends(await run(["scenarios/a.scn"], ["Cases", "Later"])), ["Shapes failed", "Sums passed"]);

  // A case runs where its scenario is now.
  seen.unsaved.push(() => writeFileSync(join(folder, "scenarios/a.scn"), SCENARIOS.replace("stage e2e\n", "stage e2e\n\n\n\n\n\n")));
  assert.deepEqual(ends(await run(["case 2 of 2 { a: 2 }"])), ["case 2 of 2 { a: 2 } failed"]);

  // Whoever is in the middle of a line keeps the tests; what cannot run is not passed.
  writeFileSync(join(folder, "scenarios/a.scn"), SCENARIOS.replace("expect 1 + 1", "exepct 1 + 1"));
  await seen.controller.refreshHandler();
  assert.ok(item("Sums"));
  const wrong = await run(["Sums"]);
  assert.deepEqual(ends(wrong), ["Sums errored"]);
  const why = wrong.results.find(({ how }) => how === "errored").messages.message;
  assert.match(why, /did you mean `expect`/);
});

test("two folders have a root each, and both run", async (t) => {
  const [one, two] = [project({ "a.scn": SCENARIOS }), project({ "b.scn": SCENARIOS })];
  await begin(t, [one, two], scn);
  await until("tests", () => seen.controller.items.size === 2);
  assert.deepEqual(tree()[1], ["project-" + two.split("-").pop(), [["scenarios/b.scn", ["Sums", "Cases", "Shapes", "Later"]]]]);
  assert.equal(ends(await run()).length, 10);
});

test("a run that is stopped cleans up and leaves nothing open", async (t) => {
  const folder = project({ "slow.scn": 'scenario "Slow" {\n  wait 60s\n}\n' });
  await begin(t, [folder], scn);
  await until("tests", () => seen.controller.items.size > 0);
  const source = new vscode.CancellationTokenSource();
  const running = seen.controller.profile.run({}, source.token);
  await until("the start", () => seen.controller.lastRun?.results.some(({ how }) => how === "started"));
  source.cancel();
  await running;
  assert.deepEqual(ends(seen.controller.lastRun), ["Slow skipped"]);
});

// ---- tasks -------------------------------------------------------------------------------------

/** What VS Code finds in lines: each matcher is tried at each line, the next pattern at the next. */
function problems(text) {
  const { problemMatchers, problemPatterns } = manifest.contributes;
  const lines = text.split("\n");
  return problemMatchers.flatMap(({ pattern, severity }) => {
    const { patterns } = problemPatterns.find(({ name }) => `$${name}` === pattern);
    return lines.flatMap((_, first) => {
      const found = { severity };
      for (const [index, { regexp, ...properties }] of patterns.entries()) {
        const match = new RegExp(regexp).exec(lines[first + index] ?? "");
        if (!match) return [];
        for (const [property, group] of Object.entries(properties)) {
          found[property] = property in found ? `${found[property]} ${match[group].trim()}` : match[group].trim();
        }
      }
      return [found];
    });
  });
}

function output(task, env) {
  const { process: program, args, options } = task.execution;
  const ended = spawnSync(program, args, { cwd: options.cwd, encoding: "utf8", env: { ...process.env, NO_COLOR: "1", ...env } });
  return ended.stdout + ended.stderr;
}

test("the tasks are offered, and their problems found", async (t) => {
  const folder = project({
    "bad.scn": 'scenario "x" {\n  exepct 1 == 1\n  let unused = 1\n}\n',
  });
  await begin(t, [folder], scn);
  const tasks = seen.taskProvider.provideTasks();
  assert.deepEqual(tasks.map(({ name }) => name), ["check", "run"]);
  const names = manifest.contributes.problemMatchers.map(({ name }) => `$${name}`);
  assert.deepEqual(tasks[0].problemMatchers, names);

  for (const env of [{ TERM: "xterm" }, { TERM: "dumb" }]) {
    const found = problems(output(tasks[0], env));
    const place = { file: "scenarios/bad.scn", column: "3" };
    assert.deepEqual(found.find(({ severity }) => severity === "error"), {
      severity: "error",
      message: "`exepct` begins no statement",
      line: "2",
      ...place,
    });
    // On a narrow screen the message has two lines.
    const narrow = problems(output(tasks[0], { ...env, COLUMNS: "24" })).filter(({ severity }) => severity === "error");
    assert.equal(narrow[0].message, "`exepct` begins no statement");
  }
});

test("failures of a run are problems too", async (t) => {
  const folder = project({ "a.scn": SCENARIOS, "warned.scn": 'scenario "y" {\n  let unused = 1\n  expect 1 == 1\n}\n' });
  await begin(t, [folder], scn);
  const resolved = seen.taskProvider.resolveTask({
    definition: { type: "scn", command: "run", args: ["scenarios/a.scn:13"] },
    scope: vscode.workspace.workspaceFolders[0],
  });
  const [failure] = problems(output(resolved, {}));
  assert.equal(failure.line, "14");
  assert.match(failure.message, /does not match/);
  const [check] = seen.taskProvider.provideTasks();
  const warned = problems(output(check, {}));
  assert.deepEqual(warned.map(({ severity, line }) => [severity, line]), [["warning", "2"]]);
  assert.equal(seen.taskProvider.resolveTask({ definition: { type: "scn", command: "rm" } }), undefined);
});

// ---- the package -------------------------------------------------------------------------------

test("the package has what its manifest names, and no more", () => {
  const vsce = join(here, "../node_modules/.bin/vsce");
  const listed = execFileSync(vsce, ["ls", "--no-dependencies"], { cwd: join(here, ".."), encoding: "utf8" });
  const files = listed.trim().split("\n");
  const { languages, grammars, snippets } = manifest.contributes;
  const named = [
    manifest.main,
    ...languages.map(({ configuration }) => configuration),
    ...[...grammars, ...snippets].map(({ path }) => path),
  ];
  for (const path of named) assert.ok(files.includes(path.replace(/^\.\//, "")), `${path} is not packaged`);
  assert.ok(files.every((path) => /^(package\.json|README\.md|language-configuration\.json|(dist|snippets|syntaxes)\/.*)$/.test(path)), listed);
  for (const { path } of grammars) {
    const name = path.split("/").pop();
    assert.equal(readFileSync(join(here, "..", path), "utf8"), readFileSync(join(here, "../../textmate", name), "utf8"));
  }
  for (const { wordPattern, indentationRules } of [JSON.parse(readFileSync(join(here, "../language-configuration.json"), "utf8"))]) {
    assert.equal("headers.content-type".match(new RegExp(wordPattern, "g")).join(" "), "headers content-type");
    assert.match('scenario "x" in e2e {', new RegExp(indentationRules.increaseIndentPattern));
    assert.doesNotMatch("expect [1] == a", new RegExp(indentationRules.increaseIndentPattern));
  }
});
