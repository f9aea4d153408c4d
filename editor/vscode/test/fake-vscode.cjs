// Stands in for the module `vscode` in tests without a display: keeps what the extension registers and
// shows, in `seen`. What no test asks for is a class or a function that does nothing.

const { resolve } = require("node:path");

const seen = {};
const settings = {};
const nothing = { dispose() {} };

/** Something that can be called, made anew, extended, and whose every property is such again. */
function anything(name) {
  const properties = new Map();
  return new Proxy(class {}, {
    get(target, key) {
      if (typeof key === "symbol" || key in target) return target[key];
      if (!properties.has(key)) properties.set(key, /^on[A-Z]|^register/.test(key) ? () => nothing : anything(`${name}.${key}`));
      return properties.get(key);
    },
    apply: () => undefined,
  });
}

function event() {
  const listeners = new Set();
  const on = (listener) => {
    listeners.add(listener);
    return { dispose: () => listeners.delete(listener) };
  };
  return { on, fire: (value) => listeners.forEach((listener) => listener(value)) };
}

class Uri {
  constructor(path, scheme = "file") {
    Object.assign(this, { scheme, path, fsPath: path, authority: "", query: "", fragment: "" });
  }
  static file(path) {
    return new Uri(resolve(path));
  }
  static parse(text) {
    return new Uri(decodeURIComponent(text.replace(/^[a-z]+:(\/\/)?/, "")), /^[a-z]+/.exec(text)[0]);
  }
  toString() {
    return `${this.scheme}://${encodeURI(this.path)}`;
  }
}

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}

class Range {
  constructor(a, b, c, d) {
    this.start = typeof a === "number" ? new Position(a, b) : a;
    this.end = typeof a === "number" ? new Position(c, d) : b;
  }
}

class Items {
  items = new Map();
  constructor(parent) {
    this.parent = parent;
  }
  add(item) {
    item.parent = this.parent;
    this.items.set(item.id, item);
  }
  replace(items) {
    this.items.clear();
    items.forEach((item) => this.add(item));
  }
  get(id) {
    return this.items.get(id);
  }
  get size() {
    return this.items.size;
  }
  forEach(visit) {
    this.items.forEach((item) => visit(item));
  }
  [Symbol.iterator]() {
    return this.items[Symbol.iterator]();
  }
}

class TestMessage {
  constructor(message) {
    this.message = message;
  }
  static diff(message, expectedOutput, actualOutput) {
    return Object.assign(new TestMessage(message), { expectedOutput, actualOutput });
  }
}

class Diagnostic {
  constructor(range, message, severity) {
    Object.assign(this, { range, message, severity });
  }
}

class Task {
  constructor(definition, scope, name, source, execution, problemMatchers) {
    Object.assign(this, { definition, scope, name, source, execution, problemMatchers });
  }
}

class ProcessExecution {
  constructor(process, args, options) {
    Object.assign(this, { process, args, options });
  }
}

class CancellationTokenSource {
  cancelling = event();
  token = { isCancellationRequested: false, onCancellationRequested: this.cancelling.on };
  cancel() {
    this.token.isCancellationRequested = true;
    this.cancelling.fire();
  }
  dispose() {}
}

const log = {};
for (const level of ["trace", "debug", "info", "warn", "error", "append", "appendLine"]) {
  log[level] = (...words) => seen.log.push(`${level}: ${words.join(" ")}`);
}
Object.assign(log, { show() {}, dispose() {}, logLevel: 2, onDidChangeLogLevel: () => nothing, name: "scn" });

function controller(id) {
  const made = {
    id,
    items: new Items(undefined),
    createTestItem(id, label, uri) {
      const item = { id, label, uri, tags: [], parent: undefined };
      item.children = new Items(item);
      return item;
    },
    createRunProfile(label, kind, run) {
      made.profile = { label, kind, run };
      return made.profile;
    },
    createTestRun(request) {
      const run = { request, output: "", results: [], ended: false };
      for (const how of ["enqueued", "started", "passed", "failed", "errored", "skipped"]) {
        run[how] = (item, messages) => run.results.push({ how, item: item.label, messages });
      }
      run.appendOutput = (text) => (run.output += text);
      run.end = () => (run.ended = true);
      made.lastRun = run;
      return run;
    },
    dispose() {},
  };
  seen.controller = made;
  return made;
}

