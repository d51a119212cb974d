/**
 * Where it is written down who serves what: the file of a unit by itself, or what all units of a fleet see
 * (`fleet_records.ts`).
 *
 * @module
 */

import type { Cancel } from "../../../ports/clock.ts";
import type { Log } from "../../../ports/log.ts";
import type { Store } from "../../../ports/store.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import { type ReshardRecord, settledRecord } from "../record.ts";
import { parseRecord } from "./parse.ts";

/** Name of the file in the state folder. */
const SAVED_AS = "reshard";

/** What one unit says of it, or several. */
export interface RecordStore {
  /** Why nothing can be written just now, in a person's words; `null`: it can. */
  readonly away: string | null;
  /** What is written down; `null`: nothing is, for nobody has said anything yet. */
  load(): Promise<ReshardRecord | null>;
  /**
   * Makes a change to whatever is written down, `mine` and what others have written meanwhile, and gives that. When
   * it resolves, it outlives whatever happens.
   *
   * @param change Pure; it may be called several times. What it throws, `save` rejects with, and nothing is written.
   * @throws {GatehouseError} `refused` where it was surely not written. With anything else nobody knows.
   */
  save(
    mine: ReshardRecord,
    change: (record: ReshardRecord) => ReshardRecord,
  ): Promise<ReshardRecord>;
  /** Where these shards began to serve, as those have written down who had them before. */
  cutsOf(shards: readonly ShardKey[]): Promise<ReshardRecord["cuts"]>;
  /** Has `take` called with what others have written down, from now on, until cancelled. */
  watch(take: (record: ReshardRecord) => void): Cancel;
}

/** What the file of a unit by itself takes. */
export interface FileRecordsOptions {
  readonly store: Store;
  readonly log: Log;
  /**
   * Total → how many of its shards have a session that can be resumed. Asked where the record is lost. Default: none
   * has.
   */
  readonly sessions?: () => ReadonlyMap<number, number>;
}

/** The file of a unit by itself: nobody else writes it. */
export class FileRecords implements RecordStore {
  readonly #options: FileRecordsOptions;
  /** A disk that cannot be written has whoever waits for it wait. */
  readonly away = null;

  constructor(options: FileRecordsOptions) {
    this.#options = options;
  }

  /** See {@linkcode RecordStore}, {@linkcode loadRecord}. */
  load(): Promise<ReshardRecord | null> {
    return loadRecord(this.#options);
  }

  /** See {@linkcode RecordStore}. */
  async save(
    mine: ReshardRecord,
    change: (record: ReshardRecord) => ReshardRecord,
  ): Promise<ReshardRecord> {
    const record = change(mine);
    await saveRecord(this.#options.store, record);
    return record;
  }

  /** There are no others. */
  cutsOf(): Promise<ReshardRecord["cuts"]> {
    return Promise.resolve({});
  }

  /** There are no others. */
  watch(_take: (record: ReshardRecord) => void): Cancel {
    return () => {};
  }
}

/**
 * What an earlier life wrote down; `null` where none did. What cannot be read is lost, and told: then the
 * total of which the largest part lives serves everything, and nobody else anything. Its shards that have no session
 * begin one: what came to their guilds meanwhile is missing, but nothing has two owners.
 */
export async function loadRecord(
  { store, log, sessions }: FileRecordsOptions,
): Promise<ReshardRecord | null> {
  const damaged = store.damaged;
  const saved = await store.load(SAVED_AS);
  if (saved === undefined && store.damaged === damaged) return null;
  const record = parseRecord(saved);
  if (typeof record !== "string") return record;
  const total = mostAlive(sessions?.() ?? new Map());
  log.error("which shards serve which guilds was written down and cannot be read", {
    error: record,
    servesAll: total,
  });
  if (total === null) return null;
  const anew = settledRecord(total, null);
  await saveRecord(store, anew);
  return anew;
}

/** Writes it down; once that resolves, it outlives whatever happens. */
export async function saveRecord(store: Store, record: ReshardRecord): Promise<void> {
  await store.save(SAVED_AS, record);
}

/** The total of which the largest part lives; of two the smaller, which needs fewer identifies. */
function mostAlive(sessions: ReadonlyMap<number, number>): number | null {
  const [first] = [...sessions].filter(([, alive]) => alive > 0)
    .sort(([a, aliveA], [b, aliveB]) => aliveB / b - aliveA / a || a - b);
  return first?.[0] ?? null;
}
