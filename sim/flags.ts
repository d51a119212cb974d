/**
 * Flags of `deno task sim`, read all at once: every problem is told, not only the first.
 *
 * @module
 */

/** What may be said on the command line. */
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
}

/** Reads `--name value` and `--name=value`; the problems, where there are any. */
export function readFlags(
  args: readonly string[],
): { readonly flags: SimFlags } | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const said = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [name = "", ...inline] = args[i]!.split("=");
    if (!Object.hasOwn(NUMBERS, name) && name !== "--token") {
      problems.push(`${name} is not a flag`);
    } else {
      const value = inline.length > 0 ? inline.join("=") : args[++i];
      if (value === undefined || value === "") problems.push(`${name} needs a value`);
      else said.set(name, value);
    }
  }
  const number = (name: keyof typeof NUMBERS): number => {
    const [fallback, least, most] = NUMBERS[name];
    const value = Number(said.get(name) ?? fallback);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    problems.push(`${name} must be a whole number from ${least} to ${most}`);
    return fallback;
  };
  const flags: SimFlags = {
    port: number("--port"),
    shards: number("--shards"),
    guilds: number("--guilds"),
    maxConcurrency: number("--max-concurrency"),
    eventsPerSecond: number("--events-per-second"),
    lateMs: number("--late-ms"),
    comingsPerMinute: number("--comings-per-minute"),
    pingSeconds: number("--ping-seconds"),
    seed: number("--seed"),
    token: said.get("--token") ?? "sim-token",
  };
  return problems.length > 0 ? { problems } : { flags };
}

/** The flags, for `--help`. */
export const USAGE = `deno task sim [flags]

  --port               REST; gateway and resume host are on the next two (0: any)   8790
  --shards             shards that /gateway/bot recommends                          4
  --guilds             guilds the bot is in                                         100
  --max-concurrency    identifies in parallel                                       1
  --events-per-second  live traffic                                                 20
  --late-ms            the most that an event takes to reach a session              0
  --comings-per-minute guilds that add the bot or remove it                         0
  --ping-seconds       somebody posts !ping so often (0: nobody)                    5
  --seed               the same seed gives the same run                             1
  --token              the bot's token                                              sim-token`;

/** Default, least and most. */
const NUMBERS = {
  "--port": [8790, 0, 65_533],
  "--shards": [4, 1, 100_000],
  "--guilds": [100, 0, 1_000_000],
  "--max-concurrency": [1, 1, 10_000],
  "--events-per-second": [20, 0, 1_000_000],
  "--late-ms": [0, 0, 60_000],
  "--comings-per-minute": [0, 0, 6_000],
  "--ping-seconds": [5, 0, 86_400],
  "--seed": [1, 0, 0xffff_ffff],
} as const;
