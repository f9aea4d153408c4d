#!/usr/bin/env node
// A language server that finds the word `wrong` wrong and runs nothing, for tests of the client alone.

if (process.argv.includes("--help")) process.exit(0);

let input = Buffer.alloc(0);

function send(message) {
  const text = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  process.stdout.write(`Content-Length: ${text.length}\r\n\r\n`);
  process.stdout.write(text);
}

const answers = {
  initialize: () => ({ capabilities: { textDocumentSync: 1, executeCommandProvider: { commands: ["scn.run"] } } }),
  "workspace/executeCommand": () => "the server ran it",
  shutdown: () => null,
};

function take({ id, method, params }) {
  if (method === "exit") process.exit(0);
  if (method === "textDocument/didOpen") {
    const { uri, text } = params.textDocument;
    const diagnostics = text.split("\n").flatMap((line, index) => {
      const at = line.indexOf("wrong");
      const range = { start: { line: index, character: at }, end: { line: index, character: at + 5 } };
      return at < 0 ? [] : [{ range, severity: 1, source: "scn", message: "this is wrong" }];
    });
    send({ method: "textDocument/publishDiagnostics", params: { uri, diagnostics } });
  }
  if (id !== undefined && method !== undefined) send({ id, result: answers[method]?.() ?? null });
}

process.stdin.on("data", (data) => {
  input = Buffer.concat([input, data]);
  for (;;) {
    const end = input.indexOf("\r\n\r\n");
    const length = Number(/Content-Length: (\d+)/i.exec(input.subarray(0, Math.max(end, 0)).toString())?.[1]);
    if (end < 0 || input.length < end + 4 + length) return;
    const message = input.subarray(end + 4, end + 4 + length).toString();
    input = input.subarray(end + 4 + length);
    take(JSON.parse(message));
  }
});
