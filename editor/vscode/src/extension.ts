// What VS Code calls: starts the language server, the tests and the tasks, and says in one place
// what is missing when there is no scn.

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { Unusable, startClient } from "./client";
import { find } from "./program";
import { provideTasks } from "./tasks";
import { Tests } from "./tests";

const WITHOUT = "Colours and snippets work without it; mistakes, completion, tests and tasks do not.";
const SETTING = "Set Its Path";
const AGAIN = "Try Again";

let client: LanguageClient | undefined;
let tests: Tests | undefined;
/** One start or stop after the other. */
let turn: Promise<void> = Promise.resolve();

function named(folder?: vscode.WorkspaceFolder): string {
  return vscode.workspace.getConfiguration("scn", folder?.uri).get("path", "scn");
}

function program(folder: vscode.WorkspaceFolder): string | undefined {
  return find(named(folder), folder.uri.fsPath);
}

export function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("scn", { log: true });
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand("scn.output", () => output.show()),
    vscode.commands.registerCommand("scn.restart", () => restart(output)),
  );
  // A program that a folder names runs only where its files are trusted.
  if (!vscode.workspace.isTrusted) {
    context.subscriptions.push(
      vscode.workspace.onDidGrantWorkspaceTrust(() => void begin(context, output)),
    );
    return Promise.resolve();
  }
  return begin(context, output);
}

export async function deactivate(): Promise<void> {
  await turn;
  await client?.stop();
  client = undefined;
}

function begin(context: vscode.ExtensionContext, output: vscode.LogOutputChannel): Promise<void> {
  const found = new Tests(program, output);
  tests = found;
  context.subscriptions.push(
    found,
    // Without the program, the task says what the shell would.
    provideTasks((folder) => program(folder) ?? named(folder)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("scn.path")) {
        void restart(output);
        found.refresh();
      }
    }),
  );
  found.refresh();
  return restart(output);
}

function restart(output: vscode.LogOutputChannel): Promise<void> {
  turn = turn.then(async () => {
    await client?.stop().catch((error: unknown) => output.warn(String(error)));
    client = undefined;
    const folder = vscode.workspace.workspaceFolders?.[0];
    const place = folder?.uri.fsPath ?? process.cwd();
    const path = find(named(folder), place);
    try {
      if (path === undefined) {
        throw new Unusable(`\`${named(folder)}\` is not there: it is no program on the \`PATH\`, nor the path of one.`);
      }
      client = await startClient(path, place, output, async (...what) => (await tests?.runTarget(...what)) ?? false);
    } catch (error) {
      output.error(error instanceof Error ? error.message : String(error));
      // Not waited for: the message stands there until someone reads it.
      void complain(error, output);
    }
  });
  return turn;
}

async function complain(error: unknown, output: vscode.LogOutputChannel): Promise<void> {
  const usable = !(error instanceof Unusable);
  const message = usable
    ? "The language server of scn did not start: its output tells why."
    : `${error.message} ${WITHOUT}`;
  const chosen = await vscode.window.showWarningMessage(message, ...(usable ? [AGAIN] : [SETTING, AGAIN]));
  if (chosen === SETTING) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "scn.path");
  } else if (chosen === AGAIN) {
    await restart(output);
  }
}
