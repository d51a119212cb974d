/**
 * What shards wait for before they start: a module that cannot be loaded must not cost an identify.
 *
 * @module
 */

import { within } from "../../ports/clock.ts";
import type { World } from "../../ports/world.ts";

/** How long the user's modules may take to load before shards start without them. */
export const LOAD_DEADLINE_MS = 30_000;

/** Who loads modules. */
interface Loading {
  loaded(): Promise<void>;
}

/** Resolves when all have loaded theirs; one that takes its time holds the shards back for so long at most. */
export async function modulesLoaded(
  { clock, log }: Pick<World, "clock" | "log">,
  ...loading: readonly Loading[]
): Promise<void> {
  let areLoaded = false;
  const loaded = Promise.all(loading.map((each) => each.loaded()));
  await within(clock, LOAD_DEADLINE_MS, loaded.then(() => void (areLoaded = true)));
  if (areLoaded) return;
  log.warn("modules are still loading, shards start without them", { afterMs: LOAD_DEADLINE_MS });
}
