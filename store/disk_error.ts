/**
 * What went wrong on a disk, as an error that a program can act on.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";

/** What the system says when there is no room: on the disk, or within the user's quota. */
const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

/**
 * The error for something thrown by the disk: `disk_full` or `bad_state`.
 *
 * @param what What was tried, in words: "write the events of shard 3".
 * @param data Facts for programs.
 */
export function diskError(
  what: string,
  cause: unknown,
  data: Readonly<Record<string, unknown>> = {},
): GatehouseError {
  const code = FULL.has((cause as { code?: unknown } | null)?.code) ? "disk_full" : "bad_state";
  return new GatehouseError(code, "host", `Cannot ${what}: ${messageOf(cause)}`, data, { cause });
}
