// Scenarios in the test explorer: found by `scn list`, run by `scn run`, judged by its events.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve as resolvePath } from "node:path";

import * as vscode from "vscode";

import { type Event, type Failure, Reader, type Scenario, columns, describe, sides } from "./events";
import { ask } from "./program";

/** How long files must be left alone before scenarios are listed anew. */
const PAUSE_MS = 300;

/** An entry of `scn list --format json`. */
interface Listed {
  title: string;
  file: string;
  line: number;
  end_line: number;
  tags: string[];
  skip: string | null;
  quarantine: string | null;
}

/** What a test stands for: a folder, a file, a scenario, or one of its cases. */
interface Meaning {
  folder: vscode.WorkspaceFolder;
  /** As `scn list` names it. */
  file?: string;
  line?: number;
  /** Of a case, what `--only case:…` reads. */
  instance?: string;
}

export class Tests implements vscode.Disposable {
  private readonly controller = vscode.tests.createTestController("scn", "scn");
  /** By their ids: a test is the same item whenever it is listed. */
  private readonly items = new Map<string, vscode.TestItem>();
  private readonly meanings = new WeakMap<vscode.TestItem, Meaning>();
  private readonly disposables: vscode.Disposable[] = [this.controller];
  private readonly running = new Set<ChildProcess>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly program: (folder: vscode.WorkspaceFolder) => string | undefined,
    private readonly output: vscode.LogOutputChannel,
  ) {
    this.controller.refreshHandler = () => this.list();
    this.controller.createRunProfile("Run", vscode.TestRunProfileKind.Run, async (request, token) => this.run(request, token, await this.save()), true);
    const watcher = vscode.workspace.createFileSystemWatcher("**/*.scn");
    const later = () => this.refresh();
    this.disposables.push(
      watcher,
      watcher.onDidCreate(later),
      watcher.onDidChange(later),
      watcher.onDidDelete(later),
      vscode.workspace.onDidChangeWorkspaceFolders(later),
    );
  }

  dispose(): void {
    clearTimeout(this.timer);
    // It stops what it started.
    for (const child of this.running) child.kill("SIGINT");
    for (const disposable of this.disposables) disposable.dispose();
  }

  /** Lists the scenarios anew, soon. */
  refresh(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.list(), PAUSE_MS);
  }

  /**
   * Runs the scenario that `scn run` knows by this name, such as `scenarios/a.scn:6`, in the folder of this
   * URI and with this title, when they are named; whether there is one.
   */
  async runTarget(target: string, of?: unknown, title?: unknown): Promise<boolean> {
    const isSaved = await this.save();
    const found: vscode.TestItem[] = [];
    this.walk(undefined, (item) => {
      const { folder, file, line, instance } = this.meanings.get(item) ?? {};
      if (instance !== undefined || `${file}:${line}` !== target) return;
      // Saving may have moved it, and another stand here now.
      if (typeof title === "string" && title !== item.label) return;
      // Servers escape more of a URI than VS Code does.
      if (typeof of !== "string" || vscode.Uri.parse(of).fsPath === folder?.uri.fsPath) found.push(item);
    });
    const [first] = found;
    if (first === undefined) return false;
    await this.run(new vscode.TestRunRequest([first]), new vscode.CancellationTokenSource().token, isSaved);
    return true;
  }

  /** Saves all that is open, since `scn run` reads the disk, and lists what is there then; whether it could. */
  private async save(): Promise<boolean> {
    const isSaved = await vscode.workspace.saveAll(false);
    await this.list();
    return isSaved;
  }

  private async list(): Promise<void> {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const lists = await Promise.all(folders.map((folder) => this.listed(folder)));
    const roots: vscode.TestItem[] = [];
    folders.forEach((folder, index) => {
      const files = this.fileItems(folder, lists[index]);
      if (folders.length === 1) roots.push(...files);
      else if (files.length > 0) {
        const root = this.item(folder.uri.toString(), folder.name, folder.uri, { folder });
        root.children.replace(files);
        roots.push(root);
      }
    });
    this.controller.items.replace(roots);
  }

  /** The scenarios of a folder, or nothing while its files are wrong. */
  private async listed(folder: vscode.WorkspaceFolder): Promise<Listed[] | undefined> {
    const program = this.program(folder);
    if (program === undefined) return [];
    const answer = await ask(program, ["list", "--format", "json"], folder.uri.fsPath);
    try {
      return (JSON.parse(answer.out) as { scenarios: Listed[] }).scenarios;
    } catch {
      this.output.info(`The scenarios of ${folder.name} cannot be listed:\n${answer.err}`);
      return undefined;
    }
  }

  private fileItems(folder: vscode.WorkspaceFolder, list: Listed[] | undefined): vscode.TestItem[] {
    // Whoever is in the middle of a line keeps the tests of before.
    if (list === undefined) {
      const old: vscode.TestItem[] = [];
      this.walk(undefined, (item) => {
        const meaning = this.meanings.get(item);
        if (meaning?.folder === folder && meaning.file !== undefined && meaning.line === undefined) old.push(item);
      });
      return old;
    }
    const files = new Map<string, vscode.TestItem>();
    const scenarios = new Map<string, vscode.TestItem[]>();
    for (const { title, file, line, end_line, tags, skip, quarantine } of list) {
      const uri = at(folder, file);
      if (!files.has(file)) files.set(file, this.item(uri.toString(), file, uri, { folder, file }));
      const item = this.item(`${uri.toString()}#${title}`, title, uri, { folder, file, line });
      item.children.forEach((one) => this.meanings.set(one, { ...this.meanings.get(one), folder, file, line }));
      item.range = new vscode.Range(line - 1, 0, end_line - 1, 0);
      item.tags = tags.map((tag) => new vscode.TestTag(tag));
      const why = skip !== null ? `skipped: ${skip}` : quarantine !== null ? `quarantined: ${quarantine}` : tags.join(" ");
      item.description = why;
      scenarios.set(file, [...(scenarios.get(file) ?? []), item]);
    }
    for (const [file, item] of files) item.children.replace(scenarios.get(file) ?? []);
    return [...files.values()];
  }

  private item(id: string, label: string, uri: vscode.Uri, meaning: Meaning): vscode.TestItem {
    const item = this.items.get(id) ?? this.controller.createTestItem(id, label, uri);
    this.items.set(id, item);
    this.meanings.set(item, meaning);
    return item;
  }

  /** Visits an item and all below it; without one, all there are. */
  private walk(item: vscode.TestItem | undefined, visit: (item: vscode.TestItem) => void): void {
    if (item !== undefined) visit(item);
    (item?.children ?? this.controller.items).forEach((child) => this.walk(child, visit));
  }

  private async run(request: vscode.TestRunRequest, token: vscode.CancellationToken, isSaved: boolean): Promise<void> {
    const run = this.controller.createTestRun(request);
    const chosen = new Map<vscode.WorkspaceFolder, vscode.TestItem[]>();
    for (const root of request.include ?? [undefined]) {
      this.walk(root, (item) => {
        const meaning = this.meanings.get(item);
        if (meaning?.line === undefined || this.isExcluded(item, request)) return;
        // A case that was met before runs with its scenario, unless it alone is asked for.
        if (meaning.instance !== undefined && item !== root) return;
        const items = chosen.get(meaning.folder) ?? [];
        if (!items.includes(item)) chosen.set(meaning.folder, [...items, item]);
      });
    }
    if (!isSaved) {
      const why = new vscode.TestMessage("a file could not be saved, and `scn run` reads the disk");
      for (const item of [...chosen.values()].flat()) run.errored(item, why);
      chosen.clear();
    }
    const whole = request.include === undefined && (request.exclude ?? []).length === 0;
    for (const [folder, items] of chosen) {
      if (token.isCancellationRequested) break;
      await this.runFolder(run, folder, items, whole, token);
    }
    run.end();
  }

  private isExcluded(item: vscode.TestItem, request: vscode.TestRunRequest): boolean {
    for (let at: vscode.TestItem | undefined = item; at !== undefined; at = at.parent) {
      if (request.exclude?.includes(at)) return true;
    }
    return false;
  }

  /** One `scn run`: of all there is, or of the lines of the items. */
  private runFolder(
    run: vscode.TestRun,
    folder: vscode.WorkspaceFolder,
    items: vscode.TestItem[],
    whole: boolean,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const waiting = new Set(items);
    for (const item of items) {
      run.enqueued(item);
      // Its cases are those that are met now.
      item.children.replace([]);
    }
    const give = (why: string) => {
      for (const item of waiting) run.errored(item, new vscode.TestMessage(why));
    };
    const program = this.program(folder);
    if (program === undefined) {
      give("scn is not there: see the setting `scn.path`");
      return Promise.resolve();
    }
    const args = ["--color", "always", "run", ...(whole ? [] : selection(items.map((item) => this.meanings.get(item))))];
    args.push("--report", "json=-");
    return new Promise((resolve) => {
      // What people read comes by the other stream.
      let last = "";
      let reason = "";
      const child = spawn(program, args, { cwd: folder.uri.fsPath, stdio: ["ignore", "pipe", "pipe"] });
      this.running.add(child);
      const cancelled = token.onCancellationRequested(() => child.kill("SIGINT"));
      const reader = new Reader((event) => {
        reason = problem(event) ?? reason;
        this.show(run, folder, waiting, event);
      });
      child.stdout.setEncoding("utf8").on("data", (text: string) => reader.push(text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        last = (last + text).slice(-4000);
        run.appendOutput(text.replace(/\r?\n/g, "\r\n"));
      });
      child.on("error", (error) => (last = error.message));
      child.on("close", () => {
        this.running.delete(child);
        cancelled.dispose();
        if (token.isCancellationRequested) for (const item of waiting) run.skipped(item);
        else give(reason || plain(last).trim() || "scn ended and said nothing");
        resolve();
      });
    });
  }

  private show(run: vscode.TestRun, folder: vscode.WorkspaceFolder, waiting: Set<vscode.TestItem>, event: Event): void {
    if (event.event !== "scenario_started" && event.event !== "scenario_finished") return;
    const scenario = this.find(folder, event.scenario);
    if (scenario === undefined) return;
    const item = event.scenario.case === "" ? scenario : this.caseOf(scenario, event.scenario);
    // Its cases speak for it, or it for the one case that was asked for.
    waiting.delete(scenario);
    waiting.delete(item);
    if (event.event === "scenario_started") {
      run.started(item);
      return;
    }
    if (event.retried) return;
    const took = event.took_us / 1000;
    const messages = event.failures.map((failure) => testMessage(folder, failure));
    const { outcome } = event;
    switch (outcome.is) {
      case "passed":
      case "flaky":
        run.passed(item, took);
        break;
      case "failed":
        run.failed(item, messages, took);
        break;
      // Not known is never passed.
      case "inconclusive":
      case "broken":
        run.errored(item, messages, took);
        break;
      // It fails nothing, so it is not shown as failed; the output tells more.
      case "quarantined":
      case "skipped":
      case "interrupted":
        run.skipped(item);
        break;
    }
  }

  private find(folder: vscode.WorkspaceFolder, { file, title }: Scenario): vscode.TestItem | undefined {
    const uri = at(folder, file).toString();
    let found: vscode.TestItem | undefined;
    this.walk(undefined, (item) => {
      if (item.id === `${uri}#${title}`) found = item;
    });
    return found;
  }

  private caseOf(scenario: vscode.TestItem, { case: words, instance = words }: Scenario): vscode.TestItem {
    const id = `${scenario.id}#${instance}`;
    const meaning = this.meanings.get(scenario);
    const old = scenario.children.get(id);
    if (old !== undefined || meaning === undefined || scenario.uri === undefined) return old ?? scenario;
    const item = this.item(id, words, scenario.uri, { ...meaning, instance });
    item.range = scenario.range;
    scenario.children.add(item);
    return item;
  }
}

