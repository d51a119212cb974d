/**
 * The state folder itself.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";

/**
 * Makes the state folder if it is not there; only the user may look into it.
 *
 * @throws {GatehouseError} `bad_config` when it cannot be made.
 */
export async function makeStateDir(dir: string): Promise<void> {
  try {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const message = `Cannot use STATE_DIR ${dir}: ${messageOf(cause)}`;
    throw new GatehouseError("bad_config", "host", message, { dir }, { cause });
  }
}
