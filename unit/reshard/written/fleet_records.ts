/**
 * What all units of a fleet have written down of who serves what: one value under the key `reshard`, changed by
 * comparing and setting it, and beside it `cuts.<id>.<total>` for each shard that was handed a lot. Each unit has a
 * copy in its state folder, by which a key that was lost is written anew.
 *
 * The key comes first, then the copy; both are written when `save` resolves. `docs/resharding.md` says why.
 *
 * @module
 */

import type { Cancel } from "../../../ports/clock.ts";
import type { Json } from "../../../ports/fleet/bus.ts";
import type { Entry } from "../../../ports/fleet/keys.ts";
import type { FleetLine } from "../../../ports/fleet/fleet.ts";
import type { Log } from "../../../ports/log.ts";
import type { Store } from "../../../ports/store.ts";
import { GatehouseError, messageOf } from "../../../protocol/errors.ts";
import {
  parseShardKey,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
} from "../../../protocol/ids.ts";
import type { Cuts } from "../../../protocol/reshard.ts";
import type { ReshardRecord } from "../record.ts";
import { merged } from "./merged.ts";
import { isCuts } from "./parse.ts";
import { loadRecord, type RecordStore, saveRecord } from "./records.ts";
import { decodeRecord, encodeRecord } from "./wire.ts";

const KEY = "reshard";
const AWAY = "the units of the fleet cannot reach each other";

/** What they take. */
export interface FleetRecordsOptions {
  readonly line: Pick<FleetLine, "keys" | "isUp">;
  readonly store: Store;
  readonly log: Log;
  /** Whether what the state folder has is of this fleet: its stream is the fleet's. */
  readonly isOfFleet: boolean;
  /** Whether a shard is this unit's: of others it keeps nothing. */
  readonly has: (shard: ShardKey) => boolean;
}

/** The record of a fleet. */
export class FleetRecords implements RecordStore {
  readonly #options: FleetRecordsOptions;
  /** The newest that is known. */
  #known: ReshardRecord | null = null;
  /** Cuts as they are under their keys, of this unit's shards. */
  readonly #cuts = new Map<ShardKeyText, Cuts>();
  #isMending = false;

  constructor(options: FleetRecordsOptions) {
    this.#options = options;
  }

  /** See {@linkcode RecordStore}. */
  get away(): string | null {
    return this.#options.line.isUp ? null : AWAY;
  }

  /** See {@linkcode RecordStore}. What the state folder knows better is written back. */
  async load(): Promise<ReshardRecord | null> {
    const { store, log, isOfFleet } = this.#options;
    const there = this.#read(await this.#options.line.keys.get(KEY));
    // Where the copy is lost the others' are as good.
    const copy = isOfFleet ? await loadRecord({ store, log }) : null;
    if (!there && !copy) return null;
    const record = this.#known = merged(copy ?? there!, there ?? copy!);
    for (const [text, cuts] of Object.entries(record.cuts)) {
      this.#cuts.set(text as ShardKeyText, cuts!);
    }
    return isSame(record, there) ? record : await this.save(record, (each) => each);
  }

  /** See {@linkcode RecordStore}. */
  async cutsOf(shards: readonly ShardKey[]): Promise<ReshardRecord["cuts"]> {
    const found = await Promise.all(shards.map(async (shard) => {
      const entry = await this.#options.line.keys.get(keyOf(shard));
      return [shardKeyText(shard), entry?.value] as const;
    }));
    const cuts = found.flatMap(([text, cut]): [ShardKeyText, Cuts][] =>
      isCuts(cut) ? [[text, cut]] : []
    );
    for (const [text, cut] of cuts) this.#cuts.set(text, cut);
    return Object.fromEntries(cuts);
  }

  /** See {@linkcode RecordStore}. */
  async save(
    mine: ReshardRecord,
    change: (record: ReshardRecord) => ReshardRecord,
  ): Promise<ReshardRecord> {
    const { store } = this.#options;
    if (this.away !== null) throw refused(this.away);
    const record = await this.#set(mine, change);
    this.#known = merged(record, this.#known ?? record);
    await saveRecord(store, record);
    await this.#forget(record);
    return record;
  }

  /** See {@linkcode RecordStore}. Where a key was lost, or is older than what is known here, it is written anew. */
  watch(take: (record: ReshardRecord) => void): Cancel {
    return this.#options.line.keys.watch(KEY, (key, entry) => {
      // All was told, for the first time or again: what is missing now was lost.
      if (key === null) return void this.#mend(true);
      const record = this.#read(entry);
      if (!record) return;
      this.#known = merged(this.#known ?? record, record);
      if (!isSame(this.#known, record)) void this.#mend(false);
      take(record);
    });
  }

