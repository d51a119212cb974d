/**
 * Commands to shards that other units of a fleet have. A shard that is on its way from one unit to another is waited
 * for, as one whose worker is being restarted.
 *
 * @module
 */

import type { MembersAnswer, MembersRequest } from "../../../protocol/discord/members.ts";
import { type GatehouseError, isUnheard, unheard } from "../../../protocol/errors.ts";
import { type ShardKey, shardKeyText } from "../../../protocol/ids.ts";
import type { ShardPayload } from "../../../protocol/worker_message.ts";
import { type Clock, sleep } from "../../../ports/clock.ts";
import type { Door, DoorAnswer, DoorEvent } from "../../door/door.ts";
import type { UnitCommands } from "../../reshard/commands.ts";
import type { Elsewhere, PeersFleet } from "./elsewhere.ts";

/** How long a shard that no unit has, or whose unit is away, is waited for. */
export const SHARD_DEADLINE_MS = 10_000;
const RETRY_MS = 250;
/** What the gateway answers in the end, if it does. */
const SEND_MS = 30_000;
/** Discord waits for 3 s. */
const DOOR_MS = 2_700;
/** The request has a deadline of its own, in the worker. */
const MEMBERS_MS = 605_000;

/** What they need. */
export interface FarShardsOptions extends Pick<PeersFleet, "view" | "calls"> {
  readonly clock: Clock;
  readonly elsewhere: Pick<Elsewhere, "unitOfShard">;
  /** Whether this unit has a shard. */
  readonly has: (shard: ShardKey) => boolean;
  /** What this unit does for its own shards, once it has them. */
  readonly gateway: () => {
    readonly commands: Pick<UnitCommands, "send" | "requestMembers">;
    /** `null` when it stops. */
    readonly openDoor: Pick<Door, "takeHere"> | null;
  };
}

/** A command of another unit. */
interface FarPayload {
  readonly shard: ShardKey;
  readonly payload: ShardPayload;
}

/** What Discord has POSTed to another unit. */
interface FarEvent {
  readonly shard: ShardKey;
  readonly event: Omit<DoorEvent, "payload"> & { readonly payload: string };
  readonly key: string;
}

interface FarMembers {
  readonly shard: ShardKey;
  readonly request: MembersRequest;
}

/** The shards of other units, as this one commands them. */
export class FarShards {
  readonly #options: FarShardsOptions;

  constructor(options: FarShardsOptions) {
    this.#options = options;
    const { calls, gateway } = options;
    calls.answer("send", async (value) => {
      const { shard, payload } = value as FarPayload;
      this.#mustHave(shard);
      await gateway().commands.send(shard.id, { ...payload, totalShards: shard.total });
    });
    calls.answer("members", (value) => {
      const { shard, request } = value as FarMembers;
      this.#mustHave(shard);
      return gateway().commands.requestMembers(request);
    });
    calls.answer("door", (value) => {
      const { shard, event, key } = value as FarEvent;
      this.#mustHave(shard);
      const payload = new TextEncoder().encode(event.payload);
      return this.#takeHere(shard, { ...event, payload }, key);
    });
  }

  /** Whether another unit has a shard, or none. */
  isFar(shard: ShardKey): boolean {
    return !this.#options.has(shard);
  }

  /**
   * Sends a command to a shard of another unit: see {@linkcode UnitCommands.send}.
   *
   * @throws {GatehouseError} `away` where no unit is there to do it within 10 s.
   */
  async send(shard: ShardKey, payload: ShardPayload): Promise<void> {
    const { gateway } = this.#options;
    const value: FarPayload = { shard, payload };
    await this.#patiently(
      shard,
      "send",
      value,
      SEND_MS,
      () => gateway().commands.send(shard.id, { ...payload, totalShards: shard.total }),
    );
  }

  /** Members of a guild of a shard of another unit: see {@linkcode UnitCommands.requestMembers}. */
  async requestMembers(shard: ShardKey, request: MembersRequest): Promise<MembersAnswer> {
    const { gateway } = this.#options;
    const value: FarMembers = { shard, request };
    return await this.#patiently(
      shard,
      "members",
      value,
      MEMBERS_MS,
      () => gateway().commands.requestMembers(request),
    ) as MembersAnswer;
  }

  /**
   * What Discord has POSTed here goes to the unit that has its guild: see {@linkcode Door.take}. Not waited for: who
   * asks has three seconds.
   *
   * @throws {GatehouseError} `away` where no unit is there to take it.
   */
  async take(shard: ShardKey, event: DoorEvent, key: string): Promise<DoorAnswer> {
    const { calls, elsewhere } = this.#options;
    const unit = elsewhere.unitOfShard(shard);
    if (unit === null) return await this.#takeHere(shard, event, key);
    const payload = new TextDecoder().decode(event.payload);
    const value: FarEvent = { shard, event: { ...event, payload }, key };
    return await calls.ask(unit, "door", value, DOOR_MS) as DoorAnswer;
  }

  async #patiently(
    shard: ShardKey,
    what: string,
    value: unknown,
    timeoutMs: number,
    here: () => Promise<unknown>,
  ): Promise<unknown> {
    const { clock, calls, elsewhere } = this.#options;
    const untilMs = clock.now() + SHARD_DEADLINE_MS;
    while (true) {
      try {
        // It may have come here meanwhile.
        if (!this.isFar(shard)) return await here();
        const unit = elsewhere.unitOfShard(shard);
        if (unit !== null) return await calls.ask(unit, what, value, timeoutMs);
      } catch (error) {
        // What may have been done is not done twice.
        if (!isUnheard(error) || clock.now() >= untilMs) throw error;
      }
      if (clock.now() >= untilMs) throw away(shard, "it is not up here yet");
      await sleep(clock, RETRY_MS);
    }
  }

  async #takeHere(shard: ShardKey, event: DoorEvent, key: string): Promise<DoorAnswer> {
    const { openDoor } = this.#options.gateway();
    // Who asked takes it itself: what is kept here would wait until this unit is back.
    if (!openDoor) throw away(shard, `unit ${this.#options.view.self} stops`);
    return await openDoor.takeHere(event, key);
  }

  #mustHave(shard: ShardKey): void {
    if (this.isFar(shard)) throw away(shard, `unit ${this.#options.view.self} has it no more`);
  }
}

function away(shard: ShardKey, why: string): GatehouseError {
  return unheard(`Cannot reach shard ${shardKeyText(shard)}: ${why}`);
}
