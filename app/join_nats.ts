/**
 * The line of a unit to the others of its fleet, where `NATS_URL` says that there is one.
 *
 * @module
 */

import type { FleetLine } from "../ports/fleet/fleet.ts";
import { openNatsLine } from "../ports/nats/line.ts";
import type { World } from "../ports/world.ts";
import { botIdentity } from "../store/state_dir.ts";
import type { Config } from "../config/config.ts";
import { unitNameOf } from "../unit/fleet/name.ts";

/** What it takes. */
export interface JoinNatsOptions extends Pick<World, "store" | "clock" | "random" | "log"> {
  readonly config: Config;
}

/** A line, and how the unit is called on it. */
export interface NatsSeat {
  readonly line: FleetLine;
  readonly unitName: string;
}

/**
 * Opens it, without waiting for an answer. `undefined`: the unit is by itself, and nothing that talks to NATS is loaded.
 * What is not the real Discord has no fleet.
 */
export async function joinNats(
  { config, store, ...world }: JoinNatsOptions,
): Promise<NatsSeat | undefined> {
  if (config.natsUrls.length === 0 || config.mode === "simulator") return undefined;
  const unitName = await unitNameOf(config.unitName, store);
  const bot = botIdentity(config.discordToken);
  const line = await openNatsLine({ ...world, settings: config, bot, unit: unitName });
  world.log.info("this unit is one of a fleet", { unit: unitName });
  return { line, unitName };
}
