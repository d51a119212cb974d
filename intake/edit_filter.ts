/**
 * `EDITED_MESSAGES`: nothing is withheld, what is no edit is, or a function of the user's decides.
 *
 * @module
 */

import { type DispatchFilter, EditFilter } from "./edits.ts";
import type { Log } from "../ports/log.ts";
import { GatehouseError, messageOf } from "../protocol/errors.ts";

/**
 * The filter that a setting asks for; `null` where nothing is withheld.
 *
 * @param setting `all`, `filter`, or the address of a module whose default export is a function that
 * gets the payload of each MESSAGE_UPDATE as bytes and says whether the bot is to get it. What it
 * throws is logged, and the event delivered.
 * @throws {GatehouseError} `bad_config` when the module exports no function.
 * @throws What loading the module throws.
 */
export async function loadEditFilter(setting: string, log: Log): Promise<DispatchFilter | null> {
  if (setting === "all") return null;
  if (setting === "filter") return new EditFilter().keep;
  const { default: keep } = await import(setting) as { default?: unknown };
  if (typeof keep !== "function") {
    const text = `Cannot use EDITED_MESSAGES: ${setting} has no function as its default export`;
    throw new GatehouseError("bad_config", "caller", text);
  }
  return (t, payload) => {
    if (t !== "MESSAGE_UPDATE") return true;
    try {
      return Boolean(keep(payload));
    } catch (error) {
      log.error("the function of EDITED_MESSAGES failed", { error: messageOf(error) });
      return true;
    }
  };
}
