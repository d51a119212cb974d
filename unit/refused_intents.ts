/**
 * Intents that Discord refuses (4014): privileged ones are granted for a year, and can be taken away from a
 * running fleet. Shards that were closed for it identify again without them; the flags of the application
 * are looked at until they grant them again; then one shard tries, and the others follow it, in turn.
 * What is asked for when is decided in `gateway/narrowing.ts`.
 *
 * @module
 */

import { type LeftOut, narrower, worthTrying } from "../gateway/narrowing.ts";
import { sleep } from "../ports/clock.ts";
import type { World } from "../ports/world.ts";
import { grantedIntents, intentNames } from "../protocol/discord/intents.ts";
import { messageOf } from "../protocol/errors.ts";
import { isCount, parseRecord } from "../protocol/record.ts";
import type { AskDiscord } from "../rest/proxy.ts";
import type { Renewals } from "./renewals.ts";

/** How long Discord is asked for the flags before shards go on without any privileged intent. */
export const FLAGS_DEADLINE_MS = 30_000;
/** Time between two looks at the flags while an intent is left out. */
export const FLAGS_INTERVAL_MS = 60_000;
/** Time between two tries of what Discord refuses against its own flags; doubles up to a day. */
export const DOUBT_MS = { first: 60 * 60_000, most: 24 * 60 * 60_000 } as const;
const RETRY_MS = 5_000;
/** Shards that wait for a decision wait no longer than that. */
const STUCK_MS = 2 * 60_000;

/** What it works with. */
export interface RefusedIntentsOptions extends Pick<World, "clock" | "log"> {
  /** `INTENTS`. */
  readonly wanted: number;
  /** `REFUSED_INTENTS`. */
  readonly refusedIntents: "narrow" | "stop";
  /** What is known to be refused of shards of another total. Default: nothing. */
  readonly refusedBefore?: number;
  readonly ask: AskDiscord;
  /** Lets a shard that has stopped identify. */
  readonly restart: (shardId: number) => void;
  /** New sessions for shards that are connected. */
  readonly renewals: () => Pick<Renewals, "add" | "waiting">;
  /** Shard id → the intents of its session; shards without one are left out. */
  readonly sessions: () => ReadonlyMap<number, number>;
}

/** The intents of one generation. */
export class RefusedIntents {
  readonly #options: RefusedIntentsOptions;
  readonly #stopping = new AbortController();
  #left: LeftOut;
  /** Shards that were refused, and wait for what is decided. */
  readonly #stopped = new Set<number>();
  #stoppedMs = 0;
  #isAsking = false;
  /** Intents that were refused though the flags granted them. */
  #refusedOnce = 0;
  /** The shard that tries more than the others. */
  #trial: { readonly shardId: number; readonly bits: number } | null = null;
  #lookedMs = -Infinity;
  #doubtMs: number = DOUBT_MS.first;
  #doubtUntilMs = -Infinity;
  /** Whether shards lack an intent that was refused. */
  #isDegraded: boolean;

  /** Sessions of an earlier life that lack an intent say what was refused then. */
  constructor(options: RefusedIntentsOptions) {
    this.#options = options;
    const lacking = this.#lacking(~0).reduce((all, [, bits]) => all | bits, 0);
    const refused = lacking | (options.refusedBefore ?? 0);
    this.#left = { refused, doubted: 0 };
    this.#isDegraded = refused !== 0;
    if (lacking !== 0) this.#tell("Discord refused intents before, shards still live without them");
  }

  /** Intents that are left out of new sessions. */
  get refused(): number {
    return this.#left.refused;
  }

