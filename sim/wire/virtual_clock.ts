/**
 * Time that a test owns: it stands still until the test moves it.
 *
 * @module
 */

import { type Cancel, type Clock, systemClock } from "../../ports/clock.ts";

/** A clock that only its owner moves. */
export interface VirtualClock extends Clock {
  /** Tasks that wait for their time: none, where everything has ended. */
  readonly pending: number;
  /**
   * Moves time forward by `ms`, running every task that falls due, in order of time and, at the same
   * time, in order of asking. After each task everything it set going (promises, and events of the
   * host that are already here) settles before the next.
   */
  advance(ms: number): Promise<void>;
  /**
   * Moves time forward task by task until `predicate` holds.
   *
   * @throws When it does not hold after `limitMs`.
   */
  runUntil(predicate: () => boolean, limitMs: number): Promise<void>;
  /** Somebody sets the computer's clock ahead by `ms`, or back. */
  jump(ms: number): void;
  /** The whole process stands still for `ms`: what falls due meanwhile runs when time is moved next. */
  freeze(ms: number): void;
}

/**
 * A clock at 0, whose wall clock says `wallMs` (default: 1 January 2026).
 *
 * @example
 * ```ts
 * import { createVirtualClock } from "./virtual_clock.ts";
 * const clock = createVirtualClock();
 * let rang = false;
 * clock.after(60_000, () => rang = true);
 * await clock.advance(60_000);
 * console.assert(rang);
 * ```
 */
export function createVirtualClock(wallMs: number = Date.UTC(2026, 0, 1)): VirtualClock {
  const agenda = createAgenda();
  let epochAtZeroMs = wallMs;
  let jumpedMs = 0;
  let nowMs = 0;

  async function runDue(untilMs: number): Promise<boolean> {
    const task = agenda.takeDue(untilMs);
    if (!task) return false;
    nowMs = Math.max(nowMs, task.dueMs);
    task.run();
    await settle();
    return true;
  }

  return {
    get pending() {
      return agenda.waiting();
    },
    now: () => nowMs,
    wallMs: () => wallMs + jumpedMs + nowMs,
    epochMs: () => epochAtZeroMs + nowMs,
    setEpoch: (epochMs) => void (epochAtZeroMs = epochMs - nowMs),
    jump: (ms) => void (jumpedMs += ms),
    freeze: (ms) => void (nowMs += ms),
    after: (delayMs, run) => agenda.add(nowMs + Math.max(0, delayMs), run),
    soon: (run) => agenda.add(nowMs, run),
    async advance(ms) {
      const endMs = nowMs + ms;
      await settle();
      while (await runDue(endMs));
      nowMs = endMs;
    },
    async runUntil(predicate, limitMs) {
      const endMs = nowMs + limitMs;
      await settle();
      while (!predicate()) {
        if (await runDue(endMs)) continue;
        nowMs = endMs;
        throw new Error(`Cannot reach the state waited for: ${limitMs} ms have passed`);
      }
    },
  };
}

/** One turn of the host's event loop: promise chains run to their end, and I/O that is ready comes in. */
function settle(): Promise<void> {
  return new Promise((resolve) => systemClock.soon(resolve));
}

interface Task {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

interface Agenda {
  waiting(): number;
  add(dueMs: number, run: () => void): Cancel;
  takeDue(untilMs: number): Task | undefined;
}

/** A binary heap of tasks, earliest first. */
function createAgenda(): Agenda {
  const heap: Task[] = [];
  let orders = 0;
  return {
    waiting: () => heap.filter(({ cancelled }) => !cancelled).length,
    add(dueMs, run) {
      const task: Task = { dueMs, order: orders++, run, cancelled: false };
      push(heap, task);
      return () => {
        task.cancelled = true;
      };
    },
    takeDue(untilMs) {
      while (heap.length > 0 && heap[0]!.dueMs <= untilMs) {
        const task = pop(heap);
        if (!task.cancelled) return task;
      }
      return undefined;
    },
  };
}

function before(a: Task, b: Task): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

function push(heap: Task[], task: Task): void {
  let at = heap.push(task) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(task, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = task;
}

function pop(heap: Task[]): Task {
  const first = heap[0]!;
  const last = heap.pop()!;
  if (heap.length === 0) return first;
  let at = 0;
  while (true) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
    if (!before(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}
