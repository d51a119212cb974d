/**
 * The executable that runs us, for processes that are to be run by the same.
 *
 * @module
 */

let known: string | undefined;

/**
 * Its path, as it was when it was first asked for: at the start of a unit. Once an update has put another file
 * in its place, the system names ours "… (deleted)", which nobody can start; the new one is where it was.
 */
export function ownExecutable(): string {
  return known ??= Deno.execPath();
}
