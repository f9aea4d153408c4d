// Bundles the extension and takes in the grammars, which stand in `editor/textmate` once for all, and the
// licences: of scn, and of what is bundled.

import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

mkdirSync(join(here, "syntaxes"), { recursive: true });
for (const name of ["scn.tmLanguage.json", "scn.markdown.tmLanguage.json"]) {
  cpSync(join(here, "../textmate", name), join(here, "syntaxes", name));
}

mkdirSync(join(here, "dist"), { recursive: true });
for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) {
  cpSync(join(here, "../..", name), join(here, "dist", name));
}

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  external: ["vscode"],
  format: "cjs",
  platform: "node",
  target: "node20",
  minify: true,
  // A stack in a report names functions of the source.
  keepNames: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const packages = new Set(
  Object.keys(metafile.inputs).flatMap((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
);
const notices = [...packages].sort().map((folder) => {
  const licence = readdirSync(join(here, folder)).find((name) => /^licen[cs]e/i.test(name));
  if (licence === undefined) throw new Error(`${folder} has no licence`);
  return `${folder.slice("node_modules/".length)}\n\n${readFileSync(join(here, folder, licence), "utf8").trim()}\n`;
});
writeFileSync(join(here, "dist/LICENSES-OF-OTHERS.txt"), notices.join("\n----\n\n"));