const opened = event();
const changed = event();
const configured = event();
const trusted = event();

const known = {
  Uri,
  Position,
  Range,
  TestMessage,
  Diagnostic,
  Task,
  ProcessExecution,
  CancellationTokenSource,
  TaskGroup: { Build: "build", Test: "test" },
  TestRunProfileKind: { Run: 1 },
  TestRunRequest: class {
    constructor(include) {
      this.include = include;
    }
  },
  TestTag: class {
    constructor(id) {
      this.id = id;
    }
  },
  DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
  Location: class {
    constructor(uri, range) {
      Object.assign(this, { uri, range });
    }
  },
  EventEmitter: class {
    made = event();
    event = this.made.on;
    fire(value) {
      this.made.fire(value);
    }
    dispose() {}
  },
  Disposable: class {
    constructor(dispose) {
      this.dispose = dispose;
    }
    static from(...all) {
      return { dispose: () => all.forEach((one) => one.dispose()) };
    }
  },
  version: "1.91.0",
  env: { appName: "test", language: "en", clipboard: {} },
  tests: { createTestController: controller },
  tasks: {
    registerTaskProvider(type, provider) {
      seen.taskProvider = provider;
      return nothing;
    },
  },
  commands: {
    registerCommand(name, run) {
      seen.commands[name] = run;
      return nothing;
    },
    executeCommand: async (...words) => seen.executed.push(words),
  },
  languages: {
    createDiagnosticCollection: () => ({
      set: (uri, list) => seen.diagnostics.set(uri.toString(), list),
      delete: (uri) => seen.diagnostics.delete(uri.toString()),
      clear: () => seen.diagnostics.clear(),
      dispose() {},
    }),
    match: (selector, document) => ([selector].flat().some((one) => one.language === document.languageId) ? 10 : 0),
    registerCompletionItemProvider: (selector, provider) => {
      seen.completion = provider;
      return nothing;
    },
  },
  window: {
    createOutputChannel: () => log,
    showWarningMessage: async (message, ...buttons) => {
      seen.warnings.push({ message, buttons });
      return seen.answer;
    },
    visibleTextEditors: [],
    tabGroups: { all: [], onDidChangeTabs: () => nothing, onDidChangeTabGroups: () => nothing },
  },
  workspace: {
    isTrusted: true,
    onDidGrantWorkspaceTrust: trusted.on,
    workspaceFolders: [],
    textDocuments: [],
    notebookDocuments: [],
    onDidOpenTextDocument: opened.on,
    onDidChangeTextDocument: changed.on,
    onDidChangeConfiguration: configured.on,
    getConfiguration: (section) => ({
      get: (key, otherwise) => settings[`${section}.${key}`] ?? otherwise,
      inspect: () => undefined,
    }),
    saveAll: async () => seen.unsaved.splice(0).every((save) => save() !== false),
    createFileSystemWatcher: () => ({
      onDidCreate: () => nothing,
      onDidChange: () => nothing,
      onDidDelete: () => nothing,
      dispose() {},
    }),
  },
};

function complete(object, name) {
  const rest = anything(name);
  return new Proxy(object, {
    get: (target, key) => (key in target || typeof key === "symbol" ? target[key] : rest[key]),
    set: (target, key, value) => Reflect.set(target, key, value),
  });
}

for (const name of ["env", "commands", "languages", "window", "workspace"]) known[name] = complete(known[name], name);

module.exports = {
  vscode: complete(known, "vscode"),
  seen,
  settings,
  fire: { opened: opened.fire, configured: configured.fire, trusted: trusted.fire },
  /** As VS Code begins: with these folders, and nothing seen. */
  begin(folders) {
    Object.assign(seen, {
      log: [],
      commands: {},
      executed: [],
      warnings: [],
      diagnostics: new Map(),
      /** What saving does, for each file that is not saved; `false` where it cannot. */
      unsaved: [],
      controller: undefined,
      taskProvider: undefined,
      completion: undefined,
      answer: undefined,
    });
    for (const key of Object.keys(settings)) delete settings[key];
    known.workspace.isTrusted = true;
    known.workspace.textDocuments = [];
    known.workspace.workspaceFolders = folders.map((path, index) => ({ uri: Uri.file(path), name: path.split("/").pop(), index }));
  },
};
