/**
 * A generation: the shards of one total, their workers and estates. A unit has more than one only while
 * it reshards; what all of them share (links, identify gate, consumers) is in `gateway.ts`.
 *
 * @module
 */

import type { IdentifyGate } from "../ports/identify_gate.ts";
import type { World } from "../ports/world.ts";
import { DISALLOWED_INTENTS, SHARDING_REQUIRED } from "../protocol/discord/close_codes.ts";
import { type IntentName, intentNames } from "../protocol/discord/intents.ts";
import { messageOf } from "../protocol/errors.ts";
import { begunAt, withCursor, withPresence, withSafe, withSession } from "../protocol/estate.ts";
import type { ShardKey } from "../protocol/ids.ts";
import type { PeerKey } from "../protocol/peer.ts";
import type { Seen, ShardRole } from "../protocol/reshard.ts";
import {
  type DeafType,
  type IntentsSnapshot,
  servingOf,
  type ShardDuty,
  type ShardSnapshot,
  type ShardState,
  type ShardStatus,
} from "../protocol/status.ts";
import type { GivenUp } from "../protocol/worker_message.ts";
import type { AskDiscord } from "../rest/proxy.ts";
import type { Estates } from "../store/estates.ts";
import type { SpawnThread } from "../workers/slot.ts";
import { type PoolEvents, type PoolOptions, WorkerPool } from "../workers/pool.ts";
import type { AwayAnswers } from "./away_answers.ts";
import { IdentifyRequests } from "./identify.ts";
import { guildLimit } from "./reshard/crowding.ts";
import type { Habits } from "./habits.ts";
import { TotalSide } from "./reshard/total_side.ts";
import { RefusedIntents } from "./refused_intents.ts";
import { ShardWatch } from "./watch.ts";
import { type PlanOptions, planWorkers, workerOptions } from "./worker_plan.ts";

/** What a generation is made of, and what it shares with the others. */
export interface GenerationOptions extends PlanOptions, Pick<World, "clock" | "log"> {
  /** Its workers have ids that those of no other generation have, from this one on. */
  readonly firstWorkerId: number;
  /** Shards of another total that have guilds of a shard now. */
  readonly parentsOf: (shard: ShardKey) => readonly ShardKey[];
  /** Deletes what is left of a shard on disk; no worker has it. */
  readonly deleteQueue: (shard: ShardKey) => Promise<void>;
  /** Intents that Discord refuses, as far as is known. */
  readonly refusedBefore: number;
  /** Starts a shard worker. */
  readonly spawn: SpawnThread;
  readonly estates: Estates;
  readonly gate: IdentifyGate;
  readonly away: AwayAnswers;
  readonly links: PoolOptions["links"];
  /** A worker's link to a cluster that it dials came up or went down. */
  readonly linked: (peer: PeerKey) => void;
  readonly habits: Habits;
  readonly ask: AskDiscord;
  /** What a shard is to do for the bot; `null`: nothing, it is not brought up. */
  readonly roleOf: (shard: ShardKey) => ShardRole | null;
  readonly shardChanged: (shard: ShardKey, status: ShardStatus) => void;
  /** With `CACHE_ALL_MEMBERS`: all members of a shard's guilds have come to its cluster. */
  readonly membersCached: (shard: ShardKey) => void;
  /** Discord refuses a shard, and it has stopped. Default: nobody wants to know. */
  readonly gaveUp?: (shard: ShardKey, why: GivenUp) => void;
  /** The worker of these shards is lost. Default: nobody wants to know. */
  readonly lost?: (shards: readonly ShardKey[]) => void;
  /** Discord has closed a shard because it has too many guilds (4011), and it has stopped. */
  readonly shardingRequired: (shard: ShardKey) => void;
  /** What came on a shard that is watched, or rises. Default: nobody wants to know. */
  readonly seen?: (shard: ShardKey, seen: readonly Seen[]) => void;
  /** A shard is held back, or goes on (`false`): what it has given is to be dealt with soon. */
  readonly heldBack?: (shard: ShardKey, isHeldBack: boolean) => void;
  /** Workers are lost again and again: only a new process can help. */
  readonly exhausted: (reason: string) => void;
  /** A module of the user's cannot be loaded in a worker, and never could. */
  readonly refused: (reason: string) => void;
}

/** A shard gets a new session for the sake of its guilds once in this time at most. */
export const RENEW_FOR_GUILDS_EVERY_MS = 3_600_000;
/** A little less than the time between two reports of a worker. */
const LOOK_EVERY_MS = 900;

/** The shards of one total. */
export class Generation {
  readonly total: number;
  readonly pool: WorkerPool;
  /** What a handover does with its shards. */
  readonly side: TotalSide;
  /** Its shards, worker by worker. */
  readonly buckets: readonly (readonly number[])[];
  readonly #options: GenerationOptions;
  readonly #watch: ShardWatch;
  readonly #intents: RefusedIntents;
  /** Shard → the session that was given up last for the sake of its guilds, and when. */
  readonly #renewed = new Map<number, { readonly sessionId: string; readonly atMs: number }>();
  #lookedMs = -Infinity;

