/**
 * Permits in a fleet: each bucket, and each credential's global limit, is kept by one unit for all. Which one says
 * a ring over the units that live (`ring.ts`). Permits travel, bodies do not; nor does any credential or token.
 *
 * What has no credential Discord counts by address: it keeps to limits of this host, like the invalid requests.
 *
 * @module
 */

import type { Bus, Json } from "../../../ports/fleet/bus.ts";
import type { FleetView } from "../../../ports/fleet/fleet.ts";
import type { Cancel } from "../../../ports/clock.ts";
import { type Log, seldom } from "../../../ports/log.ts";
import { randomHex } from "../../../ports/random.ts";
import { Credentials, isExempt, type LimitsOptions, MOST_WAITING } from "../limits.ts";
import {
  type Ask,
  type CountedPermits,
  type LimitsSnapshot,
  type Permit,
  TooLong,
} from "../permits.ts";
import type { Report } from "../rate_report.ts";
import { longestWaits } from "../waits.ts";
import { type Authority, permitKey, type PermitWant } from "./authority.ts";
import { BrakeLine } from "./brake_line.ts";
import { Desk } from "./desk.ts";
import { type Errand, Errands } from "./errands.ts";
import { FarAuthority } from "./far_authority.ts";
import { FleetTurns } from "./fleet_turns.ts";
import { HeldAuthority } from "./held_authority.ts";
import { Moves } from "./moves.ts";
import { nameless, Names } from "./names.ts";
import { NearAuthority } from "./near_authority.ts";
import { evenly, LEAVING_MS, Shares } from "./shares.ts";
import { Told } from "./told.ts";
import { readNotice, readTelling } from "./words.ts";

/** What permits in a fleet need. */
export interface FleetPermitsOptions extends Pick<LimitsOptions, "clock" | "perSecond"> {
  readonly bus: Bus;
  readonly view: Pick<FleetView, "self" | "members" | "watch">;
  readonly log: Log;
}

/** Whoever has the say is given so much less time than there is, for the way back. */
const WAY_BACK_MS = 100;

/**
 * Permits of a unit that is one of several. As {@linkcode Permits}, with the same words for who has to wait for too
 * long.
 *
 * - A unit that gets the say over a key waits for a second before it gives any permit for it.
 * - One that is not heard for a second has the say no more until it answers. Meanwhile each unit keeps the limits
 *   by itself, with an even share of the requests per second.
 * - One that is not heard, or is a member no more, and has not said goodbye, keeps its share for ten minutes.
 *
 * @example
 * ```ts
 * import { localBus } from "../../../ports/fleet/bus.ts";
 * import { systemClock } from "../../../ports/clock.ts";
 * import { silentLog } from "../../../ports/log.ts";
 * import { FleetPermits } from "./fleet_permits.ts";
 * const permits = new FleetPermits({
 *   bus: localBus({ clock: systemClock, log: silentLog }),
 *   view: { self: "a", members: ["a"], watch: () => () => {} },
 *   clock: systemClock,
 *   log: silentLog,
 *   perSecond: () => 50,
 * });
 * console.assert(permits.snapshot.waiting === 0);
 * permits.close();
 * ```
 */
export class FleetPermits implements CountedPermits {
  readonly #options: FleetPermitsOptions;
  readonly #life = randomHex(8);
  readonly #moves: Moves;
  readonly #shares: Shares;
  readonly #names = new Names();
  readonly #errands: Errands;
  readonly #brakes: BrakeLine;
  /** With the say over its keys; by itself; of this host's address. */
  readonly #own: NearAuthority;
  readonly #held: HeldAuthority;
  readonly #alone: NearAuthority;
  readonly #host: Credentials;
  readonly #far = new Map<string, FarAuthority>();
  readonly #desk: Desk;
  /** Names of buckets that all have been told. */
  readonly #told = new Told();
  readonly #isToldOfOdd: () => number | null;
  readonly #cancels: readonly Cancel[];
  #isLeaving = false;
  #isClosed = false;
  #sessions = 0;
  #arrivalMs = -Infinity;
  /** Those that wait, each as it is sent away. */
  readonly #callers = new Set<(reason: unknown) => void>();
  #inFlight = 0;

