/**
 * Who has asked for voice through the shards of a worker, where several read one shard: the voice server of
 * a guild is told to whoever sent the last op 4 for it. Two who connected to it would take it from each
 * other.
 *
 * @module
 */

import { textField } from "../protocol/discord/body.ts";
import { OP } from "../protocol/discord/opcodes.ts";
import { readId } from "../protocol/ids.ts";
import { isRecord } from "../protocol/record.ts";
import type { ShardPayload } from "../protocol/worker_message.ts";

/** Guilds that are remembered; those whose op 4 is oldest are forgotten first. */
export const MOST_VOICE_GUILDS = 10_000;

/** Who waits for a voice server: a shard's bot (`null`), or somebody who reads beside it, by name. */
export class VoiceAskers {
  /** By shard and guild. Those that asked last come last. */
  readonly #askers = new Map<string, ReadonlySet<string | null>>();

  /** A command is about to be sent. */
  asked(shardId: number, { op, d, reader }: ShardPayload): void {
    const guildId = op === OP.VOICE_STATE_UPDATE && isRecord(d) ? readId(d.guild_id) : null;
    if (guildId === null) return;
    const key = `${shardId} ${guildId}`;
    this.#askers.delete(key);
    this.#askers.set(key, new Set([reader ?? null]));
    if (this.#askers.size <= MOST_VOICE_GUILDS) return;
    const [oldest] = this.#askers.keys();
    this.#askers.delete(oldest!);
  }

  /** For whom a dispatch is; `null`: for everybody, as where nobody of this life of the worker has asked. */
  of(shardId: number, t: string, payload: Uint8Array): ReadonlySet<string | null> | null {
    if (t !== "VOICE_SERVER_UPDATE") return null;
    return this.#askers.get(`${shardId} ${textField(payload, "guild_id")}`) ?? null;
  }
}
