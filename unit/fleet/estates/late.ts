/**
 * Brings late what only this unit's disk has of shards that others took up while it was away; and takes what others
 * bring of shards that this unit has now.
 *
 * @module
 */

import { type Cancel, every } from "../../../ports/clock.ts";
import type { Bus, Json } from "../../../ports/fleet/bus.ts";
import type { FleetLine } from "../../../ports/fleet/fleet.ts";
import type { World } from "../../../ports/world.ts";
import { textField } from "../../../protocol/discord/body.ts";
import { readEnvelope } from "../../../protocol/discord/envelope.ts";
import { isExpired, isInteractionId } from "../../../protocol/discord/interaction.ts";
import { GatehouseError, messageOf } from "../../../protocol/errors.ts";
import { encodeRecords, type EventRecord, RECORD } from "../../../protocol/event_frame.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../../protocol/ids.ts";
import type { LateValue } from "../../../protocol/link_call.ts";
import type { PeerKey } from "../../../protocol/peer.ts";
import { isCount, isRecord } from "../../../protocol/record.ts";
import type { Aside } from "../../../store/late_folders.ts";
import type { EstateKeys } from "./estate_keys.ts";
import { PIECE_BYTES, PIECE_DEADLINE_MS } from "./parcel.ts";
import { holderOf, type Missing } from "./written.ts";

/** How often it is looked whether somebody misses something. */
export const LATE_LOOK_MS = 5_000;
/** Events that are brought at once. */
const BATCH_BYTES = 64 * 1024;
/** The bot's handlers have a minute, and the way takes some. */
export const LATE_DEADLINE_MS = 90_000;

/** What it takes. */
export interface LateOptions extends Pick<World, "clock" | "log"> {
  readonly self: string;
  readonly line: Pick<FleetLine, "bus" | "isUp">;
  readonly keys: Pick<EstateKeys, "found" | "missing" | "missingOf" | "narrowMissing" | "read">;
  readonly aside: Aside;
  /** The unit that has a shard; `null`: none has. */
  readonly ownerOf: (shard: ShardKey) => string | null;
  /** Brings the bot records of a shard that this unit has; resolves when it is done with them. */
  readonly deliver: (shard: ShardKey, records: Uint8Array<ArrayBuffer>) => Promise<void>;
}

/** What came late to one unit, and what it has. */
export class Late {
  readonly #options: LateOptions;
  readonly #cancels: Cancel[] = [];
  /** What came of a batch that is not whole, by who brings it: each brings one at a time. */
  readonly #coming = new Map<string, Uint8Array<ArrayBuffer>[]>();
  /** Shard → up to which cursor what is missing of it has been brought. */
  readonly #brought = new Map<ShardKeyText, number>();
  readonly #stopping = new AbortController();
  #isBusy = false;
  #isStopped = false;

  constructor(options: LateOptions) {
    this.#options = options;
  }

  /**
   * Puts aside what an earlier life has left of shards that others have, then looks after it from time to time; and
   * takes what others bring. Before any worker starts, and before anything is given to this unit.
   */
  async start(isOurs: (shard: ShardKey) => boolean): Promise<void> {
    const { aside, line: { bus }, self, clock } = this.#options;
    for (const shard of await aside.queued()) if (!isOurs(shard)) await aside.put(shard);
    this.#cancels.push(
      bus.answer(lateSubject(self), (value) => this.#take(value)),
      every(clock, LATE_LOOK_MS, () => void this.look()),
    );
    void this.#forget();
  }

  /** Brings and takes nothing any more; what is under way is not waited for. */
  stop(): void {
    this.#isStopped = true;
    this.#stopping.abort(new GatehouseError("away", "host", "Cannot go on: the unit stops"));
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  /** Brings what somebody misses, and deletes what nobody does. Never rejects. */
  async look(): Promise<void> {
    const { aside, line, log } = this.#options;
    if (this.#isBusy || this.#isStopped || !line.isUp) return;
    this.#isBusy = true;
    try {
      for (const shard of await aside.list()) {
        await this.#lookAt(shard).catch((error) => this.#failed(shard, error));
      }
    } catch (error) {
      log.warn("late events were not looked after", { error: messageOf(error) });
    }
    this.#isBusy = false;
  }

  /** The others are looked after all the same. That nobody can be asked is told elsewhere. */
  #failed({ id: shardId, total: totalShards }: ShardKey, error: unknown): void {
    const isAway = error instanceof GatehouseError && error.code === "away";
    const about = { shardId, totalShards, error: messageOf(error) };
    this.#options.log[isAway ? "debug" : "warn"]("late events were not looked after", about);
  }

  /** What was missed of an earlier life, and is not here either, nobody will find. */
  async #forget(): Promise<void> {
    const { keys, self, log, aside } = this.#options;
    try {
      const missing = await keys.missingOf(self, this.#stopping.signal);
      // Read now: what was ours, or nobody's, as this life began may have been put aside since.
      const here = [...await aside.list(), ...await aside.queued()];
      const known = new Set(here.map(shardKeyText));
      for (const shard of missing) {
        if (known.has(shardKeyText(shard)) || this.#isStopped) continue;
        await keys.found(shard, self);
        const about = { shardId: shard.id, totalShards: shard.total };
        log.warn("events that are missing are not on this disk", about);
      }
    } catch (error) {
      log.debug("what is missing was not looked after", { error: messageOf(error) });
    }
  }

  async #lookAt(shard: ShardKey): Promise<void> {
    const { self, keys, aside, ownerOf, log } = this.#options;
    const about = { shardId: shard.id, totalShards: shard.total };
    const missing = await keys.missing(shard, self);
    if (!missing) {
      const written = await keys.read(shard);
      // Until whoever has it now has written that, it may not have said what it misses.
      if (written && holderOf(written) !== self) await aside.remove(shard);
      return;
    }
    const owner = ownerOf(shard);
    if (owner === null) return;
    try {
      const events = await this.#bring(shard, missing, owner);
      await keys.found(shard, self);
      this.#brought.delete(shardKeyText(shard));
      await aside.remove(shard);
      log.info("events that were missing have come late", { ...about, events, unit: owner });
    } catch (error) {
      const event = "events that are missing were not brought, it is tried again";
      log.info(event, { ...about, unit: owner, error: messageOf(error) });
      await this.#note(shard, missing);
    }
  }

  /** What the bot has is not brought again, to another life of it neither, nor by another life of this unit. */
  async #note(shard: ShardKey, { from, to }: Missing): Promise<void> {
    const brought = this.#brought.get(shardKeyText(shard));
    if (brought === undefined || brought < from || brought >= to) return;
    await this.#options.keys.narrowMissing(shard, this.#options.self, { from: brought + 1, to });
  }

