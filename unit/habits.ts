/**
 * How often each type of events comes on this bot, as earlier lives of the unit have seen it.
 *
 * @module
 */

import type { SavedTypes } from "../gateway/deaf_watch.ts";
import type { World } from "../ports/world.ts";
import { messageOf } from "../protocol/errors.ts";
import { isRecord } from "../protocol/record.ts";
import { ALONE } from "./shares/share.ts";
import type { PlanOptions } from "./worker_plan.ts";

/** Name of the file in the state folder. */
const SAVED_AS = "habits";

/** What was known, and where it is written down. */
export interface Habits {
  /** `undefined`: nothing, or nothing of these shards with these intents. */
  readonly saved: unknown;
  /** Writes it down; that it could not be is told in the log. */
  save(types: SavedTypes): void;
}

/** What loading takes. */
export interface HabitsOptions
  extends
    Pick<PlanOptions, "config" | "totalShards" | "shardIds" | "share">,
    Pick<World, "store" | "log"> {}

/**
 * Loads what is known. Other intents, or other shards, get other events: then it is nothing. Nor is it where shards come
 * and go: those of the life before were others.
 */
export async function loadHabits(options: HabitsOptions): Promise<Habits> {
  const { config, totalShards, shardIds, store, log, share = ALONE } = options;
  const of = [config.intents, totalShards, shardIds[0], shardIds.at(-1)].join(" ");
  const loaded = await store.load(SAVED_AS);
  return {
    saved: share.isFixed && isRecord(loaded) && loaded.of === of ? loaded.known : undefined,
    save: (known) =>
      void store.save(SAVED_AS, { of, known }).catch((error) =>
        log.error("what is usual of events was not saved", { error: messageOf(error) })
      ),
  };
}
