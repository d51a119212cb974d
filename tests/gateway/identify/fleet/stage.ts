/**
 * A fleet that identifies, in virtual time: units on the simulated line, each with a gate and the authority,
 * shards that use their permits as ours do, and the simulator, which judges.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Fleet } from "../../../../fleet/fleet.ts";
import { IdentifyAuthority } from "../../../../gateway/identify/fleet/authority.ts";
import { FleetGate } from "../../../../gateway/identify/fleet/gate.ts";
import type { IdentifyBudget } from "../../../../gateway/identify/budget.ts";
import { Permit } from "../../../../gateway/permit.ts";
import { newSession } from "../../../../gateway/session/step.ts";
import type { Input, State } from "../../../../gateway/session/words.ts";
import type { FleetView } from "../../../../ports/fleet/fleet.ts";
import { logTo, silentLog } from "../../../../ports/log.ts";
import { type Random, seededRandom } from "../../../../ports/random.ts";
import type { Socket } from "../../../../ports/socket.ts";
import { type ShardKey, shardKeyText, shardRange } from "../../../../protocol/ids.ts";
import type { IdentifyHold } from "../../../../protocol/status.ts";
import {
  createSimulator,
  createVirtualClock,
  simConnect,
  type Simulator,
  type VirtualClock,
} from "../../../../sim/mod.ts";
import { createSimBus, type SimBus, type SimLine } from "../../../support/fleet/sim_line.ts";

/** What a stage is made with. */
export interface StageOptions {
  readonly shards: number;
  readonly maxConcurrency?: number;
  /** Identifies that Discord has left. Default 1000. */
  readonly remaining?: number;
  readonly reserve?: number;
  /** How long Discord's day is. */
  readonly windowMs?: number;
  readonly seed?: number;
  /** Of a message on the bus, one way. Default 1. */
  readonly latencyMs?: number;
  /** Of a message to Discord, one way, and by chance up to so much more. */
  readonly wire?: { readonly latencyMs: number; readonly jitterMs: number };
  /** Longest time until a shard is connected. Default 300. */
  readonly connectMs?: number;
  /** Who leads, as a unit sees it. Default: they find out. */
  readonly viewOf?: (name: string, line: SimLine) => FleetView;
}

/** A fleet and its Discord. */
export type Stage = ReturnType<typeof createStage>;

/** A stage without units. */
export function createStage(options: StageOptions) {
  const { shards, maxConcurrency = 1, remaining = 1000, reserve = 0, seed = 1 } = options;
  const { windowMs = 86_400_000 } = options;
  const clock = createVirtualClock();
  const random = seededRandom(seed);
  const sim = createSimulator({
    clock,
    shards,
    maxConcurrency,
    guilds: 0,
    startLimit: {
      total: Math.max(1000, remaining),
      remaining: remaining + 1,
      windowMs,
    },
  });
  // A day has begun.
  sim.world.sessionStarts.spend();
  const bus = createSimBus({ clock, random, latencyMs: options.latencyMs ?? 1 });
  const units = new Map<string, StageUnit>();
  const world = { options, clock, random, sim, bus, maxConcurrency, reserve };
  const all = shardRange(0, shards - 1).map((id) => ({ total: shards, id }));
  return {
    clock,
    random,
    sim,
    bus,
    units,
    all,
    /** Starts a unit, or a new life of it. */
    start(name: string, host: StageHost = {}): StageUnit {
      const unit = new StageUnit(world, name, host);
      units.set(name, unit);
      return unit;
    },
    /** The unit that leads and is sure of it. */
    leader: () => [...units.values()].find(({ view }) => view.term !== null),
    /** Shards that have a session. */
    ready: () => new Set([...units.values()].flatMap((unit) => [...unit.ready])),
    identifies: () => sim.ledger.identifies.length,
    isReady(): boolean {
      return this.ready().size === shards;
    },
    /** Each shard was identified once, and no rule of Discord's was broken. */
    assertWell(identifies = shards): void {
      assert.deepEqual(sim.ledger.violations, []);
      assert.equal(sim.ledger.identifies.length, identifies);
    },
  };
}

/** A unit's computer, and what it knows. */
export interface StageHost {
  readonly aheadMs?: number;
  /** What it has written down of the day's identifies. Default: what Discord says. */
  readonly budget?: (nowMs: number) => IdentifyBudget;
}

interface StageWorld {
  readonly options: StageOptions;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly sim: Simulator;
  readonly bus: SimBus;
  readonly maxConcurrency: number;
  readonly reserve: number;
}

let lives = 0;

/** A unit as a real fleet has it; what it is assigned nobody looks at. */
function member(unit: string, { random, options }: StageWorld, line: SimLine): FleetView {
  const fleet = new Fleet({
    ...{ clock: line.clock, random, log: silentLog, line, unit },
    card: { cores: 1, clusters: 0, services: [], isLeaving: false },
    nonce: String(random()).slice(2, 10),
    first: { total: options.shards, stream: "s" },
    replaced() {},
  });
  void fleet.start();
  return fleet;
}

/** One life of a unit. */
export class StageUnit {
  readonly line: SimLine;
  readonly view: FleetView;
  readonly gate: FleetGate;
  readonly authority: IdentifyAuthority;
  /** Shards that have a session. */
  readonly ready = new Set<string>();
  /** Shards that were allowed, in order, and their permits. */
  readonly allowed: string[] = [];
  readonly permits: number[] = [];
  readonly held: (IdentifyHold | null)[] = [];
  readonly logged: string[] = [];
  /** What it would write down. */
  known: IdentifyBudget | null = null;
  /** Shards do nothing with a permit while this is set. */
  isIdle = false;
  readonly #world: StageWorld;
  readonly #shards = new Map<string, ShardLife>();