  constructor(options: FleetPermitsOptions) {
    const { bus, view: { self, members }, view, clock, perSecond } = options;
    this.#options = options;
    this.#isToldOfOdd = seldom(clock);
    this.#moves = new Moves(self, members, clock.now());
    this.#shares = new Shares(self, members);
    this.#brakes = new BrakeLine(clock);
    this.#errands = new Errands(clock, (key) => this.#authorityOf(key));
    const turns = (credential: string) => new FleetTurns(credential, this.#errands);
    this.#own = new NearAuthority({
      clock,
      turns,
      perSecond: () => this.#shares.given(perSecond(), clock.now()),
      told: (credential, forMs) => {
        this.#errands.hearPause(credential, forMs);
        this.#notify({ kind: "pause", unit: self, credential, forMs });
      },
    });
    this.#held = new HeldAuthority(
      clock,
      this.#own,
      (key) => this.#moves.heldMs(key, clock.now()),
    );
    this.#alone = new NearAuthority({
      clock,
      turns,
      perSecond: () => this.#shares.even(perSecond(), clock.now()),
      read: (report) => evenly(report, this.#shares.count(clock.now())),
    });
    this.#host = new Credentials({ clock, perSecond });
    this.#desk = new Desk({
      clock,
      self,
      authority: this.#held,
      isOurs: (key) => this.#moves.ownerOf(key) === self,
      say: (unit, value) => bus.publish(`unit.${unit}.permits`, value),
      heard: (unit, life) => {
        if (this.#shares.heard(unit, life)) this.#changed();
        this.#isBack(unit);
      },
      silent: (unit) => this.#fellSilent(unit),
    });
    this.#cancels = [
      bus.subscribe(`unit.${self}.rest`, (value) => {
        if (!this.#desk.hear(value)) this.#odd("unit.*.rest");
      }),
      bus.subscribe(`unit.${self}.permits`, (value) => this.#answered(value)),
      bus.subscribe("all.rest", (value) => this.#noticed(value)),
      view.watch(() => this.#changed()),
    ];
  }

  /** Requests of this unit's callers; buckets and credentials that are kept here for whomever. */
  get snapshot(): LimitsSnapshot {
    const all = [this.#own, this.#alone, this.#host].map(({ snapshot }) => snapshot);
    const sum = (of: "credentials" | "buckets") => all.reduce((total, each) => total + each[of], 0);
    return {
      credentials: sum("credentials"),
      buckets: sum("buckets"),
      waiting: this.#callers.size + this.#host.snapshot.waiting,
      inFlight: this.#inFlight + this.#host.snapshot.inFlight,
      waits: longestWaits(all.flatMap(({ waits }) => waits)),
    };
  }

  /** See {@linkcode Permits.acquire}. */
  // deno-lint-ignore require-await -- what is thrown becomes a rejection
  async acquire(ask: Ask): Promise<Permit> {
    if (ask.credential === "") return this.#host.acquire(ask);
    ask.signal.throwIfAborted();
    if (this.#isClosed) throw new TooLong("the unit stops", 1000);
    if (this.#callers.size >= MOST_WAITING) throw new TooLong("too many requests wait", 1000);
    return new Promise((grant, refuse) => this.#begin(ask, grant, refuse));
  }

  /**
   * Says goodbye: others get the say over what this unit has the say over, and its share. Its own requests go on,
   * by the leave of others.
   */
  leave(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#notify({ kind: "goodbye", unit: this.#options.view.self, life: this.#life });
    this.#changed();
  }

  /** Says goodbye, and is heard no more. Who waits is sent away; nothing is to be asked any more. */
  close(): void {
    this.leave();
    this.#isClosed = true;
    for (const sendAway of [...this.#callers]) sendAway(new TooLong("the unit stops", 1000));
    for (const cancel of this.#cancels) cancel();
    this.#desk.close();
    for (const far of this.#far.values()) far.close();
  }

  #begin(ask: Ask, grant: (permit: Permit) => void, refuse: (reason: unknown) => void): void {
    const { clock } = this.#options;
    const want = this.#want(ask);
    let leave = () => {};
    const done = () => {
      this.#callers.delete(giveUp);
      cancel();
      ask.signal.removeEventListener("abort", abort);
    };
    const giveUp = (reason: unknown) => {
      done();
      leave();
      refuse(reason);
    };
    this.#callers.add(giveUp);
    const abort = () => giveUp(ask.signal.reason);
    const cancel = clock.after(
      ask.patienceMs,
      () => giveUp(new TooLong("its permit has not come", 1000)),
    );
    ask.signal.addEventListener("abort", abort, { once: true });
    const go = () => {
      const errand = this.#errands.begin(want, {
        given: () => {
          done();
          grant(this.#permit(want, errand));
        },
        refused: (why, retryAfterMs) => {
          done();
          refuse(new TooLong(why, retryAfterMs));
        },
      });
      leave = () => errand.leave();
    };
    if (isExempt(ask)) return go();
    const brakedMs = this.#brakes.foreseeMs(ask.brake);
    if (brakedMs > ask.patienceMs) {
      return giveUp(new TooLong("too many requests of late were invalid", brakedMs));
    }
    const braked = { lane: ask.lane, arrival: want.arrival, brake: ask.brake, go };
    leave = () => this.#brakes.leave(braked);
    this.#brakes.enter(braked);
  }

  #permit(want: PermitWant, errand: Errand): Permit {
    this.#inFlight++;
    const over = (outcome: Report | "lost" | "unused") => {
      this.#inFlight--;
      errand.over(outcome);
    };
    return {
      arrival: want.arrival,
      settle: (report) => {
        over(report);
        this.#tellName(want, report);
      },
      lose: () => over("lost"),
      giveBack: () => over("unused"),
    };
  }

  /**
   * What a route's bucket is called is learnt from the first answer, and until then it is asked for beside the
   * others that it shares it with: so each name is learnt once, and not by each unit.
   */
  #tellName({ credential, route: { method, template } }: PermitWant, report: Report): void {
    if (report.bucket === null || report.refusal !== null) return;
    const route = `${method} ${template}`;
    const { hash } = report.bucket;
    if (!this.#told.isNews(`${credential} ${route} ${hash}`)) return;
    this.#learnName(credential, route, hash);
    this.#notify({ kind: "name", unit: this.#options.view.self, credential, route, hash });
  }

  #learnName(credential: string, route: string, hash: string): void {
    this.#told.isNews(`${credential} ${route} ${hash}`);
    this.#own.learnName(credential, route, hash);
    this.#alone.learnName(credential, route, hash);
  }

  #want({ credential, route, lane, shape, patienceMs, arrival }: Ask): PermitWant {
    const nowMs = this.#options.clock.now();
    // No two are alike, so that their order is the same everywhere.
    this.#arrivalMs = Math.max(nowMs, this.#arrivalMs + 0.001);
    const name = this.#names.of(credential);
    const named = nameless(route);
    return {
      kind: "permit",
      key: permitKey(name, named.major),
      credential: name,
      route: named,
      lane,
      shape,
      arrival: arrival ?? this.#arrivalMs,
      untilMs: nowMs + patienceMs,
    };
  }

  #authorityOf(key: string): Authority {
    const owner = this.#moves.ownerOf(key);
    if (owner === this.#options.view.self) return this.#held;
    const far = this.#farOf(owner);
    return far.isSilent ? this.#alone : far;
  }

  #farOf(unit: string): FarAuthority {
    const known = this.#far.get(unit);
    if (known) return known;
    const { bus, clock, view: { self } } = this.#options;
    const far = new FarAuthority({
      clock,
      self,
      life: this.#life,
      nextSession: () => this.#sessions++,
      wayBackMs: WAY_BACK_MS,
      say: (value) => bus.publish(`unit.${unit}.rest`, value),
      changed: () => {
        if (far.isSilent) this.#fellSilent(unit);
        else this.#isBack(unit);
        this.#errands.moved();
      },
    });
    this.#far.set(unit, far);
    return far;
  }

  #answered(value: Json): void {
    const telling = readTelling(value);
    if (telling === null) return this.#odd("unit.*.permits");
    this.#far.get(telling.unit)?.hear(telling);
  }

  #noticed(value: Json): void {
    const notice = readNotice(value);
    if (notice === null) return this.#odd("all.rest");
    const { clock, view: { self } } = this.#options;
    if (notice.unit === self) return;
    if (notice.kind === "pause") return this.#errands.hearPause(notice.credential, notice.forMs);
    if (notice.kind === "name") {
      return this.#learnName(notice.credential, notice.route, notice.hash);
    }
    this.#shares.goodbye(notice.unit, notice.life, clock.now());
    this.#changed();
    clock.after(LEAVING_MS, () => this.#changed());
  }

  #fellSilent(unit: string): void {
    const { clock, log } = this.#options;
    if (!this.#moves.members.includes(unit)) return;
    if (!this.#shares.silent(unit, clock.now())) return;
    log.warn("a unit does not answer for permits of rest requests", { unit });
  }

  #isBack(unit: string): void {
    const { clock, log } = this.#options;
    if (!this.#shares.back(unit, clock.now())) return;
    log.info("a unit answers for permits of rest requests again", { unit });
  }

  #changed(): void {
    if (this.#isClosed) return;
    const { view: { self, members: all }, clock } = this.#options;
    const nowMs = clock.now();
    // Who leaves has the say over nothing more, though it is a member until it is gone.
    const members = all.filter((name) =>
      name === self ? !this.#isLeaving : !this.#shares.isLeaving(name, nowMs)
    );
    if (!this.#moves.change(members, nowMs)) return;
    this.#shares.change(members, nowMs);
    this.#desk.moved();
    this.#errands.moved();
    for (const [unit, far] of this.#far) {
      if (members.includes(unit)) continue;
      far.close();
      this.#far.delete(unit);
    }
  }

  #notify(notice: { readonly [field: string]: Json }): void {
    this.#options.bus.publish("all.rest", notice);
  }

  #odd(subject: string): void {
    const more = this.#isToldOfOdd();
    if (more === null) return;
    this.#options.log.warn("permits: what another unit says cannot be read", {
      subject,
      ...more && { more },
    });
  }
}
