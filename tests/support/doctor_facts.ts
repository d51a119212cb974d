/** Facts for the checks of `gatehouse doctor`: all is well, but for what a test says. */

import type {
  ApplicationFacts,
  DiscordFacts,
  Facts,
  HostFacts,
  StateFacts,
} from "../../app/doctor/facts.ts";
import type { Seen } from "../../app/doctor/finding.ts";
import type { GatewayInfo } from "../../gateway/gateway_info.ts";
import { type Config, CONFIG_DEFAULTS } from "../../config/config.ts";

const STATE: StateFacts = {
  dir: "/srv/bot/.gatehouse",
  isNew: false,
  problem: null,
  heldBy: null,
  foreign: null,
  damaged: [],
  sessions: new Map(),
  record: null,
  free: { is: 50 * 1024 ** 3 },
};

const HOST: HostFacts = {
  deno: "2.9.6",
  isCompiled: false,
  envFile: null,
  permissions: { missing: [], isAll: false },
  port: { free: true },
  state: STATE,
  inflates: { works: { "zlib-stream": true, "zstd-stream": true, none: true }, isFast: true },
};

/** What Discord says of a bot of 4,000 guilds. */
export const GOOD_INFO: GatewayInfo = {
  url: "wss://gateway.discord.gg",
  shards: 4,
  sessionStartLimit: { total: 1_000, remaining: 1_000, resetAfterMs: 7_200_000, maxConcurrency: 1 },
};

/** Its application. */
export const GOOD_APPLICATION: ApplicationFacts = {
  flags: 0,
  guilds: 4_000,
  publicKey: "ab".repeat(32),
  interactionsUrl: null,
};

const DISCORD: DiscordFacts = {
  user: { is: { id: "1", name: "bot" } },
  application: { is: GOOD_APPLICATION },
  gateway: { is: GOOD_INFO },
  aheadMs: 0,
  hello: { is: { host: "gateway.discord.gg", tookMs: 80, compression: "zlib-stream" } },
};

/** What differs from a unit that could be started. */
export interface FactsGiven {
  readonly config?: Partial<Config>;
  readonly host?: Partial<HostFacts>;
  readonly state?: Partial<StateFacts>;
  readonly discord?: Partial<DiscordFacts>;
  readonly rest?: Partial<Facts>;
}

/** Facts of a unit that could be started, but for what is given. */
export function factsOf({ config, host, state, discord, rest }: FactsGiven = {}): Facts {
  return {
    settings: {
      ok: true,
      config: { ...CONFIG_DEFAULTS, discordToken: "a.b.c", ...config },
      warnings: [],
    },
    given: ["DISCORD_TOKEN"],
    host: { ...HOST, state: { ...STATE, ...state }, ...host },
    discord: { ...DISCORD, ...discord },
    nats: [],
    consumers: [],
    bots: [],
    ...rest,
  };
}

/** `fail: what was found → what to do`, of each. */
export function told(seen: Seen | readonly Seen[]): string[] {
  return [seen].flat().map(({ verdict, found, advice }) =>
    `${verdict}: ${found}${advice === null ? "" : ` → ${advice}`}`
  );
}