/** The words of the command line that choose scenarios, or one case. */
function selection(meanings: (Meaning | undefined)[]): string[] {
  const lines = new Set(meanings.map((meaning) => `${meaning?.file}:${meaning?.line}`));
  const [first] = meanings;
  const only = meanings.length === 1 && first?.instance !== undefined ? ["--only", `case:${JSON.stringify(first.instance)}`] : [];
  return [...lines, ...only];
}

/** Why scenarios may not have come to run. */
function problem(event: Event): string | undefined {
  switch (event.event) {
    case "service_failed":
      return describe(event.failure);
    case "stage_skipped":
      return `the stage \`${event.stage}\` did not run: ${event.why}`;
    case "run_finished":
      return event.failures.map(describe).join("\n\n") || undefined;
    default:
      return undefined;
  }
}

function testMessage(folder: vscode.WorkspaceFolder, failure: Failure): vscode.TestMessage {
  const text = describe(failure);
  const two = sides(failure);
  const message = two ? vscode.TestMessage.diff(text, two.expected, two.actual) : new vscode.TestMessage(text);
  if (failure.place !== null) {
    const line = failure.place.line - 1;
    const [start, end] = columns(failure.place);
    const uri = at(folder, failure.place.file);
    // A module of the standard library is no file.
    if (existsSync(uri.fsPath)) message.location = new vscode.Location(uri, new vscode.Range(line, start, line, end));
  }
  return message;
}

/** A file as scn, which runs in the folder, names it. */
function at(folder: vscode.WorkspaceFolder, file: string): vscode.Uri {
  return vscode.Uri.file(resolvePath(folder.uri.fsPath, file));
}

/** Without colours. */
function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}
