/**
 * Findings for a person.
 *
 * @module
 */

import type { Paint, Style } from "../cli/output.ts";
import { type Finding, tally, type Verdict } from "./finding.ts";

/** A mark, and how it is painted. */
const MARKS: Readonly<Record<Verdict, readonly [mark: string, style: Style]>> = {
  ok: ["✓", "green"],
  warn: ["!", "yellow"],
  fail: ["✗", "red"],
  skipped: ["–", "dim"],
};

/** A list by group, each finding with what to do below it, and how many there are of each at the end. */
export function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = [...Map.groupBy(findings, ({ group }) => group)].flatMap(([group, found]) => [
    paint("bold", group),
    ...found.flatMap((finding) => findingText(finding, width, paint)),
    "",
  ]);
  return [...lines, lastLine(findings)];
}

function findingText({ check, verdict, found, advice }: Finding, width: number, paint: Paint) {
  const [mark, style] = MARKS[verdict];
  const text = verdict === "skipped" ? paint("dim", printable(found)) : printable(found);
  const line = `  ${paint(style, mark)} ${check.padEnd(width)}  ${text}`;
  if (advice === null) return [line];
  return [line, `${" ".repeat(width + 6)}${paint("cyan", "→")} ${printable(advice)}`];
}

function lastLine(findings: readonly Finding[]): string {
  const { ok, warn, fail, skipped } = tally(findings);
  const counts = `${ok} ok, ${warn} to look at, ${fail} failed, ${skipped} skipped`;
  return fail === 0 ? `${counts}: it can start.` : `${counts}: mend what failed before you start.`;
}

/** What came from elsewhere cannot steer a terminal. */
function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
