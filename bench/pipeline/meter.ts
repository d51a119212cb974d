/**
 * Reads `/proc`, in a process of its own because Deno lets only who may do everything read there: the
 * threads of processes and of their children, what each has run, and resident memory.
 *
 * @module
 */

import { answerQuestions } from "../program.ts";
import { type ProcessReading, ranNs, residentKiB, type ThreadReading } from "./schedstat.ts";

/** What the meter is asked for. */
export type MeterQuestion =
  /** Answered with why it cannot work here, or `null`. */
  | { readonly do: "try" }
  /** Answered with a {@linkcode ProcessReading} of the process and one of each descendant. */
  | { readonly do: "read"; readonly pid: number };

/** A process first, then its descendants. What has ended meanwhile is left out. */
function readTree(pid: number): ProcessReading[] {
  const tasks = `/proc/${pid}/task`;
  const tids = unlessEnded(() => [...Deno.readDirSync(tasks)].map(({ name }) => name)) ?? [];
  if (tids.length === 0) return [];
  const threads = tids.flatMap((tid) => unlessEnded(() => [readThread(`${tasks}/${tid}`)]) ?? []);
  const children = tids.flatMap((tid) =>
    unlessEnded(() => text(`${tasks}/${tid}/children`).split(" ").filter(Boolean).map(Number)) ?? []
  );
  const status = unlessEnded(() => text(`/proc/${pid}/status`)) ?? "";
  return [{ pid, threads, residentKiB: residentKiB(status) }, ...children.flatMap(readTree)];
}

function readThread(task: string): ThreadReading {
  return {
    tid: Number(task.split("/").at(-1)),
    name: text(`${task}/comm`).trim(),
    ranNs: ranNs(text(`${task}/schedstat`)),
  };
}

function unlessEnded<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || isNoSuchProcess(error)) return undefined;
    throw error;
  }
}

/** A file in `/proc` that was open while its thread ended. */
function isNoSuchProcess(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ESRCH";
}

function whyNot(): string | null {
  if (Deno.build.os !== "linux") return `this is ${Deno.build.os}, and only Linux tells`;
  try {
    const task = `/proc/self/task/${Deno.pid}`;
    text(`${task}/children`);
    return ranNs(text(`${task}/schedstat`)) > 0 ? null : "this kernel does not count it";
  } catch (error) {
    return String(error);
  }
}

function text(path: string): string {
  return Deno.readTextFileSync(path);
}

if (import.meta.main) {
  await answerQuestions((question: MeterQuestion) =>
    question.do === "try" ? whyNot() : readTree(question.pid)
  );
}
