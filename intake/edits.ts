/**
 * `EDITED_MESSAGES`: nothing is withheld, a function of the user's decides, or the MESSAGE_UPDATEs are
 * withheld that are no edit: Discord also sends one when the preview of a link
 * has been fetched, a message is pinned, a thread grows from it, a poll ends, a deferred answer comes.
 * A bot that lives by any of these must not use it.
 * See [Discord Docs/Message Update](https://discord.com/developers/docs/events/gateway-events#message-update).
 *
 * @module
 */

import { textField } from "../protocol/discord/body.ts";
import type { Log } from "../ports/log.ts";
import { loadModule } from "../ports/user_module.ts";
import { GatehouseError, messageOf } from "../protocol/errors.ts";

/** Whether the bot is to get a dispatch. Sees it in order; must not keep the bytes. */
export type DispatchFilter = (t: string, payload: Uint8Array) => boolean;

/** How many edited messages are remembered; each takes about 150 bytes. */
export const REMEMBERED_EDITS = 4_096;

/** Longest id or timestamp that is remembered: those of Discord have half of it. */
const LONGEST_TEXT = 64;

/** The edits of the messages that one worker sees. */
export class EditFilter {
  readonly #limit: number;
  /** Message id → `edited_timestamp` last seen; the one that was not seen for longest is first. */
  readonly #edits = new Map<string, string>();

  /** @param limit How many edited messages to remember. */
  constructor(limit: number = REMEMBERED_EDITS) {
    this.#limit = limit;
  }

  /**
   * Whether a dispatch says anything new. Every event but MESSAGE_UPDATE does. A MESSAGE_UPDATE does
   * when `edited_timestamp` is set, and is not the one that the last update of this message had: each
   * edit sets it, nothing else does. An update of a message that is not remembered is let through.
   *
   * What cannot be read is let through as well.
   */
  readonly keep: DispatchFilter = (t, payload) => t !== "MESSAGE_UPDATE" || this.#isEdit(payload);

  #isEdit(payload: Uint8Array): boolean {
    let editedAt: string | undefined;
    let id: string | undefined;
    try {
      editedAt = textField(payload, "edited_timestamp");
      id = textField(payload, "id");
    } catch (error) {
      if (error instanceof SyntaxError) return true;
      throw error;
    }
    if (editedAt === undefined) return false;
    if (id === undefined || id.length > LONGEST_TEXT || editedAt.length > LONGEST_TEXT) return true;
    return this.#remember(id, editedAt);
  }

  /** Whether this edit is a new one. */
  #remember(id: string, editedAt: string): boolean {
    const before = this.#edits.get(id);
    this.#edits.delete(id);
    this.#edits.set(id, editedAt);
    if (this.#edits.size > this.#limit) {
      const [oldest] = this.#edits.keys();
      this.#edits.delete(oldest!);
    }
    return before !== editedAt;
  }
}

/**
 * The filter that a setting asks for; `null` where nothing is withheld.
 *
 * @param setting `all`, `filter`, or the address of a module whose default export is a function that
 * gets the payload of each MESSAGE_UPDATE as bytes and says whether the bot is to get it. What it
 * throws is logged, and the event delivered.
 * @throws {GatehouseError} `bad_config` when the module exports no function, or cannot be loaded.
 */
export async function loadEditFilter(setting: string, log: Log): Promise<DispatchFilter | null> {
  if (setting === "all") return null;
  if (setting === "filter") return new EditFilter().keep;
  const module = await loadModule(`EDITED_MESSAGES ${setting}`, () => import(setting));
  const { default: keep } = module as { default?: unknown };
  if (typeof keep !== "function") {
    const text = `Cannot use EDITED_MESSAGES: ${setting} has no function as its default export, ` +
      "expected: export default (payload) => …";
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
