/**
 * Processor time by thread, from what Linux tells of threads in `/proc`: nanoseconds that a thread
 * has run, the kernel's work for it included.
 *
 * @module
 */

/** A thread, as it was when it was looked at. */
export interface ThreadReading {
  readonly tid: number;
  readonly name: string;
  readonly ranNs: number;
}

/** A process, as it was when it was looked at. */
export interface ProcessReading {
  readonly pid: number;
  readonly threads: readonly ThreadReading[];
  readonly residentKiB: number;
}

/** What a thread is for, by its name: V8's and Deno's own are told from those that run our code. */
export type ThreadGroup = "main" | "workers" | "V8" | "other";

/** The groups, in the order of tables. */
export const THREAD_GROUPS: readonly ThreadGroup[] = ["main", "workers", "V8", "other"];

/** Processor time by group, µs. */
export type Spent = Readonly<Record<ThreadGroup, number>>;

/** No time at all. */
export const NOTHING_SPENT: Spent = { main: 0, workers: 0, V8: 0, other: 0 };

/**
 * Nanoseconds that a thread has run: the first of the three numbers of its `schedstat`.
 *
 * @throws {Error} When it is something else.
 */
export function ranNs(schedstat: string): number {
  const [, ran] = /^(\d+) \d+ \d+\s*$/.exec(schedstat) ?? [];
  if (ran === undefined) {
    throw new Error(`Cannot read schedstat: found ${JSON.stringify(schedstat)}, wanted 3 numbers`);
  }
  return Number(ran);
}

/** Resident KiB, from a process's `status`; 0 where it does not say, as of one that is ending. */
export function residentKiB(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

/** The group of a thread of process `pid`. */
export function threadGroup(pid: number, { tid, name }: ThreadReading): ThreadGroup {
  if (tid === pid) return "main";
  if (/^worker-\d+$/.test(name)) return "workers";
  return name.startsWith("V8 ") ? "V8" : "other";
}

/**
 * What processes spent from `before` to `after`. A thread that began in between counts from its begin;
 * of one that ended nothing is known any more.
 */
export function spentBetween(
  before: readonly ProcessReading[],
  after: readonly ProcessReading[],
): Spent {
  const started = new Map(
    before.flatMap(({ threads }) => threads.map(({ tid, ranNs }) => [tid, ranNs])),
  );
  const spent: Record<ThreadGroup, number> = { ...NOTHING_SPENT };
  for (const { pid, threads } of after) {
    for (const thread of threads) {
      const ran = thread.ranNs - (started.get(thread.tid) ?? 0);
      spent[threadGroup(pid, thread)] += ran / 1000;
    }
  }
  return spent;
}

/** All of it, µs. */
export function total(spent: Spent): number {
  return THREAD_GROUPS.reduce((sum, group) => sum + spent[group], 0);
}
