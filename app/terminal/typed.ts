/**
 * What somebody types who started a unit here, to ask something of it.
 *
 * @module
 */

import { isRecord } from "../../protocol/record.ts";
import { denoCommand } from "../cli/output.ts";

/** What is known of how the unit was started. */
export interface Started {
  readonly env: (name: string) => string | undefined;
  /** Reads a file of the folder that it was started in. Throws where there is none, or it may not be read. */
  readonly read: (name: string) => string;
}

/** The subcommands that the first screen names. */
const NAMED = ["status", "doctor"];

/**
 * What stands before `status` and `doctor`: `deno task` where the unit was started by a task and these are tasks
 * beside it; else `gatehouse`.
 */
export function typedBefore({ env, read }: Started): string {
  // Deno sets it for a task, which runs in the folder of its deno.json.
  const isTask = env("INIT_CWD") !== undefined;
  const hasAll = () => ["deno.json", "deno.jsonc"].some((name) => hasTasks(name, read));
  return isTask && hasAll() ? `${denoCommand({ env })} task` : "gatehouse";
}

function hasTasks(name: string, read: Started["read"]): boolean {
  try {
    const { tasks } = JSON.parse(read(name));
    return isRecord(tasks) && NAMED.every((task) => Object.hasOwn(tasks, task));
  } catch {
    // It is not there, is not ours to read, or has comments in it: `gatehouse` is right everywhere.
    return false;
  }
}
