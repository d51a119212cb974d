/**
 * What can be said of a simulator on the command line: the flags, each once.
 *
 * @module
 */

/** What was said. */
export interface SimFlags {
  /** REST; the gateway is on the next port and the resume host on the one after. */
  readonly port: number;
  readonly shards: number;
  readonly guilds: number;
  readonly maxConcurrency: number;
  readonly eventsPerSecond: number;
  /** The most that an event takes to reach a session; another time for each, in order. */
  readonly lateMs: number;
  /** Guilds that add the bot or remove it, per minute. */
  readonly comingsPerMinute: number;
  /** Time between two `!ping`; 0: none. */
  readonly pingSeconds: number;
  readonly seed: number;
  readonly token: string;
  /** Address to which interactions go by HTTP, signed; without it there are none. */
  readonly endpoint?: string | undefined;
}

/** A flag that takes a whole number. */
export interface SimNumber {
  readonly means: string;
  readonly default: number;
  readonly least: number;
  readonly most: number;
}

/** Flags that take a number, by their field: `maxConcurrency` is `--max-concurrency`. */
export const SIM_NUMBERS: Readonly<
  Record<Exclude<keyof SimFlags, "token" | "endpoint">, SimNumber>
> = {
  port: flag("REST; gateway and resume host are on the next two (0: any)", 8790, 0, 65_533),
  shards: flag("shards that /gateway/bot recommends", 4, 1, 100_000),
  guilds: flag("guilds the bot is in", 100, 0, 1_000_000),
  maxConcurrency: flag("identifies in parallel", 1, 1, 10_000),
  eventsPerSecond: flag("live traffic", 20, 0, 1_000_000),
  lateMs: flag("the most that an event takes to reach a session", 0, 0, 60_000),
  comingsPerMinute: flag("guilds that add the bot or remove it", 0, 0, 6_000),
  pingSeconds: flag("somebody posts !ping so often (0: nobody)", 5, 0, 86_400),
  seed: flag("the same seed gives the same run", 1, 0, 0xffff_ffff),
};

/** The token of a bot that has none. */
export const SIM_TOKEN = "sim-token";

function flag(means: string, byDefault: number, least: number, most: number): SimNumber {
  return { means, default: byDefault, least, most };
}
