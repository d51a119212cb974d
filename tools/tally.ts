/**
 * Counting what `deno test` said.
 *
 * @module
 */

/** How many tests passed, failed, and were skipped because the machine lacks something. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

// deno-lint-ignore no-control-regex -- colours
const COLOR = /\x1b\[[\d;]*m/g;
const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored)?/gm;

/**
 * The tally of one run: its summary line, which is the last such line. A run that failed without a
 * failed test (a type error, a crash) counts as one failure; it must not look like success.
 */
export function tallyOf(output: string, code: number): Tally {
  const last = [...output.replaceAll(COLOR, "").matchAll(SUMMARY)].at(-1);
  const passed = Number(last?.[1] ?? 0);
  const failed = Number(last?.[2] ?? 0);
  const skipped = Number(last?.[3] ?? 0);
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

/** The heading of the list with which a run that failed ends. */
const ERRORS = /^ ERRORS $/gm;

/** Of a run that broke without such a list, this much is told. */
const LAST_LINES = 40;

/** What one run said of its failures, without colours, to be repeated where all else has scrolled by; `""` of none. */
export function failuresOf(output: string, code: number): string {
  if (code === 0) return "";
  const plain = output.replaceAll(COLOR, "");
  const list = [...plain.matchAll(ERRORS)].at(-1);
  return list ? plain.slice(list.index) : plain.split("\n").slice(-LAST_LINES).join("\n");
}

/** Both runs together. */
export function addTallies(a: Tally, b: Tally): Tally {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** The closing line: `N passed, N failed`, and `, N skipped` where some were. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** 0 where all is well; no test at all is not well. */
export function exitCode({ passed, failed }: Pick<Tally, "passed" | "failed">): number {
  return failed > 0 || passed === 0 ? 1 : 0;
}
