// The event stream of `scn run --report json=-`, as far as tests are concerned: `src/event.rs` says
// what each field is.

export interface Place {
  file: string;
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
  /** In characters. */
  width: number;
  lines?: string[];
}

export type Detail =
  | { detail: "value"; expression: string; value: string }
  | { detail: "difference"; path: string; expected: string; actual: string }
  | { detail: "attempt"; number: number; at_us: number; text: string }
  | { detail: "moment"; at_us: number; hit: boolean; text: string }
  | { detail: "note"; text: string }
  | { detail: "lines"; title: string; lines: string[] };

export interface Failure {
  code: string;
  message: string;
  place: Place | null;
  label: string;
  steps: string[];
  details: Detail[];
  because: string | null;
  help: string | null;
  repeat: string | null;
}

export interface Scenario {
  title: string;
  /** Its combination and case in words; empty without. */
  case: string;
  /** What names it among the others of its scenario, as `--only case:…` reads it. */
  instance?: string;
  file: string;
  line: number;
}

export type Outcome =
  | { is: "passed" | "flaky" | "failed" | "inconclusive" | "broken" | "interrupted" }
  | { is: "quarantined"; issue: string }
  | { is: "skipped"; why: string };

export type Event =
  | { event: "scenario_started"; scenario: Scenario; attempt: number }
  | {
      event: "scenario_finished";
      scenario: Scenario;
      retried: boolean;
      outcome: Outcome;
      failures: Failure[];
      took_us: number;
    }
  | { event: "service_failed"; service: string; failure: Failure }
  | { event: "stage_skipped"; stage: string; why: string }
  | { event: "run_finished"; failures: Failure[]; exit: number }
  | { event: "" };

/** Cuts what comes in pieces into lines, and reads each; what is no event is left out. */
export class Reader {
  private rest = "";

  constructor(private readonly take: (event: Event) => void) {}

  push(text: string): void {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      let event: Event;
      try {
        event = JSON.parse(line) as Event;
      } catch {
        continue;
      }
      this.take(event);
    }
  }
}

/** Where a place begins and ends on its line, from 0 in UTF-16 units, as editors count. */
export function columns(place: Place): [number, number] {
  const characters = [...(place.lines?.[0] ?? "")];
  const units = (count: number) => {
    const known = characters.slice(0, count).join("").length;
    return known + Math.max(0, count - characters.length);
  };
  return [units(place.column - 1), units(place.column - 1 + place.width)];
}

/** All that shows a failure, as text. */
export function describe(failure: Failure): string {
  const parts = [failure.message];
  if (failure.label !== "") parts.push(failure.label);
  const details = failure.details.map(detailText);
  if (details.length > 0) parts.push(details.join("\n"));
  if (failure.because !== null) parts.push(`because ${failure.because}`);
  if (failure.help !== null) parts.push(`help: ${failure.help}`);
  if (failure.steps.length > 0) parts.push(`in ${failure.steps.join(", ")}`);
  if (failure.repeat !== null) parts.push(failure.repeat);
  return parts.join("\n\n");
}

function detailText(detail: Detail): string {
  switch (detail.detail) {
    case "value":
      return `${detail.expression} is ${detail.value}`;
    case "difference":
      return `${detail.path || "the value"}: expected ${detail.expected}, it is ${detail.actual}`;
    case "attempt":
      return `attempt ${detail.number} after ${milliseconds(detail.at_us)}: ${detail.text}`;
    case "moment":
      return `${milliseconds(detail.at_us)} ${detail.hit ? "× " : ""}${detail.text}`;
    case "note":
      return detail.text;
    case "lines":
      return [`${detail.title}:`, ...detail.lines.map((line) => `  ${line}`)].join("\n");
    // Of a newer scn.
    default:
      return JSON.stringify(detail);
  }
}

function milliseconds(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(1)} ms`;
}

/** The two sides of a failure that is one difference. */
export function sides(failure: Failure): { expected: string; actual: string } | undefined {
  const [first, ...others] = failure.details.filter((detail) => detail.detail === "difference");
  return first !== undefined && others.length === 0 ? first : undefined;
}