  constructor(options: GenerationOptions) {
    const { totalShards, controllers, estates } = options;
    this.#options = options;
    this.total = totalShards;
    const buckets = planWorkers(options);
    this.buckets = buckets;
    this.pool = new WorkerPool({
      ...options,
      buckets,
      worker: workerOptions(options, buckets.length, estates.stream),
      bringUp: (workerId, shardId) => controllers.gateway.tellWorkerToIdentify(workerId, shardId),
      roleOf: (shardId) => options.roleOf(this.#key(shardId)),
      estateOf: (shardId) => estates.of(this.#key(shardId)),
      events: this.#poolEvents(),
    });
    const isWhole = options.shardIds.length === totalShards;
    this.side = new TotalSide({ ...options, total: this.total, pool: this.pool });
    this.#watch = new ShardWatch({
      ...options,
      pool: this.pool,
      guildLimit: guildLimit(options.config, isWhole),
    });
    const { config: { intents: wanted, refusedIntents }, log } = options;
    this.#intents = new RefusedIntents({
      ...options,
      wanted,
      refusedIntents,
      sessions: () => this.#sessions(),
      renewals: () => this.#watch.renewals,
      restart: (shardId) =>
        void this.pool.reconnect(shardId, "end").catch((error) =>
          log.warn("a refused shard was not restarted", { shardId, error: messageOf(error) })
        ),
    });
  }

  /** Allows a shard to identify, with the intents that Discord grants as far as is known. */
  allowIdentify(shardId: number, permit: number): void {
    this.pool.allowIdentify(shardId, permit, this.#intents.of(shardId));
  }

  /**
   * Somebody asks for the guilds of a shard as of a cursor, and they are not known: Discord tells them
   * with a new session. One that begins after that cursor is there already, or on its way. What is lost
   * again and again must not cost a session each time that a library starts.
   */
  guildsMissing(shardId: number, cursor: number): void {
    const { clock, log, estates } = this.#options;
    const { session } = estates.of(this.#key(shardId));
    if (!session || session.base >= cursor) return;
    const last = this.#renewed.get(shardId);
    if (last?.sessionId === session.sessionId) return;
    const sinceMs = clock.now() - (last?.atMs ?? -Infinity);
    if (sinceMs < RENEW_FOR_GUILDS_EVERY_MS) {
      const event = "guilds that a consumer asks for are lost again, they are not told before long";
      return log.warn(event, { shardId, afterMs: RENEW_FOR_GUILDS_EVERY_MS - sinceMs });
    }
    this.#watch.renewals.add([shardId]);
    this.#renewed.set(shardId, { sessionId: session.sessionId, atMs: clock.now() });
    const event =
      "a consumer asks for guilds that are not known, its shard is to have a new session";
    log.warn(event, { shardId });
  }

  /** The intents that are wanted, and which of them are missing where. */
  get intents(): IntentsSnapshot {
    const { intents: wanted } = this.#options.config;
    const shards = [...this.#sessions()].filter(([shardId, intents]) =>
      (wanted & ~intents) !== 0 && this.serves(shardId)
    );
    return {
      wanted,
      refused: intentNames(this.#intents.refused),
      shards: shards.map(([shardId]) => shardId),
    };
  }

  /** Ends its workers, with the sessions of their shards or without. */
  async stop(session: "keep" | "end"): Promise<void> {
    if (session === "keep") this.#watch.save();
    this.#intents.stop();
    await this.pool.stop(session);
    const { gate, shardIds } = this.#options;
    if (session === "end") gate.lost(shardIds.map((id) => this.#key(id)));
  }

  /** Ids of its shards that serve. */
  get servingIds(): number[] {
    return this.#options.shardIds.filter((id) => this.serves(id));
  }

  /** Which cluster gets the events of which of its shards. */
  get clusterOfShard(): Readonly<Record<number, number>> {
    return this.#options.clusterOfShard;
  }

  /** Shards that live, with the worker and the cluster that serve them. */
  get shards(): ShardSnapshot[] {
    return this.pool.shards.flatMap(({ status, workerId, counters }) => {
      const role = this.dutyOf(status.shardId, status.state);
      const peer = this.pool.consumerOf(status.shardId);
      return role === null ? [] : {
        ...status,
        totalShards: this.total,
        role,
        workerId,
        clusterId: peer?.kind === "cluster" ? peer.id : null,
        lacks: this.#lacks(status.shardId),
        sessionSinceMs: this.#sessionSinceMs(status.shardId),
        guilds: this.#guildsOf(status.shardId),
        counters,
      };
    });
  }

  /** What a shard is for; `null`: nothing, it does not live. One that lives and has no role any more ends. */
  dutyOf(shardId: number, state: ShardState): ShardDuty | null {
    const role = this.#options.roleOf(this.#key(shardId));
    if (role) return role.kind;
    return state === "idle" || state === "stopped" ? null : "ends";
  }

  /** Whether a cluster can be reached by every worker with a shard that serves it, where they dial it. */
  isLinked(peer: PeerKey): boolean {
    return !this.pool.isIntroduced(peer) || this.pool.isLinked(peer);
  }

  /** A shard as its worker has told of it last; `null`: there is none of this id. */
  statusOf(shardId: number): ShardStatus | null {
    return this.pool.statusOf(shardId);
  }

  /** Whether a shard serves the bot. */
  serves(shardId: number): boolean {
    return this.#options.roleOf(this.#key(shardId))?.kind === "serves";
  }

  /** Intents that Discord refuses, as far as is known. */
  get refused(): number {
    return this.#intents.refused;
  }

  /** Types whose events have stopped while others flow. */
  get deafTypes(): DeafType[] {
    return this.#watch.deafTypes;
  }

  /** The intents of the sessions that this unit has. */
  #sessions(): Map<number, number> {
    const { estates, shardIds, roleOf } = this.#options;
    return new Map(shardIds.flatMap((shardId) => {
      if (roleOf(this.#key(shardId)) === null) return [];
      const { session } = estates.of(this.#key(shardId));
      return session ? [[shardId, session.intents]] : [];
    }));
  }

  #lacks(shardId: number): IntentName[] {
    const { session } = this.#options.estates.of(this.#key(shardId));
    const lacks = session ? this.#options.config.intents & ~session.intents : 0;
    return lacks === 0 ? [] : intentNames(lacks);
  }

  #sessionSinceMs(shardId: number): number | null {
    return this.#options.estates.of(this.#key(shardId)).session?.beganAtMs ?? null;
  }

  /** What READY named counts until the bot has dealt with it, and what came after it. */
  #guildsOf(shardId: number): number | null {
    const { guilds, facts } = this.#options.estates.of(this.#key(shardId));
    return (guilds ?? facts)?.guildIds.length ?? null;
  }

  /** With the reports, each of which is of one worker; once a second is enough for all. */
  #look(): void {
    const nowMs = this.#options.clock.now();
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return;
    this.#lookedMs = nowMs;
    const serving = servingOf(this.shards);
    if (serving.length > 0) this.#watch.look(serving);
    this.#intents.look();
  }

  /** Of a shard that Discord refuses, for whatever: for some of it there is a remedy. */
  #gaveUp(shardId: number, { code, reason, intents }: GivenUp): void {
    const { log, shardingRequired } = this.#options;
    if (code === DISALLOWED_INTENTS) return this.#intents.shardRefused(shardId, intents);
    log.error("shard stopped for good", { shardId, reason });
    if (code === SHARDING_REQUIRED) shardingRequired(this.#key(shardId));
  }

  #key(id: number): ShardKey {
    return { total: this.total, id };
  }

  #poolEvents(): PoolEvents {
    const { gate, away, estates, controllers, log, clock } = this.#options;
    const { linked, shardChanged, membersCached, exhausted, refused } = this.#options;
    const key = (shardId: number) => this.#key(shardId);
    const identifies = new IdentifyRequests({ queue: gate, log, gateway: controllers.gateway });
    return {
      expectIdentify: (shardIds) => gate.expect(shardIds.map(key)),
      lost: (shardIds) => {
        identifies.lost(shardIds.map(key));
        this.#options.lost?.(shardIds.map(key));
      },
      linked,
      exhausted,
      refused,
      REQUEST_IDENTIFY: ({ shardId }) => void identifies.request(key(shardId)),
      IDENTIFY_SENT: ({ shardId, permit }) => gate.sent(key(shardId), permit),
      RELEASE_IDENTIFY: ({ shardId }) => identifies.release(key(shardId)),
      GAVE_UP: ({ shardId, why }) => {
        this.#gaveUp(shardId, why);
        this.#options.gaveUp?.(key(shardId), why);
      },
      SHARD_STATUS: ({ status }) => shardChanged(key(status.shardId), status),
      SESSION: ({ shardId, began }) => {
        const known = began && begunAt(began, clock.epochMs());
        estates.change(key(shardId), (estate) => withSession(estate, known));
        if (!began) return;
        this.#watch.renewals.began(shardId);
        const intents = began.session?.intents ?? this.#intents.of(shardId);
        this.#intents.began(shardId, intents);
      },
      PRESENCE: ({ shardId, presence }) =>
        estates.change(key(shardId), (estate) => withPresence(estate, presence)),
      SAFE: ({ shards }) => {
        for (const [shardId, safe] of Object.entries(shards)) {
          estates.change(key(Number(shardId)), (estate) => withSafe(estate, safe));
        }
      },
      AWAY: async ({ shardId, cursor, payload }) => {
        const mark = await away.answer({ shard: key(shardId), cursor, payload });
        this.pool.mark(shardId, cursor, mark);
      },
      SEEN: ({ shardId, seen }) => this.#options.seen?.(key(shardId), seen),
      MEMBERS_CACHED: ({ shardId }) => membersCached(key(shardId)),
      REPORT: ({ shards }) => {
        for (const { shardId, newestCursor } of shards) {
          estates.change(key(shardId), (estate) => withCursor(estate, newestCursor));
        }
        this.#look();
      },
      EVENTS: ({ peer, link, batch }) => controllers.events.deliver(peer, link, batch),
    };
  }
}
