/**
 * The simulator's knobs and what they are by default. The defaults are as close to Discord as is
 * known; where Discord is silent the choice is ours and the comment says so.
 *
 * @module
 */

import { PRIVILEGED_INTENTS } from "../../protocol/discord/intents.ts";

/** What {@linkcode SimSettings.garble} may change. */
export type Garbled = "HELLO" | "READY" | "RESUMED" | "GET /gateway/bot";

/** Identifies allowed per window, as `GET /gateway/bot` tells them. */
export interface StartLimit {
  /** Identifies per window. Default 1000. */
  readonly total: number;
  /** Identifies left at the start. Default: `total`. */
  readonly remaining: number;
  /** Length of the window, which begins with the first identify. Default 24 h. */
  readonly windowMs: number;
}

/**
 * Every knob with its value. The simulator reads a knob when it needs it, so one that is changed
 * while it runs holds from then on, except where the comment says "at start".
 */
export interface SimSettings {
  /** Seed of everything that looks random, at start. Default 1. */
  seed: number;
  /** The bot's token, at start. Default `sim-token`. */
  token: string;
  /** Shards that `GET /gateway/bot` recommends. Default 1. */
  shards: number;
  /** Identifies per window and in parallel, one per key. Default 1. */
  maxConcurrency: number;
  /** Guilds the bot is in, at start. Default 20. */
  guilds: number;
  /** Guilds that the bot is not in and may be added to, at start. Default 0. */
  guildsOutside: number;
  /** Members of each guild, the bot not counted, at start. Default 10. */
  membersPerGuild: number;
  /** Text channels of each guild, at start; a category, a voice channel and a thread come besides. Default 4. */
  channelsPerGuild: number;
  /** What HELLO asks for. Default 41 250, the value seen from Discord. */
  heartbeatIntervalMs: number;
  /** A connection that is silent for this many intervals is closed with 4009 (our choice). Default 1.5. */
  heartbeatGrace: number;
  /** How long a session without a connection can be resumed (our choice). Default 180 000. */
  sessionTtlMs: number;
  /** Events that a session keeps for a replay (our choice). Default 2500. */
  ringEvents: number;
  /** One identify per key in this time. Default 5000. */
  identifyWindowMs: number;
  /** Longest time until a refused identify is answered with op 9. Default 3000. */
  invalidSessionDelayMs: number;
  /** The budget of identifies, at start. */
  startLimit: StartLimit;
  /** Whether an identify refused by the pace costs budget too. Default false. */
  refusedIdentifiesCost: boolean;
  /** The number of shards must be a multiple of this; `null`: not a large bot. Default `null`. */
  largeBotMultiple: number | null;
  /** More guilds on a shard than this is close 4011. Default 2500. */
  maxGuildsPerShard: number;
  /** Privileged intents granted in the "developer portal", as a mask. Default: all three. */
  privilegedIntents: number;
  /** Those of them that are granted to a small bot only: the flag says so. Default: none. */
  limitedIntents: number;
  /** Whether READY names a resume host of its own. Default true. */
  resumeHost: boolean;
  /** A session resumed on the base host gets op 7 after this long; `null`: never. Default `null`. */
  baseResumePenaltyMs: number | null;
  /** After op 9 false the server closes by itself after this long; `null`: never. Default `null`. */
  closeAfterInvalidMs: number | null;
  /** After op 7 the server closes within this range, by chance. Default 2000 to 5000. */
  forcedCloseMs: readonly [number, number];
  /**
   * What becomes of the compression that a client asks for in the URL: it is honoured, ignored (text
   * comes, as from servers that know none), or broken (nothing that comes can be inflated). Default
   * `honoured`.
   */
  compression: "honoured" | "ignored" | "broken";
  /** Chance that a zlib-stream payload is split over several messages. Default 0. */
  splitFrames: number;
  /** zlib level of large payloads, and what the stream's header says; 0 to 9. Default 6. */
  compressionLevel: number;
  /** Guilds sent together after READY. Default 10. */
  guildCreatesPerStep: number;
  /** Time between two such groups. Default 5. */
  guildCreateStepMs: number;
  /** Events replayed together after RESUME. Default 100. */
  replayPerStep: number;
  /** Time between two such groups. Default 1. */
  replayStepMs: number;
  /** Payloads a client may send per window and connection. Default 120. */
  sendLimit: number;
  /** The window of `sendLimit`, sliding. Default 60 000. */
  sendWindowMs: number;
  /** Bytes a client may send in one payload. Default 4096. */
  maxPayloadBytes: number;
  /** Opcodes that are not known yet: each is answered with `ANSWER_<op>`, whose body is what was sent. Default: none. */
  futureOps: readonly number[];
  /** All-members requests: one per guild in this time. Default 30 000. */
  memberRequestWindowMs: number;
  /** Time before each chunk of members, the next one waiting for the one before. Default 0. */
  memberChunkStepMs: number;
  /** REST requests per second and token. Default 50. */
  restGlobalPerSecond: number;
  /** More connection attempts per shard and second than this are a storm. Default 5. */
  connectsPerShardPerSecond: number;
  /** Gives what is said in place of a body, to see what a client makes of it. Default: the body itself. */
  garble: (what: Garbled, body: Record<string, unknown>) => unknown;
  /**
   * The `s` that a dispatch is sent with, where that is not its own, as from servers that are no Discord:
   * 0 for all, each twice, 1 again and again. The `seq` of a RESUME is taken for one of its own all the same.
   * Default: its own.
   */
  numbered: (s: number, t: string) => number;
  /**
   * How long what happens takes to reach a session, in milliseconds, asked for each event: two sessions are
   * never told of it at the same moment. Each gets its events in order all the same. Default: no time.
   */
  lateMs: (session: { readonly shardId: number; readonly totalShards: number }) => number;
  /**
   * Whether each event of the world has its number in the field `_event`, the same for whoever gets it: two
   * presences may else be the same to the letter, as Discord's are. Default false.
   */
  numberEvents: boolean;
  /** Whether the ledger keeps each event and each dispatch of each session. Default false: it grows without end. */
  recordEvents: boolean;
  /** Entries the ledger keeps of each other kind; older ones are dropped. Default 200 000. */
  ledgerEntries: number;
}