  /** The intents that a shard is to identify with. */
  of(shardId: number): number {
    const { wanted } = this.#options;
    const tried = this.#trial?.shardId === shardId ? this.#trial.bits : 0;
    return wanted & ~(this.#left.refused & ~tried);
  }

  /** A shard was closed for its intents, and has stopped. */
  shardRefused(shardId: number, intents: number): void {
    const { clock, log, refusedIntents, restart } = this.#options;
    const next = narrower(intents, null, true);
    if (refusedIntents === "stop" || next === null) {
      const names = intentNames(intents).join(", ");
      return log.error("shard stopped for good", { shardId, reason: `closed 4014 for ${names}` });
    }
    if (this.#trial?.shardId === shardId) this.#tryLater(this.#trial.bits);
    // It asked for more than others are known to be refused: there is nothing new to learn.
    if ((intents & ~this.of(shardId)) !== 0) return restart(shardId);
    this.#stopped.add(shardId);
    this.#stoppedMs = clock.now();
    if (!this.#isAsking) void this.#decide(intents);
  }

  /** A session began with these intents. */
  began(shardId: number, intents: number): void {
    const trial = this.#trial;
    if (trial?.shardId === shardId) {
      this.#trial = null;
      if ((intents & trial.bits) === trial.bits) this.#grant(trial.bits);
    }
    // What was refused once is taken now.
    if (!this.#isAsking) this.#restartStopped();
    this.#tellRestored();
  }

  /** To be called about once a second. */
  look(): void {
    const { clock } = this.#options;
    const nowMs = clock.now();
    if (this.#isAsking) return;
    if (this.#stopped.size > 0 && nowMs - this.#stoppedMs >= STUCK_MS) this.#restartStopped();
    if (!this.#isDegraded || nowMs - this.#lookedMs < FLAGS_INTERVAL_MS) return;
    this.#lookedMs = nowMs;
    // Also those that were let identify just before an intent was granted again.
    this.#renewOthers();
    if (this.#left.refused !== 0 && !this.#trial) void this.#lookAtFlags();
  }

  /** Asks nothing any more. */
  stop(): void {
    this.#stopping.abort(new Error("the unit stops"));
  }

  async #decide(asked: number): Promise<void> {
    this.#isAsking = true;
    const flags = await this.#flagsSoon();
    this.#isAsking = false;
    if (this.#stopping.signal.aborted) return;
    const next = narrower(asked, flags, (this.#refusedOnce & asked) === asked)!;
    this.#lookedMs = this.#options.clock.now();
    if (next === asked) {
      this.#refusedOnce = asked;
      // One tries, so that a second refusal costs one identify.
      const [shardId] = [...this.#stopped].sort((a, b) => a - b);
      return this.#restart(shardId!);
    }
    const out = asked & ~next;
    const { refused, doubted } = this.#left;
    this.#left = {
      refused: refused | out,
      doubted: doubted | out & (flags === null ? 0 : grantedIntents(flags)),
    };
    if (this.#left.doubted !== 0) this.#doubtUntilMs = this.#options.clock.now() + this.#doubtMs;
    this.#isDegraded = true;
    this.#tell("Discord refuses intents, shards go on without them");
    this.#restartStopped();
  }

  #restartStopped(): void {
    for (const shardId of [...this.#stopped]) this.#restart(shardId);
  }

  #restart(shardId: number): void {
    this.#stopped.delete(shardId);
    this.#options.restart(shardId);
  }

  async #lookAtFlags(): Promise<void> {
    const flags = await this.#flags();
    if (flags === null || this.#trial || this.#isAsking) return;
    const granted = grantedIntents(flags);
    this.#left = { ...this.#left, doubted: this.#left.doubted & granted };
    const isTime = this.#options.clock.now() >= this.#doubtUntilMs;
    const bits = worthTrying(this.#left, flags, isTime);
    if (bits !== 0) this.#try(bits);
  }

  /** One shard tries; where none lives that lacks them, the next one that identifies. */
  #try(bits: number): void {
    const [first] = this.#lacking(bits);
    if (!first) return this.#grant(bits);
    const [shardId] = first;
    this.#trial = { shardId, bits };
    const intents = intentNames(bits).join(", ");
    this.#options.log.info("intents seem to be granted again, a shard tries", { shardId, intents });
    this.#options.renewals().add([shardId]);
  }

  #tryLater(bits: number): void {
    this.#trial = null;
    this.#left = { ...this.#left, doubted: this.#left.doubted | bits };
    this.#doubtUntilMs = this.#options.clock.now() + this.#doubtMs;
    this.#doubtMs = Math.min(2 * this.#doubtMs, DOUBT_MS.most);
    const intents = intentNames(bits).join(", ");
    this.#options.log.warn("Discord still refuses intents that it says it grants", { intents });
  }

  #grant(bits: number): void {
    const { refused, doubted } = this.#left;
    this.#left = { refused: refused & ~bits, doubted: doubted & ~bits };
    this.#doubtMs = DOUBT_MS.first;
    this.#refusedOnce = 0;
    this.#renewOthers();
  }

  /** Shards that lack what nobody refuses. */
  #renewOthers(): void {
    const lacking = this.#lacking(~this.#left.refused);
    this.#options.renewals().add(lacking.map(([shardId]) => shardId));
  }

  #tellRestored(): void {
    if (!this.#isDegraded || this.#left.refused !== 0 || this.#lacking(~0).length > 0) return;
    // One that has given its session up has none that could lack something.
    if (this.#options.renewals().waiting > 0) return;
    this.#isDegraded = false;
    this.#options.log.info("shards have all intents again");
  }

  /** Shards whose sessions lack some of `bits`, and which. */
  #lacking(bits: number): [shardId: number, bits: number][] {
    const { wanted, sessions } = this.#options;
    return [...sessions()].map(([shardId, intents]): [number, number] => [
      shardId,
      wanted & ~intents & bits,
    ]).filter(([, lacking]) => lacking !== 0).sort(([a], [b]) => a - b);
  }

  #tell(text: string): void {
    const { refused } = this.#left;
    const remedy = "grant them in the developer portal, or take them out of INTENTS";
    this.#options.log.error(text, { intents: intentNames(refused).join(", "), remedy });
  }

  /** The flags of the application, asked for until Discord says; `null` where it does not in time. */
  async #flagsSoon(): Promise<number | null> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    const untilMs = clock.now() + FLAGS_DEADLINE_MS;
    while (true) {
      const flags = await Promise.race([this.#flags(), this.#pause(untilMs - clock.now())]);
      if (flags !== null || signal.aborted || clock.now() + RETRY_MS > untilMs) return flags;
      await this.#pause(RETRY_MS);
    }
  }

  async #pause(delayMs: number): Promise<null> {
    const { clock } = this.#options;
    await sleep(clock, delayMs, this.#stopping.signal).catch(() => {});
    return null;
  }

  /**
   * The flags as Discord says them; `null`, and told, where it does not.
   * See [Discord Docs/Get Current Application](https://discord.com/developers/docs/resources/application#get-current-application).
   */
  async #flags(): Promise<number | null> {
    const { ask, log } = this.#options;
    try {
      const response = await ask("/applications/@me", { signal: this.#stopping.signal });
      const { flags } = parseRecord(response.ok ? await response.text() : undefined);
      if (isCount(flags)) return flags;
      const error = response.ok ? "the answer has no flags" : `answered ${response.status}`;
      log.warn("Discord did not say which intents are granted", { error });
    } catch (error) {
      log.warn("Discord did not say which intents are granted", { error: messageOf(error) });
    }
    return null;
  }
}