  constructor(world: StageWorld, name: string, { aheadMs = 0, budget }: StageHost) {
    const { bus, sim, maxConcurrency, reserve } = world;
    this.#world = world;
    this.line = bus.line(name, { aheadMs });
    const { clock } = this.line;
    this.view = world.options.viewOf?.(name, this.line) ?? member(name, world, this.line);
    const starts = sim.world.sessionStarts;
    const left = budget?.(clock.epochMs()) ?? {
      total: starts.total,
      remaining: starts.remaining(),
      resetAtMs: clock.epochMs() + starts.resetAfterMs(),
    };
    const common = { clock, line: this.line, view: this.view, life: `life-${++lives}` };
    this.gate = new FleetGate({
      ...common,
      limits: { maxConcurrency, reserve, budget: left },
      allow: (shard, permit) => this.#allowed(shard, permit),
      known: (known) => void (this.known = known),
      held: (hold) => void this.held.push(hold),
    });
    this.authority = new IdentifyAuthority({
      ...common,
      log: logTo((level, event, fields) =>
        void this.logged.push(`${level} ${event} ${JSON.stringify(fields)}`)
      ),
      maxConcurrency,
      spacingMs: 5_000,
      reserve,
      budget: () => this.gate.budget,
    });
  }

  /** These shards are to be identified; what they did before is over. */
  bringUp(shards: readonly ShardKey[]): void {
    this.gate.expect(shards);
    for (const shard of shards) {
      const name = shardKeyText(shard);
      this.#end(name);
      this.ready.delete(name);
      const permit = new Permit(this.line.clock);
      const life: ShardLife = { shard, permit, isQueued: false, socket: null };
      this.#shards.set(name, life);
      this.#after(this.#world.random() * 500, life, () => this.#ask(life));
    }
  }

  /** Each of these gives up what it wants and has. */
  drop(shards: readonly ShardKey[]): void {
    for (const shard of shards) {
      this.#end(shardKeyText(shard));
      this.ready.delete(shardKeyText(shard));
      this.gate.release(shard);
    }
  }

  /** `kill -9`. */
  kill(): void {
    this.line.kill();
    for (const { socket } of this.#shards.values()) socket?.destroy();
  }

  /** A shard uses its permit now. */
  use(shard: ShardKey): void {
    this.#connect(this.#shards.get(shardKeyText(shard))!);
  }

  #allowed(shard: ShardKey, number: number): void {
    const { random, options: { connectMs = 300 } } = this.#world;
    this.allowed.push(shardKeyText(shard));
    this.permits.push(number);
    const life = this.#shards.get(shardKeyText(shard));
    // As ours: one that nobody waits for goes back.
    if (!life?.isQueued) return this.gate.release(shard);
    life.isQueued = false;
    life.permit.take(number);
    if (!this.isIdle) this.#after(random() * connectMs, life, () => this.#connect(life));
  }

  #ask(life: ShardLife): void {
    life.isQueued = true;
    this.gate.request(life.shard);
  }

  #connect(life: ShardLife): void {
    const { sim, options: { wire } } = this.#world;
    const again = () => {
      life.socket?.destroy();
      life.socket = null;
      this.gate.release(life.shard);
      this.#after(1_000, life, () => this.#ask(life));
    };
    // Whatever comes from outside waits while the process stands still.
    const here = (task: () => void) => this.#after(0, life, () => life.socket === socket && task());
    const url = `${sim.world.addresses.gatewayUrl}/?v=10&encoding=json`;
    const socket: Socket = life.socket = simConnect(sim, wire)(url, {
      open() {},
      message: (bytes) => here(() => this.#hear(life, bytes, again)),
      closed: () => here(again),
      failed: () => here(again),
    });
  }

  #hear(life: ShardLife, bytes: Uint8Array, again: () => void): void {
    const { op, t } = JSON.parse(new TextDecoder().decode(bytes));
    const { shard: { id, total }, permit, socket } = life;
    if (op === 10) {
      if (permit.judge(WAITS_FOR_HELLO, HELLO) !== HELLO) return again();
      const d = { token: "sim-token", properties: {}, intents: 0, shard: [id, total] };
      socket!.send(JSON.stringify({ op: 2, d }));
      this.gate.sent(life.shard, permit.number);
    } else if (op === 9) again();
    else if (t === "READY") {
      life.socket = null;
      socket!.destroy();
      this.ready.add(shardKeyText(life.shard));
    }
  }

  #end(name: string): void {
    this.#shards.get(name)?.socket?.destroy();
    this.#shards.delete(name);
  }

  #after(delayMs: number, life: ShardLife, task: () => void): void {
    const isLive = () => this.#shards.get(shardKeyText(life.shard)) === life;
    this.line.clock.after(delayMs, () => isLive() && task());
  }
}

/** A shard, from when it is brought up until it is ended. */
interface ShardLife {
  readonly shard: ShardKey;
  readonly permit: Permit;
  isQueued: boolean;
  socket: Socket | null;
}

const HELLO: Input = { kind: "hello", connection: 1 };
const WAITS_FOR_HELLO: State = {
  kind: "hello",
  goal: "identify",
  memory: newSession().memory,
  reason: "",
};
