/**
 * Whose state a folder holds.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { botIdOfToken } from "../protocol/ids.ts";

/**
 * A name for the bot of a token that may be written down: its user id, which stays the same when the
 * token is made anew. A token of another shape, such as the simulator's, gives the start of a hash.
 */
export function botIdentity(token: string): string {
  return botIdOfToken(token) ??
    `sha256-${createHash("sha256").update(token).digest("hex").slice(0, 12)}`;
}