  /** Compares and sets until it is written. What is surely not written is `refused`. */
  async #set(
    mine: ReshardRecord,
    change: (record: ReshardRecord) => ReshardRecord,
  ): Promise<ReshardRecord> {
    const { keys } = this.#options.line;
    for (;;) {
      const entry = await keys.get(KEY).catch(unreached);
      const there = this.#read(entry);
      const record = change(there ? merged(mine, there) : mine);
      await this.#put(record).catch(unreached);
      if (isSame(record, there)) return record;
      const value = encodeRecord(record);
      const written = entry ? keys.update(KEY, value, entry.revision) : keys.create(KEY, value);
      if (await written.catch(unlessFull) !== null) return record;
    }
  }

  /** Cuts count once the record says who serves: before that nobody looks at them. */
  async #put({ cuts }: ReshardRecord): Promise<void> {
    const { line: { keys }, has } = this.#options;
    const own = shardsIn(cuts).filter(([text, shard, cut]) =>
      has(shard) && this.#cuts.get(text) !== cut
    );
    await Promise.all(own.map(async ([text, shard, cut]) => {
      await keys.put(keyOf(shard), jsonOf(cut));
      this.#cuts.set(text, cut);
    }));
  }

  /** Of cuts that everybody has passed. What is not forgotten now does no harm, and is the next time. */
  async #forget({ cuts }: ReshardRecord): Promise<void> {
    const { line: { keys }, has, log } = this.#options;
    const gone = [...this.#cuts.keys()].filter((text) => !(text in cuts));
    try {
      await Promise.all(gone.map(async (text) => {
        const shard = parseShardKey(text)!;
        if (has(shard)) await keys.delete(keyOf(shard));
        this.#cuts.delete(text);
      }));
    } catch (error) {
      log.debug("cuts of a reshard were not taken out", { error: messageOf(error) });
    }
  }

  async #mend(hasLostCuts: boolean): Promise<void> {
    if (!this.#known || this.#isMending) return;
    this.#isMending = true;
    const { log, has, line: { keys } } = this.#options;
    try {
      const own = hasLostCuts
        ? [...this.#cuts].map(([text, cut]) => [parseShardKey(text)!, cut])
        : [];
      for (const [shard, cut] of own as [ShardKey, Cuts][]) {
        if (has(shard)) await keys.put(keyOf(shard), jsonOf(cut));
      }
      const there = this.#read(await keys.get(KEY));
      if (there && isSame(merged(this.#known, there), there)) return;
      await this.#set({ ...this.#known, cuts: {} }, (record) => record);
      log.info("which shards serve which guilds was written down anew", { turn: this.#known.turn });
    } catch (error) {
      // When the units reach each other again, all that there is will be told again.
      const why = { error: messageOf(error) };
      log.debug("which shards serve which guilds was not written down anew", why);
    } finally {
      this.#isMending = false;
    }
  }

  #read(entry: Entry | null): ReshardRecord | null {
    if (!entry) return null;
    const record = decodeRecord(entry.value);
    if (typeof record !== "string") return record;
    this.#options.log.error("what the fleet says of who serves which guilds cannot be read", {
      error: record,
    });
    return null;
  }
}

function keyOf({ id, total }: ShardKey): string {
  return `cuts.${id}.${total}`;
}

function jsonOf({ from, through, guilds, others, loads, mayRepeat }: Cuts): Json {
  return {
    from: from.map(({ total, id }) => ({ total, id })),
    through,
    guilds,
    others,
    loads,
    mayRepeat,
  };
}

function shardsIn(cuts: ReshardRecord["cuts"]): [ShardKeyText, ShardKey, Cuts][] {
  return Object.entries(cuts).map(([text, cut]) => [
    text as ShardKeyText,
    parseShardKey(text)!,
    cut!,
  ]);
}

function isSame(record: ReshardRecord, other: ReshardRecord | null): boolean {
  return other !== null &&
    JSON.stringify(encodeRecord(record)) === JSON.stringify(encodeRecord(other));
}

function refused(why: string): GatehouseError {
  return new GatehouseError("refused", "host", `Cannot write down who serves which guilds: ${why}`);
}

/** Only what was surely not written is refused. */
function unlessFull(error: unknown): never {
  if (error instanceof GatehouseError && error.code === "disk_full") throw refused(error.message);
  throw error;
}

function unreached(error: unknown): never {
  throw refused(messageOf(error));
}
