/**
 * A fleet as one of its units has it: says that this unit lives, hears who else does, leads when it has to, and
 * knows who has what.
 *
 * @module
 */

import { type Cancel, type Clock, every, sleep } from "../ports/clock.ts";
import type { FleetLine, FleetView } from "../ports/fleet/fleet.ts";
import type { World } from "../ports/world.ts";
import { GatehouseError, messageOf } from "../protocol/errors.ts";
import {
  type Assignment,
  LEASE_MS,
  nextIn,
  ownerIn,
  UNIT_NAME,
  type UnitCard,
} from "../protocol/fleet.ts";
import type { ShardKey } from "../protocol/ids.ts";
import { countOf, knows } from "./assignment.ts";
import { AssignmentCopy } from "./assignment_copy.ts";
import { Contact } from "./contact.ts";
import { FleetKeys } from "./fleet_keys.ts";
import { Lead } from "./lead/lead.ts";
import { LeaderAsks } from "./lead/leader_asks.ts";
import { Leading } from "./lead/leading.ts";
import { encodeGiven, encodeWanted, type Wanted } from "./lead/requests.ts";
import { Listening } from "./listening.ts";
import { Members } from "./members.ts";
import { OwnCard, type OwnFacts } from "./own_card.ts";
import { Watching } from "./watching.ts";

/** How often it is looked whether something has run out. */
const TICK_MS = 1_000;
const AGAIN_MS = 1_000;

/** What it takes. */
export interface FleetOptions extends Pick<World, "clock" | "random" | "log"> {
  readonly line: FleetLine;
  /** The name of this unit: no other one has it. */
  readonly unit: string;
  /** What its card says at first. */
  readonly card: OwnFacts;
  /** What no other process has: 8 random digits will do. */
  readonly nonce: string;
  /** What the fleet begins with, where it has no assignment yet. */
  readonly first: { readonly total: number; readonly stream: string };
  /** A newer process has this name: this one is to end. Nothing it says is heard any more. */
  readonly replaced: () => void;
}

/** How it came that a unit may leave. */
export type Left = "given" | "alone" | "deadline";

/**
 * The fleet.
 *
 * @example
 * ```ts
 * import { createVirtualClock } from "../sim/wire/virtual_clock.ts";
 * import { seededRandom } from "../ports/random.ts";
 * import { silentLog } from "../ports/log.ts";
 * import { createSimBus } from "../tests/support/fleet/sim_line.ts";
 * import { Fleet } from "./fleet.ts";
 * const clock = createVirtualClock();
 * const line = createSimBus({ clock, random: seededRandom(1) }).line("a");
 * const fleet = new Fleet({
 *   clock: line.clock,
 *   random: seededRandom(2),
 *   log: silentLog,
 *   line,
 *   unit: "a",
 *   card: { cores: 4, clusters: 1, services: [], isLeaving: false },
 *   nonce: "5eed",
 *   first: { total: 16, stream: "s" },
 *   replaced() {},
 * });
 * const started = fleet.start();
 * await clock.advance(20_000);
 * console.assert((await started).totals[0]!.owners[3] === "a" && fleet.term === 1);
 * ```
 */
export class Fleet implements FleetView {
  readonly self: string;
  readonly #clock: Clock;
  readonly #options: FleetOptions;
  readonly #listening: Listening;
  readonly #members = new Members();
  readonly #card: OwnCard;
  readonly #lead: Lead;
  readonly #copy: AssignmentCopy;
  readonly #leading: Leading;
  readonly #asks: LeaderAsks;
  readonly #keys: FleetKeys;
  readonly #watching = new Watching();
  readonly #stopped = Promise.withResolvers<never>();
  #cancels: Cancel[] = [];
  readonly #contact: Contact;
  #hasEnded = false;

