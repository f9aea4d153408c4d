// Where the program `scn` is, and what it says.

import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** What the program said and how it ended; `code` is missing when it could not be started or was killed. */
export interface Answer {
  code: number | undefined;
  out: string;
  err: string;
}

/**
 * The path of the program, or nothing when there is none. A name without `/` is looked up on the
 * `PATH`; another relative path starts at `folder`.
 */
export function find(name: string, folder: string, path = process.env["PATH"] ?? ""): string | undefined {
  const places = isAbsolute(name)
    ? [name]
    : name.includes("/")
      ? [join(folder, name)]
      : path.split(delimiter).filter((place) => place !== "").map((place) => join(place, name));
  return places.find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Runs the program to its end. */
export function ask(program: string, args: string[], folder: string): Promise<Answer> {
  return new Promise((resolve) => {
    const answer: Answer = { code: undefined, out: "", err: "" };
    const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.setEncoding("utf8").on("data", (text: string) => (answer.out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (answer.err += text));
    child.on("error", (error) => resolve({ ...answer, err: error.message }));
    child.on("close", (code) => resolve({ ...answer, code: code ?? undefined }));
  });
}
