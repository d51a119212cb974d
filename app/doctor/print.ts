/**
 * Findings for a person.
 *
 * @module
 */

import { printable } from "../../ports/printable.ts";
import type { Paint, Style } from "../cli/output.ts";
import { type Finding, tally, type Verdict } from "./finding.ts";

/** A mark, and how it is painted. */
const MARKS: Readonly<Record<Verdict, readonly [mark: string, style: Style]>> = {
  ok: ["✓", "green"],
  warn: ["!", "yellow"],
  fail: ["✗", "red"],
  skipped: ["–", "dim"],
};

/**
 * A list by group, each finding with what to do below it, and how many there are of each at the end.
 *
 * @param columns Width in characters, of a terminal. Default: lines are not broken.
 */
export function findingLines(
  findings: readonly Finding[],
  paint: Paint,
  columns = Infinity,
): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = [...Map.groupBy(findings, ({ group }) => group)].flatMap(([group, found]) => [
    paint("bold", group),
    ...found.flatMap((finding) => findingText(finding, { width, columns, paint })),
    "",
  ]);
  return [...lines, lastLine(findings)];
}

interface Form {
  /** Of the names of checks. */
  readonly width: number;
  readonly columns: number;
  readonly paint: Paint;
}

function findingText(
  { check, verdict, found, advice }: Finding,
  { width, columns, paint }: Form,
): string[] {
  const indent = " ".repeat(width + 6);
  const [mark, style] = MARKS[verdict];
  const body = wrapped(printable(found), columns - indent.length)
    .map((line) => verdict === "skipped" ? paint("dim", line) : line);
  const [first = "", ...more] = body;
  const [act = "", ...moreActs] = advice === null
    ? []
    : wrapped(printable(advice), columns - indent.length - 2);
  return [
    `  ${paint(style, mark)} ${check.padEnd(width)}  ${first}`,
    ...more.map((line) => indent + line),
    ...advice === null ? [] : [`${indent}${paint("cyan", "→")} ${act}`],
    ...moreActs.map((line) => `${indent}  ${line}`),
  ];
}

/** Less than this is no width to read in. */
const NARROWEST = 20;

/** Lines of at most `columns` characters, where words are no longer. */
function wrapped(text: string, columns: number): string[] {
  const most = Math.max(NARROWEST, columns);
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || longer.length <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function lastLine(findings: readonly Finding[]): string {
  const { ok, warn, fail, skipped } = tally(findings);
  const counts = `${ok} ok, ${warn} to look at, ${fail} failed, ${skipped} skipped`;
  return fail === 0 ? `${counts}.` : `${counts}: mend what failed before you start.`;
}