  /** @throws {GatehouseError} `bad_config` where the name is none. */
  constructor(options: FleetOptions) {
    const { clock, random, log, line, unit, card, nonce, first } = options;
    if (!UNIT_NAME.test(unit)) {
      const text = `Cannot join a fleet as ${
        JSON.stringify(unit)
      }: a name is 1 to 64 of A-Z a-z 0-9 _ -`;
      throw new GatehouseError("bad_config", "caller", text);
    }
    this.self = unit;
    this.#clock = clock;
    this.#options = options;
    this.#contact = new Contact(clock, log);
    const { keys } = line;
    const listenedMs = () => this.#listening.ms;
    this.#listening = new Listening(clock);
    this.#card = new OwnCard({
      clock,
      log,
      keys,
      unit,
      facts: card,
      nonce,
      replaced: (life) => this.#replaced(life),
    });
    const changed = () => this.#leadChanged();
    this.#lead = new Lead({
      clock,
      log,
      keys,
      unit,
      life: () => this.#card.life,
      listenedMs,
      changed,
    });
    this.#copy = new AssignmentCopy({ clock, log, keys, changed: (next) => this.#assigned(next) });
    this.#leading = new Leading({
      clock,
      random,
      log,
      keys,
      leads: () => this.term !== null,
      copy: this.#copy,
      members: this.#members,
      listenedMs,
      first,
    });
    this.#asks = new LeaderAsks(unit, line.bus, this.#leading);
    this.#keys = new FleetKeys(log, keys, {
      card: (card, isNews) => this.#heard(card, isNews || card.life === this.#card.life),
      own: (entry) => void (this.#card.told(entry) && this.#echo()),
      gone: (name) => this.#gone(name),
      leader: (entry, isNews) => this.#lead.told(entry, isNews),
      assignment: (entry) => {
        this.#copy.told(entry);
        this.#leading.wake();
      },
    }, unit);
    this.#stopped.promise.catch(() => {});
  }

  /**
   * Joins, and waits for the first assignment that knows this unit.
   *
   * @throws {GatehouseError} `away` when it is stopped before.
   */
  async start(): Promise<Assignment> {
    const { line, log } = this.#options;
    this.#cancels = [
      line.watch((isUp) => this.#connected(isUp)),
      every(this.#clock, TICK_MS, () => this.#tick()),
    ];
    if (line.isUp) this.#connected(true);
    else log.warn("waits for the line to the fleet");
    await Promise.race([this.#watching.until(() => this.#isKnown()), this.#stopped.promise]);
    return this.#copy.current!;
  }

  /** The assignment that holds; `null`: none is known yet. */
  get assignment(): Assignment | null {
    return this.#copy.current;
  }

  get members(): readonly string[] {
    const names = new Set(this.#members.living.map(({ unit }) => unit));
    return [...names.add(this.self)].toSorted();
  }

  /** What the units that live say of themselves, this one among them once it has said so. */
  get cards(): readonly UnitCard[] {
    return this.#members.living;
  }

  get leader(): string | null {
    return this.#lead.leader;
  }

  get term(): number | null {
    return this.#hasEnded ? null : this.#lead.term;
  }

  /** The line is down, or nothing that this unit says arrives, for longer than others wait for it. */
  get isCutOff(): boolean {
    return this.#contact.isCutOff;
  }

  ownerOf(shard: ShardKey): string | null {
    return this.#copy.current && ownerIn(this.#copy.current, shard);
  }

  /** The unit that is to get a shard from who has it; `null`: it stays. */
  nextOf(shard: ShardKey): string | null {
    return this.#copy.current && nextIn(this.#copy.current, shard);
  }

  /** Has `changed` called after any of this, or the assignment, or a card is another, until cancelled. */
  watch(changed: () => void): Cancel {
    return this.#watching.watch(changed);
  }

  /**
   * Tells that this unit has given a shard to another one, and resolves once it is known not to be its owner any
   * more, or not to give it there; until then it is told again and again, whoever leads.
   *
   * @throws {GatehouseError} `away` when it is stopped before.
   */
  async given(shard: ShardKey, to: string): Promise<void> {
    const isToGo = () => this.ownerOf(shard) === this.self && this.nextOf(shard) === to;
    const isOver = this.#watching.until(() => !isToGo());
    while (isToGo()) {
      try {
        await this.#asks.tell(this.leader, "given", encodeGiven({ unit: this.self, shard, to }));
      } catch (error) {
        this.#options.log.debug("whoever leads cannot be told what was given", {
          ...shard,
          error: messageOf(error),
        });
      }
      await Promise.race([isOver, sleep(this.#clock, AGAIN_MS), this.#stopped.promise]);
    }
  }

  /**
   * Wants something of whoever leads, and resolves once it is written down.
   *
   * @throws {GatehouseError} `refused` where it cannot be; `away` and `deadline` where nobody leads just now, or
   * answers: then it is not known whether it was.
   */
  async want(wanted: Wanted): Promise<void> {
    await this.#asks.tell(this.leader, "wanted", encodeWanted(wanted));
  }

  /**
   * Has all that this unit has given to others, for `deadlineMs` at most, and takes its leave. What is left is taken
   * over by others as from the dead; where there is nobody, it stays this unit's. `given` is still told meanwhile.
   */
  async leave(deadlineMs: number): Promise<Left> {
    const { log } = this.#options;
    // Another process has its name, and all that it had.
    if (this.#hasEnded) return "alone";
    this.#card.set({ isLeaving: true });
    this.#lead.abstain();
    log.info("this unit leaves", { shards: this.#ownCount() });
    const others = () =>
      this.#members.living.some(({ unit, isLeaving }) => unit !== this.self && !isLeaving);
    const isOver = this.#watching.until(() => this.#ownCount() === 0 || !others());
    const cancelled = new AbortController();
    await Promise.race([
      isOver,
      sleep(this.#clock, deadlineMs, cancelled.signal),
      this.#stopped.promise.catch(() => {}),
    ])
      .finally(() => cancelled.abort());
    if (this.#hasEnded) return "alone";
    const left: Left = this.#ownCount() === 0 ? "given" : others() ? "deadline" : "alone";
    log.info("this unit has left", { why: left, shards: this.#ownCount() });
    await Promise.all([this.#lead.resign(), this.#card.remove()]);
    this.#end();
    return left;
  }

  /** Says nothing more: the others wait for {@linkcode LEASE_MS} that it comes back. Who leads does so no more. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    const resigned = this.#lead.resign();
    this.#end();
    await resigned;
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const cancel of this.#cancels) cancel();
    this.#asks.end();
    this.#card.end();
    this.#copy.end();
    this.#leading.end();
    this.#keys.close();
    this.#stopped.reject(
      new GatehouseError("away", "peer", "Cannot go on: this unit has left the fleet"),
    );
    this.#watching.end();
  }

  #connected(isUp: boolean): void {
    this.#listening.deaf();
    this.#contact.connected(isUp);
    if (isUp) this.#members.connected(this.#listening.ms);
    else this.#copy.forget();
    this.#lead.connected(isUp);
    this.#leading.connected(isUp);
    this.#card.connected(isUp);
    if (isUp) this.#keys.open();
    else this.#keys.close();
    this.#watching.changed();
  }

  #tick(): void {
    this.#lead.tick();
    for (const { unit, lived } of this.#members.sweep(this.#listening.ms)) {
      if (lived) {
        this.#options.log.warn("unit is dead, it was not heard of", { unit, forMs: LEASE_MS });
      }
      this.#leading.wake();
      this.#watching.changed();
    }
    if (this.#contact.tick()) this.#watching.changed();
  }

  #echo(): void {
    this.#contact.echo();
    this.#listening.heard();
    this.#lead.tick();
  }

  #heard(card: UnitCard, isNews: boolean): void {
    const lived = this.#members.lives(card.unit);
    if (!this.#members.told(card, isNews, this.#listening.ms)) return;
    if (!lived && this.#members.lives(card.unit) && card.unit !== this.self) {
      this.#options.log.info("unit is in the fleet", { unit: card.unit, cores: card.cores });
    }
    this.#leading.wake();
    this.#watching.changed();
  }

  #gone(unit: string): void {
    if (unit === this.self) return;
    if (this.#members.gone(unit)) this.#options.log.info("unit has left the fleet", { unit });
    this.#leading.wake();
    this.#watching.changed();
  }

  #leadChanged(): void {
    this.#leading.wake();
    this.#watching.changed();
  }

  #assigned({ epoch }: Assignment): void {
    this.#card.seen(epoch);
    this.#leading.wake();
    this.#watching.changed();
  }

  #replaced(life: string): void {
    const { log, replaced } = this.#options;
    log.error("another process has the name of this unit: this one leaves the fleet", {
      unit: this.self,
      life: this.#card.life,
      newer: life,
    });
    this.#lead.resign();
    this.#end();
    replaced();
  }

  #isKnown(): boolean {
    return this.assignment !== null && knows(this.assignment, this.self, this.#card.facts.clusters);
  }

  #ownCount(): number {
    return this.assignment === null ? 0 : countOf(this.assignment, this.self);
  }
}
