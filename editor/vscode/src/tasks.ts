// `scn check` and `scn run` as tasks, whose mistakes and failures become problems.

import * as vscode from "vscode";

const TYPE = "scn";
const MATCHERS = ["$scn-error", "$scn-error-2", "$scn-warning", "$scn-warning-2"];
const COMMANDS = ["check", "run"];

interface Definition extends vscode.TaskDefinition {
  command: string;
  args?: string[];
}

/** Offers the tasks; `program` is asked anew for each, since a setting says where it is. */
export function provideTasks(program: (folder: vscode.WorkspaceFolder) => string): vscode.Disposable {
  const task = (folder: vscode.WorkspaceFolder, definition: Definition) => {
    const { command, args = [] } = definition;
    const execution = new vscode.ProcessExecution(program(folder), [command, ...args], {
      cwd: folder.uri.fsPath,
    });
    const name = [command, ...args].join(" ");
    const made = new vscode.Task(definition, folder, name, TYPE, execution, MATCHERS);
    made.group = command === "check" ? vscode.TaskGroup.Build : vscode.TaskGroup.Test;
    return made;
  };
  return vscode.tasks.registerTaskProvider(TYPE, {
    provideTasks: () =>
      (vscode.workspace.workspaceFolders ?? []).flatMap((folder) =>
        COMMANDS.map((command) => task(folder, { type: TYPE, command })),
      ),
    resolveTask(given) {
      const definition = given.definition as Definition;
      const folder = typeof given.scope === "object" ? given.scope : vscode.workspace.workspaceFolders?.[0];
      return folder !== undefined && COMMANDS.includes(definition.command) ? task(folder, definition) : undefined;
    },
  });
}
