/**
 * The harness of the benchmarks: work is timed in rounds that take turns, so that a noisy minute
 * strikes every variant alike, and told as a ratio to a baseline of the same run. Absolute numbers
 * are for information; they belong to one machine and one hour.
 *
 * @module
 */

import process from "node:process";

/** Does one thing `count` times. */
export type Work = (count: number) => void | Promise<void>;

/** What one operation costs, median of the rounds. */
export interface Cost {
  readonly wallUs: number;
  /** All threads of this process, the garbage collector's too. */
  readonly cpuUs: number;
}

/** How long to measure. */
export interface Rounds {
  /** Default 7. */
  readonly rounds?: number;
  /** Length of a round. Default 40. */
  readonly roundMs?: number;
}

/** A table of results. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Measures every variant, in rounds that take turns. Each is warmed up first. */
export async function compare<Name extends string>(
  works: Readonly<Record<Name, Work>>,
  { rounds = 7, roundMs = 40 }: Rounds = {},
): Promise<Record<Name, Cost>> {
  const variants = Object.entries<Work>(works).map(([name, work]) => ({
    name,
    work,
    count: 1,
    costs: [] as Cost[],
  }));
  for (const variant of variants) variant.count = await countFor(variant.work, roundMs);
  for (let round = 0; round < rounds; round++) {
    for (const { work, count, costs } of variants) costs.push(await costOf(work, count));
  }
  const medians = variants.map(({ name, costs }) => [name, {
    wallUs: median(costs.map(({ wallUs }) => wallUs)),
    cpuUs: median(costs.map(({ cpuUs }) => cpuUs)),
  }]);
  return Object.fromEntries(medians);
}

/** Runs `work` once and gives what each of its `count` operations cost. */
export async function costOf(work: Work, count: number): Promise<Cost> {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await work(count);
  const tookMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  return { wallUs: tookMs * 1000 / count, cpuUs: (user + system) / count };
}

/** The middle value; of an even number the lower one. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that `share` of all values are not above; `NaN` of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/**
 * One row per variant, with how many times the baseline costs as much: in CPU time, because wall
 * time on a machine with other work tells of that work too.
 */
export function costTable<Name extends string>(
  title: string,
  costs: Readonly<Record<Name, Cost>>,
  baseline: NoInfer<Name>,
): Table {
  return {
    title,
    columns: ["variant", "µs", "CPU µs", "baseline ÷ this"],
    rows: Object.entries<Cost>(costs).map(([name, { wallUs, cpuUs }]) => [
      name,
      figure(wallUs),
      figure(cpuUs),
      name === baseline ? "baseline" : times(costs[baseline].cpuUs / cpuUs),
    ]),
  };
}

/** Three digits that mean something. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** A ratio. */
export function times(ratio: number): string {
  return `${figure(ratio)} ×`;
}

/** Prints tables as Markdown, as `docs/benchmarks.md` has them. */
export function printTables(tables: readonly Table[]): void {
  for (const { title, columns, rows } of tables) {
    const all = [columns, ...rows];
    const widths = columns.map((_, i) => Math.max(3, ...all.map((row) => row[i]!.length)));
    const line = (cells: readonly string[]) =>
      `| ${cells.map((cell, i) => align(cell, widths[i]!, i)).join(" | ")} |`;
    const rule = widths.map((width, i) =>
      i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
    );
    console.log(`\n### ${title}\n`);
    console.log([line(columns), line(rule), ...rows.map(line)].join("\n"));
  }
}

function align(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** How many operations fill a round; finding out warms the code up. */
async function countFor(work: Work, roundMs: number): Promise<number> {
  for (let count = 1;; count *= 2) {
    const { wallUs } = await costOf(work, count);
    if (wallUs * count >= roundMs * 500) return Math.max(1, Math.round(roundMs * 1000 / wallUs));
  }
}