  /** Gives how many there were. */
  async #bring(shard: ShardKey, { from, to }: Missing, owner: string): Promise<number> {
    const { aside, clock } = this.#options;
    const spool = await aside.open(shard);
    let events = 0;
    try {
      const brought = this.#brought.get(shardKeyText(shard)) ?? 0;
      for (let after = Math.max(from - 1, brought); after < to;) {
        if (this.#isStopped) {
          throw new GatehouseError("away", "host", "Cannot go on: the unit stops");
        }
        const read = await spool.read(after, BATCH_BYTES);
        if (read.length === 0) break;
        after = read.at(-1)!.cursor;
        const batch = read.filter((record) =>
          record.cursor <= to && isOfUse(record, clock.epochMs())
        );
        if (batch.length === 0) continue;
        await bringTo(
          this.#options.line.bus,
          owner,
          shard,
          encodeRecords(batch),
          this.#options.self,
        );
        events += batch.length;
        this.#brought.set(shardKeyText(shard), after);
      }
    } finally {
      await spool.close();
    }
    return events;
  }

  async #take(value: Json): Promise<Json> {
    const { id, total, from, isFirst, isWhole, bytes } = isRecord(value) ? value : {};
    if (!isCount(id) || !isCount(total) || typeof from !== "string" || typeof bytes !== "string") {
      throw new GatehouseError("bad_message", "peer", "Cannot take late events: these are none");
    }
    const pieces = isFirst === true ? [] : this.#coming.get(from) ?? [];
    pieces.push(Uint8Array.fromBase64(bytes));
    this.#coming.set(from, pieces);
    if (isWhole !== true) return null;
    this.#coming.delete(from);
    const whole = new Uint8Array(await new Blob(pieces).arrayBuffer());
    await this.#options.deliver({ total, id }, whole);
    return null;
  }
}

/** How the bot gets what comes late. */
export interface LateWay {
  /** Who gets a shard's events; `null`: nobody. */
  readonly consumerOf: (shard: ShardKey) => PeerKey | null;
  /** Asks a peer, as the switchboard does. */
  readonly ask: (
    peer: PeerKey,
    verb: "late",
    value: LateValue,
    timeoutMs: number,
  ) => Promise<unknown>;
}

/**
 * Brings late events to the cluster that has their shard. Rejects where none has: what a library on `/gateway` gets is
 * numbered, and its numbers have gone on.
 */
export function lateTo({ consumerOf, ask }: LateWay): LateOptions["deliver"] {
  return async ({ total: totalShards, id: shardId }, records) => {
    const peer = consumerOf({ total: totalShards, id: shardId });
    if (peer?.kind !== "cluster") {
      const text = `Cannot bring late events of shard ${shardId}: no cluster has it now`;
      throw new GatehouseError("refused", "host", text);
    }
    const value = { totalShards, shardId, records: records.toBase64() };
    await ask(peer, "late", value, LATE_DEADLINE_MS - PIECE_DEADLINE_MS);
  };
}

function lateSubject(unit: string): string {
  return `unit.${unit}.late`;
}

async function bringTo(
  bus: Pick<Bus, "ask">,
  unit: string,
  { id, total }: ShardKey,
  records: Uint8Array,
  from: string,
): Promise<void> {
  for (let at = 0; at < records.length; at += PIECE_BYTES) {
    const isWhole = at + PIECE_BYTES >= records.length;
    const bytes = records.subarray(at, at + PIECE_BYTES).toBase64();
    const value = { id, total, from, isFirst: at === 0, isWhole, bytes };
    await bus.ask(lateSubject(unit), value, isWhole ? LATE_DEADLINE_MS : PIECE_DEADLINE_MS);
  }
}

/** Of an interaction whose token is dead nothing can be done; a GAP was told already. */
function isOfUse({ kind, body }: EventRecord, nowMs: number): boolean {
  if (kind !== RECORD.DISPATCH) return false;
  if (readEnvelope(body).t !== "INTERACTION_CREATE") return true;
  const id = textField(body, "id");
  return !isInteractionId(id) || !isExpired(id, nowMs);
}
