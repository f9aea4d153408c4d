// The language server: `scn lsp`, which every window starts once.

import * as vscode from "vscode";
import { LanguageClient, RevealOutputChannelOn } from "vscode-languageclient/node";

import { ask } from "./program";

/** The command of the lens over a scenario; its arguments are what `scn run` takes, the folder, and the title. */
const RUN = "scn.run";

/** Why there is no language server, for the user. */
export class Unusable extends Error {}

/**
 * Starts the server and waits until it is ready. Throws `Unusable` when this scn has none: what is
 * thrown otherwise is a server that is there and broken. What `run` knows, it runs; the server runs the rest.
 */
export async function startClient(
  program: string,
  folder: string,
  output: vscode.LogOutputChannel,
  run: (target: string, folder: unknown, title: unknown) => Promise<boolean>,
): Promise<LanguageClient> {
  // An older scn would end at once, and the client would start it again and again.
  const help = await ask(program, ["lsp", "--help"], folder);
  if (help.code !== 0) {
    const version = (await ask(program, ["--version"], folder)).out.trim();
    throw new Unusable(`\`${program}\` (${version || "which tells no version"}) has no language server.`);
  }
  const client = new LanguageClient(
    "scn",
    "scn",
    { command: program, args: ["lsp"], options: { cwd: folder } },
    {
      documentSelector: [
        { language: "scn", scheme: "file" },
        { language: "scn", scheme: "untitled" },
      ],
      outputChannel: output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      middleware: {
        executeCommand: async (command, args: unknown[], next) => {
          const [target, folder, title] = args;
          if (command === RUN && typeof target === "string" && (await run(target, folder, title))) return undefined;
          return (await next(command, args)) as unknown;
        },
      },
    },
  );
  await client.start();
  return client;
}
