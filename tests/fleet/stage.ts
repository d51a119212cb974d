/**
 * Several units of a fleet on one simulated line, and a judge who looks at all of them all the time. Shards are
 * names only: who is to give one away does so after half a second.
 */

import assert from "node:assert/strict";
import { encodeAssignment } from "../../fleet/assignment.ts";
import { Fleet } from "../../fleet/fleet.ts";
import type { OwnFacts } from "../../fleet/own_card.ts";
import { type LogLevel, logTo } from "../../ports/log.ts";
import { type Random, seededRandom } from "../../ports/random.ts";
import type { ShardKey } from "../../protocol/ids.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { createSimBus, type SimHost, type SimLine } from "../support/fleet/sim_line.ts";

/** A line of some unit's log. */
export interface Logged {
  readonly unit: string;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A process of a unit. */
export interface StagedUnit {
  readonly name: string;
  readonly line: SimLine;
  readonly fleet: Fleet;
  /** What became of `start()`. */
  readonly started: { isDone: boolean };
  isReplaced: boolean;
  isOver: boolean;
}

const GIVES_MS = 500;
/** How often the judge looks. */
const LOOKS_MS = 100;

/** The stage. */
export class FleetStage {
  readonly clock = createVirtualClock();
  readonly random: Random;
  readonly bus;
  readonly units: StagedUnit[] = [];
  readonly log: Logged[] = [];
  readonly total: number;
  readonly #written = new Map<number, string>();
  #nonces = 0;

  constructor(seed: number, total = 24) {
    this.random = seededRandom(seed);
    this.total = total;
    this.bus = createSimBus({ clock: this.clock, random: this.random, latencyMs: 2 });
  }

  /** A process of this name begins, and joins. */
  begin(name: string, card: Partial<OwnFacts> = {}, host: SimHost = {}): StagedUnit {
    const line = this.bus.line(name, host);
    const unit: StagedUnit = {
      name,
      line,
      started: { isDone: false },
      isReplaced: false,
      isOver: false,
      fleet: new Fleet({
        clock: line.clock,
        random: this.random,
        log: logTo((level, event, fields) =>
          void this.log.push({ unit: name, level, event, fields })
        ),
        line,
        unit: name,
        card: { cores: 1, clusters: 1, services: [], isLeaving: false, ...card },
        nonce: String(this.#nonces++),
        first: { total: this.total, stream: `stream of ${name}` },
        replaced: () => {
          unit.isReplaced = true;
          unit.isOver = true;
          void line.close();
        },
      }),
    };
    this.units.push(unit);
    this.#givesAway(unit);
    unit.fleet.start().then(() => unit.started.isDone = true, () => {});
    return unit;
  }

  /** `kill -9`. */
  kill(unit: StagedUnit): void {
    unit.isOver = true;
    unit.line.kill();
  }

  /** SIGTERM, and what comes of it. */
  async leave(unit: StagedUnit, deadlineMs = 25_000): Promise<string> {
    const left = await unit.fleet.leave(deadlineMs);
    unit.isOver = true;
    await unit.line.close();
    return left;
  }

  /** Units whose process is there. */
  get present(): StagedUnit[] {
    return this.units.filter(({ isOver }) => !isOver);
  }

  /** The unit of this name whose process is there. */
  unit(name: string): StagedUnit {
    return this.present.find((unit) => unit.name === name)!;
  }

  /** Lets time pass; the judge looks all the while. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= LOOKS_MS) {
      await this.clock.advance(Math.min(LOOKS_MS, left));
      this.judge();
    }
  }

  /** Lets time pass until all is well; gives how long that took. */
  async heal(limitMs: number): Promise<number> {
    const sinceMs = this.clock.now();
    while (this.ills().length > 0) {
      if (this.clock.now() - sinceMs >= limitMs) {
        assert.fail(`after ${limitMs} ms: ${this.ills().join("; ")}`);
      }
      await this.pass(LOOKS_MS);
    }
    return this.clock.now() - sinceMs;
  }

  /** What must never be. */
  judge(): void {
    const leaders = this.present.filter(({ fleet }) => fleet.term !== null).map(({ name }) => name);
    assert.ok(leaders.length <= 1, `at ${this.clock.now()} these lead at a time: ${leaders}`);
    for (const { name, fleet } of this.present) {
      const { assignment } = fleet;
      if (!assignment) continue;
      const text = JSON.stringify(encodeAssignment(assignment));
      const written = this.#written.get(assignment.epoch) ?? text;
      this.#written.set(assignment.epoch, written);
      assert.equal(text, written, `${name} has another assignment of epoch ${assignment.epoch}`);
    }
  }

  /** What is not as it is to be once nothing is wrong. */
  ills(): string[] {
    const names = this.present.map(({ name }) => name).toSorted();
    const leaders = this.present.filter(({ fleet }) => fleet.term !== null);
    const ills = leaders.length === 1 ? [] : [`${leaders.length} lead`];
    const epochs = new Set(this.present.map(({ fleet }) => fleet.assignment?.epoch));
    if (epochs.size > 1) ills.push(`epochs ${[...epochs]}`);
    for (const { name, fleet, started } of this.present) {
      if (fleet.members.join() !== names.join()) ills.push(`${name} sees ${fleet.members}`);
      if (fleet.leader !== leaders[0]?.name) ills.push(`${name} sees ${fleet.leader} lead`);
      if (!started.isDone) ills.push(`${name} has not started`);
    }
    for (const { total, owners, moves } of this.present[0]?.fleet.assignment?.totals ?? []) {
      const others = owners.filter((unit) => unit === null || !names.includes(unit));
      if (others.length > 0) {
        ills.push(`${others.length} of ${total} shards with ${[...new Set(others)]}`);
      }
      if (moves.size > 0) ills.push(`${moves.size} moves`);
    }
    return ills;
  }

  /** How many shards each unit has, by the newest assignment. */
  get counts(): Record<string, number> {
    const { totals } = this.present.map(({ fleet }) => fleet.assignment!)
      .reduce((one, other) => other.epoch > one.epoch ? other : one);
    const counts: Record<string, number> = {};
    for (const unit of totals[0]!.owners) {
      counts[unit ?? "nobody"] = (counts[unit ?? "nobody"] ?? 0) + 1;
    }
    return counts;
  }

  /** Lines that some unit has written, from a level on. */
  lines(event: string): Logged[] {
    return this.log.filter((line) => line.event === event);
  }

  #givesAway({ fleet, line, name }: StagedUnit): void {
    const giving = new Set<string>();
    fleet.watch(() => {
      for (const { total, owners, moves } of fleet.assignment?.totals ?? []) {
        for (const [id, to] of moves) {
          const text = `${id}/${total}`;
          if (owners[id] !== name || giving.has(text)) continue;
          giving.add(text);
          line.clock.after(
            GIVES_MS,
            () => this.#give(fleet, { total, id }, to, () => giving.delete(text)),
          );
        }
      }
    });
  }

  #give(fleet: Fleet, shard: ShardKey, to: string, done: () => void): void {
    fleet.given(shard, to).then(done, done);
  }
}
