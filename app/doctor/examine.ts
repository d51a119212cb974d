/**
 * Every check, in the order in which a person reads: from facts to findings. Pure.
 *
 * @module
 */

import { checkGateway, checkIntents, checkInteractions, checkToken } from "./checks/discord.ts";
import {
  checkClock,
  checkCompression,
  checkDeno,
  checkDisk,
  checkPermissions,
  checkPort,
  checkState,
} from "./checks/host.ts";
import { checkBot, checkConsumers, checkNats } from "./checks/neighbours.ts";
import { checkSecrets, checkSettings } from "./checks/settings.ts";
import { checkIdentifies, checkShards } from "./checks/shards.ts";
import type { Facts } from "./facts.ts";
import type { Finding, Seen } from "./finding.ts";

type Check = (facts: Facts) => Seen | readonly Seen[];

/** Group, then check, then how it is made. */
export const CHECKS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  settings: { settings: checkSettings, secrets: checkSecrets },
  "this computer": {
    Deno: checkDeno,
    permissions: checkPermissions,
    port: checkPort,
    "state folder": checkState,
    disk: checkDisk,
    clock: checkClock,
    compression: checkCompression,
  },
  Discord: {
    token: checkToken,
    intents: checkIntents,
    shards: checkShards,
    identifies: checkIdentifies,
    gateway: checkGateway,
    interactions: checkInteractions,
  },
  "the bot's side": { bot: checkBot, events: checkConsumers, NATS: checkNats },
};

/** What all checks say of these facts. */
export function examine(facts: Facts): Finding[] {
  return Object.entries(CHECKS).flatMap(([group, checks]) =>
    Object.entries(checks).flatMap(([check, look]) =>
      [look(facts)].flat().map((seen) => ({ group, check, ...seen }))
    )
  );
}
