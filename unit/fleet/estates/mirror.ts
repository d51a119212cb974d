/**
 * Keeps the estates of a unit's shards in the keys of its fleet, so that another unit can take them up: whatever
 * becomes of this one, what is there is about a second old. Points are never newer than the estates beside them.
 *
 * One write of a key is under way at a time; what changes meanwhile is one more. After the line was down everything is
 * written again, because the server may have lost it.
 *
 * @module
 */

import { type Cancel, within } from "../../../ports/clock.ts";
import type { FleetLine } from "../../../ports/fleet/fleet.ts";
import type { World } from "../../../ports/world.ts";
import { messageOf } from "../../../protocol/errors.ts";
import type { Estate } from "../../../protocol/estate.ts";
import {
  parseShardKey,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
} from "../../../protocol/ids.ts";
import { isFiledSame } from "../../../store/estate_files.ts";
import { type Point, pointOf } from "../../../store/estate_points.ts";
import type { Estates } from "../../../store/estates.ts";
import type { EstateKeys } from "./estate_keys.ts";

/** What changes is written this long after the first change. */
export const MIRROR_AFTER_MS = 1_000;
/** After a failure it waits, longer each time, up to this long. */
const MOST_PAUSE_MS = 30_000;
/** Who stops waits so long for what is written last. */
export const LAST_WRITE_MS = 2_000;
/** Estates that are written at a time. */
const AT_ONCE = 16;

/** What mirroring takes. */
export interface MirrorOptions extends Pick<World, "clock" | "log"> {
  readonly line: Pick<FleetLine, "watch">;
  readonly keys: Pick<EstateKeys, "write" | "writePoints" | "forget">;
  readonly estates: Pick<Estates, "of" | "watch">;
}

/** A shard that is mirrored. */
interface Mirrored {
  /** As it was written last, but for what its points tell; `null`: it is to be written. */
  written: Estate | null;
  /** Its point beside that. */
  point: Point | null;
}

/** The mirror of one unit's estates. */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #shards = new Map<ShardKeyText, Mirrored>();
  readonly #cancels: readonly Cancel[];
  #cancelTimer: Cancel | null = null;
  #isBusy = false;
  /** The write that is under way, or was last. */
  #turn: Promise<void> = Promise.resolve();
  #isWanted = false;
  #pauseMs = 0;
  #isStopped = false;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#cancels = [
      options.estates.watch((shard) => this.#changed(shard)),
      options.line.watch((isUp) => isUp && this.#again()),
    ];
  }

  /** A shard is ours from now on: its estate is written, at once. */
  begin(shard: ShardKey): void {
    this.#shards.set(shardKeyText(shard), { written: null, point: null });
    this.#pauseMs = 0;
    this.#soon(0);
  }

  /** A shard is ours no more: nothing of it is written that is not under way. */
  end(shard: ShardKey): void {
    this.#shards.delete(shardKeyText(shard));
  }

  /** Whether a shard is mirrored. */
  has(shard: ShardKey): boolean {
    return this.#shards.has(shardKeyText(shard));
  }

  /** Writes what is not written, where that is possible within {@linkcode LAST_WRITE_MS}, and nothing any more. */
  async close(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    for (const cancel of this.#cancels) cancel();
    const { clock, log } = this.#options;
    const last = this.#turn.then(() => this.#writeMoment()).catch((error) =>
      log.warn("estates were not written for the fleet a last time", { error: messageOf(error) })
    );
    await within(clock, LAST_WRITE_MS, last);
  }

  /** A session that began is written at once: without it, whoever takes the shard up has to identify. */
  #changed(shard: ShardKey): void {
    const mirrored = this.#shards.get(shardKeyText(shard));
    if (!mirrored) return;
    const { session } = this.#options.estates.of(shard);
    const isSame = mirrored.written?.session?.sessionId === session?.sessionId;
    this.#soon(isSame ? MIRROR_AFTER_MS : 0);
  }

  #again(): void {
    this.#options.keys.forget();
    for (const mirrored of this.#shards.values()) mirrored.written = null;
    this.#pauseMs = 0;
    this.#soon(0);
  }

  #soon(afterMs: number): void {
    if (this.#isStopped) return;
    if (this.#isBusy) return void (this.#isWanted = true);
    const isWaiting = this.#pauseMs > 0;
    if (this.#cancelTimer && (afterMs > 0 || isWaiting)) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.after(Math.max(afterMs, this.#pauseMs), () => {
      this.#cancelTimer = null;
      this.#turn = this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#isBusy = true;
    this.#isWanted = false;
    try {
      await this.#writeMoment();
      this.#pauseMs = 0;
    } catch (error) {
      this.#pauseMs = Math.min(MOST_PAUSE_MS, Math.max(MIRROR_AFTER_MS, this.#pauseMs * 2));
      const about = { error: messageOf(error), againMs: this.#pauseMs };
      this.#options.log.debug("estates were not written for the fleet", about);
      this.#isWanted = true;
    }
    this.#isBusy = false;
    if (this.#isWanted) this.#soon(MIRROR_AFTER_MS);
  }

  /** Estates first: who is cut off between has points that are not newer than these. */
  async #writeMoment(): Promise<void> {
    const { estates, keys } = this.#options;
    const moment = [...this.#shards].map(([text, mirrored]) => (
      { text, mirrored, estate: estates.of(parseShardKey(text)!) }
    ));
    const changed = moment.filter(({ mirrored, estate }) => !isWritten(mirrored, estate));
    const failures: unknown[] = [];
    while (changed.length > 0) {
      await Promise.all(
        changed.splice(0, AT_ONCE).map(async ({ text, mirrored, estate }) => {
          // While it waited for its turn it may have become another's, of the same epoch as ours.
          if (this.#shards.get(text) !== mirrored) return;
          try {
            if (await keys.write(parseShardKey(text)!, estate)) mirrored.written = estate;
            else this.#fenced(text, mirrored);
          } catch (error) {
            failures.push(error);
          }
        }),
      );
    }
    for (const { mirrored, estate } of moment) {
      if (isWritten(mirrored, estate)) mirrored.point = pointOf(estate);
    }
    const points = [...this.#shards].flatMap(([text, { point }]) =>
      point ? [[text, point] as const] : []
    );
    await keys.writePoints(new Map(points));
    if (failures.length > 0) throw failures[0];
  }

  /** Another unit of a newer assignment has the shard. Ours is about to hear of it. */
  #fenced(text: ShardKeyText, mirrored: Mirrored): void {
    if (this.#shards.get(text) !== mirrored) return;
    this.#shards.delete(text);
    const { id: shardId, total: totalShards } = parseShardKey(text)!;
    const event = "another unit has written the estate of a shard, ours is not written any more";
    this.#options.log.warn(event, { shardId, totalShards });
  }
}

/** Whether what seldom changes is written as it is in an estate. */
function isWritten({ written }: Mirrored, estate: Estate): boolean {
  return written !== null && isFiledSame(written, estate) && written.presence === estate.presence;
}
