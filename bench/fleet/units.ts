/**
 * Forty units of a fleet on the simulated line, in virtual time: all that is said of who lives, who leads and who has
 * what is real. Shards are names: one is up a while after its unit is its owner, and is given away in a while.
 *
 * @module
 */

import { isGathered } from "../../fleet/changes.ts";
import { Fleet } from "../../fleet/fleet.ts";
import { silentLog } from "../../ports/log.ts";
import { seededRandom } from "../../ports/random.ts";
import { createVirtualClock } from "../../sim/mod.ts";
import { createSimBus, type SimLine } from "../../tests/support/fleet/sim_line.ts";

/** What a RESUME takes, with the estate read before it. */
const TAKES_MS = 2_000;
/** To close a shard, stream what waits to the next owner, and tell. */
const GIVES_MS = 1_000;

interface Unit {
  readonly name: string;
  readonly line: SimLine;
  readonly fleet: Fleet;
}

/** What passed in a while. */
export interface Traffic {
  readonly tookMs: number;
  /** Messages to and from the server, in the mean and in the busiest second. */
  readonly perSecond: number;
  readonly busiest: number;
  readonly kilobytesPerSecond: number;
  /** Assignments that were written. */
  readonly written: number;
  readonly assignmentBytes: number;
  /** Shards that moved. */
  readonly moved: number;
}

/** The units. */
export class Units {
  readonly #clock = createVirtualClock();
  readonly #random = seededRandom(1);
  readonly #bus = createSimBus({ clock: this.#clock, random: this.#random });
  readonly #units = new Map<string, Unit>();
  readonly #total: number;
  /** Shards that are not up, by the unit that is to bring them up. */
  readonly #down = new Map<string, Set<number>>();
  #written = 0;
  #moved = 0;
  /** Units that are to come back. */
  #away = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** A unit comes. */
  begin(name: string): void {
    const line = this.#bus.line(name);
    const fleet = new Fleet({
      clock: line.clock,
      random: this.#random,
      log: silentLog,
      line,
      unit: name,
      card: { cores: 4, clusters: 1, services: [], isLeaving: false },
      nonce: "0",
      first: { total: this.#total, stream: "s" },
      replaced() {},
    });
    this.#units.set(name, { name, line, fleet });
    this.#down.set(name, new Set());
    this.#follow(name, line, fleet);
    fleet.start().catch(() => {});
  }

  /** `kill -9`. */
  kill(name: string): void {
    this.#units.get(name)!.line.kill();
    this.#units.delete(name);
    this.#down.delete(name);
  }

  /** SIGTERM; resolves once it is gone. */
  async leave(name: string): Promise<void> {
    const { fleet, line } = this.#units.get(name)!;
    await fleet.leave(60_000);
    await line.close();
    this.#units.delete(name);
    this.#down.delete(name);
  }

  /** A unit ends, giving all away first or not, and comes back. */
  async restart(name: string, gives: boolean, afterMs: number): Promise<void> {
    this.#away++;
    if (gives) await this.leave(name);
    else this.kill(name);
    this.#clock.after(afterMs, () => {
      this.#away--;
      this.begin(name);
    });
  }

  /** The shards of a lot go to one unit, so that all of it can go to another total there. */
  async gather(lots: number): Promise<void> {
    const [unit] = this.#units.values();
    await unit!.fleet.want({ kind: "serve", totals: [this.#total], lots });
  }

  /** Who leads. */
  get leader(): string {
    return [...this.#units.values()].find(({ fleet }) => fleet.term !== null)!.name;
  }

  /** Lets time pass until every shard is up where it is to stay, and says what that took. */
  async settle(begin: () => void): Promise<Traffic> {
    return await this.#measure(begin, () => this.#isSettled);
  }

  /** Lets time pass, and says what passed. */
  async pass(ms: number): Promise<Traffic> {
    const untilMs = this.#clock.now() + ms;
    return await this.#measure(() => {}, () => this.#clock.now() >= untilMs);
  }

  async #measure(begin: () => void, isOver: () => boolean): Promise<Traffic> {
    const startedMs = this.#clock.now();
    const [written, moved, characters] = [this.#written, this.#moved, this.#bus.tally.characters];
    const seconds: number[] = [];
    begin();
    let before = this.#messages;
    do {
      await this.#clock.advance(1_000);
      seconds.push(this.#messages - before);
      before = this.#messages;
    } while (!isOver());
    const sum = seconds.reduce((a, b) => a + b, 0);
    return {
      tookMs: this.#clock.now() - startedMs,
      perSecond: sum / seconds.length,
      busiest: Math.max(...seconds),
      kilobytesPerSecond: (this.#bus.tally.characters - characters) / 1024 / seconds.length,
      written: this.#written - written,
      assignmentBytes: JSON.stringify(this.#bus.entries.get("assignment")?.value ?? null).length,
      moved: this.#moved - moved,
    };
  }

  /** Each message to the server, and each from it. */
  get #messages(): number {
    const { published, delivered, asked, keyReads, keyWrites, told } = this.#bus.tally;
    return published + delivered + 4 * asked + 2 * (keyReads + keyWrites) + told;
  }

  get #isSettled(): boolean {
    const owners = new Set(this.#units.keys());
    return this.#away === 0 && [...this.#down.values()].every((ids) => ids.size === 0) &&
      [...this.#units.values()].every(({ fleet }) => {
        const shares = fleet.assignment?.totals[0];
        return shares !== undefined && isGathered(fleet.assignment!) &&
          fleet.members.length === owners.size &&
          shares.moves.size === 0 &&
          shares.owners.every((owner) => owner !== null && owners.has(owner));
      });
  }

  #follow(name: string, line: SimLine, fleet: Fleet): void {
    const own = new Set<number>();
    const giving = new Set<number>();
    let epoch = -1;
    fleet.watch(() => {
      const { assignment } = fleet;
      if (!assignment || assignment.epoch === epoch) return;
      epoch = assignment.epoch;
      if (fleet.term !== null) this.#written++;
      const { owners, moves, total } = assignment.totals[0]!;
      owners.forEach((owner, id) => {
        if (owner !== name) return void own.delete(id);
        if (own.has(id)) return;
        own.add(id);
        this.#moved++;
        this.#down.get(name)?.add(id);
        line.clock.after(TAKES_MS, () => this.#down.get(name)?.delete(id));
      });
      for (const [id, to] of moves) {
        if (owners[id] !== name || giving.has(id)) continue;
        giving.add(id);
        const done = () => void giving.delete(id);
        line.clock.after(GIVES_MS, () => fleet.given({ total, id }, to).then(done, done));
      }
    });
  }
}
