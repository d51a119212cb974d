/**
 * Where the bot is in voice: it is there by the session that asked for it, and leaves with it. A shard that takes
 * a guild over asks for the same before that session ends. What was asked for outlives the unit.
 * See [Discord Docs/Voice](https://discord.com/developers/docs/topics/voice-connections#retrieving-voice-server-information).
 *
 * @module
 */

import { OP } from "../../protocol/discord/opcodes.ts";
import { messageOf } from "../../protocol/errors.ts";
import { parseJson } from "../../protocol/json.ts";
import { isRecord } from "../../protocol/record.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";
import type { Cancel } from "../../ports/clock.ts";
import type { World } from "../../ports/world.ts";
import type { AskDiscord } from "../../rest/proxy.ts";

/** Guilds that are remembered; those whose op 4 is oldest are forgotten first. */
export const MOST_VOICE_GUILDS = 100_000;
/** What changes is written down this long after the first change. */
const SAVE_AFTER_MS = 1_000;
/** Name of the file in the state folder. */
const SAVED_AS = "voice";
/** Discord's error code for somebody who is in no channel of a guild. */
const UNKNOWN_VOICE_STATE = 10065;

/** What keeping it takes. */
export interface VoiceOptions extends Pick<World, "clock" | "log" | "store"> {
  /** Asks Discord as the bot. */
  readonly ask: AskDiscord;
}

/** Where the bot of a unit is in voice, as far as it has said. */
export class Voice {
  readonly #options: VoiceOptions;
  /** The last op 4 of each guild, with a channel. Those that came last come last. */
  readonly #asked: Map<string, ShardPayload>;
  #cancelSave: Cancel | null = null;

  constructor(options: VoiceOptions, asked: Iterable<readonly [string, ShardPayload]> = []) {
    this.#options = options;
    this.#asked = new Map(asked);
  }

  /** With what an earlier life wrote down; what cannot be read is left out. */
  static async load(options: VoiceOptions): Promise<Voice> {
    const saved = await options.store.load(SAVED_AS);
    const asked = Object.entries(isRecord(saved) ? saved : {});
    return new Voice(
      options,
      asked.filter((each): each is [string, ShardPayload] => isJoin(each[1])),
    );
  }

  /** An op 4 was sent. */
  note(guildId: string, payload: ShardPayload): void {
    if (!this.#asked.delete(guildId) && !isJoin(payload)) return;
    if (isJoin(payload)) this.#asked.set(guildId, payload);
    if (this.#asked.size > MOST_VOICE_GUILDS) {
      const [oldest] = this.#asked.keys();
      this.#asked.delete(oldest!);
    }
    this.#saveSoon();
  }

  /** Guilds in which the bot has asked for a channel. */
  of(isOf: (guildId: string) => boolean): string[] {
    return [...this.#asked.keys()].filter(isOf);
  }

  /**
   * The op 4 that has the bot stay where it is in a guild; `null`: it is nowhere. Discord is asked, since
   * somebody may have moved the bot, or sent it away; where that fails, what was asked for last counts.
   */
  async stay(guildId: string): Promise<ShardPayload | null> {
    const asked = this.#asked.get(guildId);
    if (!asked) return null;
    try {
      const response = await this.#options.ask(`/guilds/${guildId}/voice-states/@me`);
      const state: unknown = parseJson(await response.text());
      const { code, channel_id = null, self_mute, self_deaf } = isRecord(state) ? state : {};
      const isNowhere = response.ok ? channel_id === null : code === UNKNOWN_VOICE_STATE;
      if (isNowhere) return this.#forget(guildId);
      if (!response.ok) return asked;
      return { ...asked, d: { ...asked.d as object, channel_id, self_mute, self_deaf } };
    } catch (error) {
      const about = { guildId, error: messageOf(error) };
      this.#options.log.debug("Discord did not say where the bot is in voice", about);
      return asked;
    }
  }

  /** Writes it down where it has changed. What fails is logged, and tried with the next change. */
  async save(): Promise<void> {
    if (!this.#cancelSave) return;
    this.#cancelSave();
    this.#cancelSave = null;
    const { store, log } = this.#options;
    await store.save(SAVED_AS, Object.fromEntries(this.#asked)).catch((error) =>
      log.error("where the bot is in voice was not saved", { error: messageOf(error) })
    );
  }

  #forget(guildId: string): null {
    this.#asked.delete(guildId);
    this.#saveSoon();
    return null;
  }

  #saveSoon(): void {
    this.#cancelSave ??= this.#options.clock.after(SAVE_AFTER_MS, () => void this.save());
  }
}

function isJoin(payload: unknown): payload is ShardPayload {
  if (!isRecord(payload) || payload.op !== OP.VOICE_STATE_UPDATE || !isRecord(payload.d)) {
    return false;
  }
  return payload.d.channel_id !== null && payload.d.channel_id !== undefined;
}
