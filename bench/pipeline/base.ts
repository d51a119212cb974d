/**
 * Gatehouse as it was at a commit, checked out beside this tree with `git worktree`.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Before the middle was rebuilt: what later versions are measured against. */
export const BASE_COMMIT = "e038c8e";

/** The root of this tree. */
export const REPOSITORY = dirname(fileURLToPath(new URL("..", import.meta.url)));

/** Checks the commit out into `folder`, which must not be there yet. Gives why it cannot, or `null`. */
export function checkOut(folder: string): Promise<string | null> {
  return git("worktree", "add", "--quiet", "--detach", folder, BASE_COMMIT);
}

/** Takes it away again, where it is. */
export async function takeAway(folder: string): Promise<void> {
  await git("worktree", "remove", "--force", folder);
}

/** What git complains of, or `null`. */
async function git(...args: string[]): Promise<string | null> {
  try {
    const command = new Deno.Command("git", { args, cwd: REPOSITORY, stdin: "null" });
    const { success, stderr } = await command.output();
    return success ? null : new TextDecoder().decode(stderr).trim().split("\n").at(-1)!;
  } catch (error) {
    // Deno does not grant what it does not find.
    const { NotCapable, NotFound } = Deno.errors;
    if (error instanceof NotFound || error instanceof NotCapable) return "there is no git";
    throw error;
  }
}
