/**
 * Reads and writes estates in the keys of a fleet. What a unit of a newer assignment has written is not written over.
 *
 * @module
 */

import type { FleetLine } from "../../../ports/fleet/fleet.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import type { Estate } from "../../../protocol/estate.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../../protocol/ids.ts";
import { isRecord } from "../../../protocol/record.ts";
import type { Point } from "../../../store/estate_points.ts";
import {
  encodePoints,
  encodeWritten,
  estateKey,
  joinMissing,
  type Missing,
  missingIn,
  missingKey,
  parseMissing,
  parseWritten,
  pointsKey,
  type Written,
} from "./written.ts";

/** So often somebody else may have written between our look and our write. */
const MOST_TRIES = 5;

/** What it takes. */
export interface EstateKeysOptions {
  readonly self: string;
  readonly line: Pick<FleetLine, "keys">;
  /** Of the newest assignment that this unit knows. */
  readonly epoch: () => number;
  /** Name of the fleet's numbering. */
  readonly stream: () => string;
}

/** The keys of a fleet, as far as they are of estates. Every verb rejects with `away` where they cannot be asked. */
export class EstateKeys {
  readonly #options: EstateKeysOptions;
  /** Revisions that this unit has written. */
  readonly #revisions = new Map<ShardKeyText, number>();
  /** The write of a shard's estate that is under way. */
  readonly #turns = new Map<ShardKeyText, Promise<unknown>>();

  constructor(options: EstateKeysOptions) {
    this.#options = options;
  }

  /** What was written of a shard last; `null`: nothing, or nothing that can be read. */
  async read(shard: ShardKey): Promise<Written | null> {
    const { keys } = this.#options.line;
    const value = (await keys.get(estateKey(shard)))?.value;
    const unit = isRecord(value) && typeof value.unit === "string" ? value.unit : null;
    const points = unit && (await keys.get(pointsKey(unit)))?.value;
    return parseWritten(shard, value, points);
  }

  /**
   * Writes the estate of a shard that this unit has.
   *
   * @param givenTo The unit that has got it with all that waits. Default: nobody.
   * @returns Whether it is there: another unit that knows a newer assignment may have written it.
   */
  async write(shard: ShardKey, estate: Estate, givenTo: string | null = null): Promise<boolean> {
    const text = shardKeyText(shard);
    const turn = (this.#turns.get(text) ?? Promise.resolve()).catch(() => {})
      .then(() => this.#write(shard, estate, givenTo));
    this.#turns.set(text, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(text) === turn) this.#turns.delete(text);
    }
  }

  /** Writes how far the shards of this unit have come. */
  async writePoints(points: ReadonlyMap<ShardKeyText, Point>): Promise<void> {
    const { self, line: { keys } } = this.#options;
    await keys.put(pointsKey(self), encodePoints(points));
  }

  /** What of a shard only a unit's disk has; `null`: nothing. */
  async missing(shard: ShardKey, unit: string): Promise<Missing | null> {
    const entry = await this.#options.line.keys.get(missingKey(shard, unit));
    return parseMissing(entry?.value);
  }

  /**
   * Shards of which only a unit's disk has something; resolves once the keys can be asked, rejects with the signal's
   * reason when that is first.
   */
  missingOf(unit: string, signal: AbortSignal): Promise<ShardKey[]> {
    const shards: ShardKey[] = [];
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => {
        cancel();
        reject(signal.reason);
      }, { once: true });
      const cancel = this.#options.line.keys.watch("missing.", (key, entry) => {
        if (key === null) {
          cancel();
          return resolve(shards);
        }
        const shard = missingIn(key, unit);
        if (shard && entry) shards.push(shard);
      });
    });
  }

  /** Says that only a unit's disk has something of a shard, beside what was said before. */
  async addMissing(shard: ShardKey, unit: string, missing: Missing): Promise<void> {
    const known = await this.missing(shard, unit);
    const all = joinMissing(missing, known);
    await this.#options.line.keys.put(missingKey(shard, unit), { ...all });
  }

  /** A unit that was away has brought all but this. */
  async narrowMissing(shard: ShardKey, unit: string, missing: Missing): Promise<void> {
    await this.#options.line.keys.put(missingKey(shard, unit), { ...missing });
  }

  /** Nothing of a shard is missing that a unit had. */
  async found(shard: ShardKey, unit: string): Promise<void> {
    await this.#options.line.keys.delete(missingKey(shard, unit));
  }

  /** The server may have lost what was written: revisions mean nothing any more. */
  forget(): void {
    this.#revisions.clear();
  }

  async #write(shard: ShardKey, estate: Estate, givenTo: string | null): Promise<boolean> {
    const { self, line: { keys }, epoch, stream } = this.#options;
    const [text, key] = [shardKeyText(shard), estateKey(shard)];
    const written = { unit: self, epoch: epoch(), stream: stream(), givenTo, estate };
    const value = encodeWritten(written);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const known = this.#revisions.get(text) ?? await this.#look(shard);
      if (known === "fenced") return false;
      const revision = known === null
        ? await keys.create(key, value)
        : await keys.update(key, value, known);
      if (revision !== null) {
        this.#revisions.set(text, revision);
        return true;
      }
      this.#revisions.delete(text);
    }
    const why = "another unit writes it all the time";
    throw new GatehouseError("refused", "peer", `Cannot write the estate of shard ${text}: ${why}`);
  }

  /** The revision to write over; `null`: there is none. */
  async #look(shard: ShardKey): Promise<number | null | "fenced"> {
    const { self, line: { keys }, epoch } = this.#options;
    const entry = await keys.get(estateKey(shard));
    if (!entry) return null;
    const written = parseWritten(shard, entry.value, null);
    const isTheirs = written !== null && written.unit !== self && written.epoch > epoch();
    return isTheirs ? "fenced" : entry.revision;
  }
}