/** What may be chosen; everything has a default. */
export type SimOptions = Partial<Omit<SimSettings, "startLimit">> & {
  readonly startLimit?: Partial<StartLimit>;
};

/** The knobs with their defaults filled in, as an object of the simulator's own. */
export function simSettings(options: SimOptions = {}): SimSettings {
  const total = options.startLimit?.total ?? 1000;
  return {
    ...DEFAULTS,
    ...options,
    startLimit: { total, remaining: total, windowMs: 86_400_000, ...options.startLimit },
  };
}

const DEFAULTS: Omit<SimSettings, "startLimit"> = {
  seed: 1,
  token: "sim-token",
  shards: 1,
  maxConcurrency: 1,
  guilds: 20,
  guildsOutside: 0,
  membersPerGuild: 10,
  channelsPerGuild: 4,
  heartbeatIntervalMs: 41_250,
  heartbeatGrace: 1.5,
  sessionTtlMs: 180_000,
  ringEvents: 2500,
  identifyWindowMs: 5000,
  invalidSessionDelayMs: 3000,
  refusedIdentifiesCost: false,
  largeBotMultiple: null,
  maxGuildsPerShard: 2500,
  privilegedIntents: PRIVILEGED_INTENTS,
  limitedIntents: 0,
  resumeHost: true,
  baseResumePenaltyMs: null,
  closeAfterInvalidMs: null,
  forcedCloseMs: [2000, 5000],
  compression: "honoured",
  splitFrames: 0,
  compressionLevel: 6,
  guildCreatesPerStep: 10,
  guildCreateStepMs: 5,
  replayPerStep: 100,
  replayStepMs: 1,
  sendLimit: 120,
  sendWindowMs: 60_000,
  maxPayloadBytes: 4096,
  futureOps: [],
  memberRequestWindowMs: 30_000,
  memberChunkStepMs: 0,
  restGlobalPerSecond: 50,
  connectsPerShardPerSecond: 5,
  garble: (_, body) => body,
  numbered: (s) => s,
  lateMs: () => 0,
  numberEvents: false,
  recordEvents: false,
  ledgerEntries: 200_000,
};
