/**
 * One lead: the identify queue of the whole fleet, for as long as one unit leads it.
 *
 * - It begins with what the one before has written down. Permits that are out by that keep their keys until
 *   their units tell what became of them, or they are void; all other keys wait for a full spacing, whatever
 *   was used last. Nobody is allowed before every unit has told what it wants, or had time to.
 * - A permit goes out once it is written under the key, where nobody else has written meanwhile. Where that
 *   cannot be done the lead begins anew: what was not written goes back unused. So two who hold themselves
 *   for the leader, and a server that lost what was written, come to nothing worse than waiting.
 * - A unit that says nothing any more is forgotten; its permits are not, since it may live and use them.
 *
 * @module
 */

import { type Cancel, type Clock, every, sleep } from "../../../ports/clock.ts";
import type { Json } from "../../../ports/fleet/bus.ts";
import type { FleetLine, FleetView } from "../../../ports/fleet/fleet.ts";
import type { Log } from "../../../ports/log.ts";
import { GatehouseError, messageOf } from "../../../protocol/errors.ts";
import { BEAT_MS, LEASE_MS } from "../../../protocol/fleet.ts";
import type { IdentifySnapshot } from "../../../protocol/status.ts";
import { type IdentifyBudget, lower } from "../budget.ts";
import { IdentifyQueue } from "../queue.ts";
import { ASK_MS, TELL_EVERY_MS, TRAVEL_MS } from "./gate.ts";
import { type Claim, claimName, claimsOf } from "./claims.ts";
import { budgetFor, encodeRecord, IDENTIFY_KEY, parseRecord } from "./record.ts";
import {
  allowSubject,
  type Answer,
  identifySubject,
  parseTold,
  type Permitted,
  STANDING_SUBJECT,
  type Told,
} from "./words.ts";

/** For so long units have time to tell a new leader what they want, before it allows anything. */
export const ROLL_CALL_MS = 10_000;
/** Who has told nothing for so long is forgotten: by now others have its shards, and expect them. */
export const SILENCE_MS = LEASE_MS + BEAT_MS + TELL_EVERY_MS + 1_000;
/** Between two tries to take the key, and two times that all are told how things stand. */
const TICK_MS = 1_000;

/** All are told how things stand though nothing has changed. */
const SAY_AGAIN_MS = 10_000;

/** What a lead takes. */
export interface LeadOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly line: Pick<FleetLine, "bus" | "keys" | "isUp" | "watch">;
  readonly view: Pick<FleetView, "self" | "members" | "term" | "watch">;
  /** Another one for each process. */
  readonly life: string;
  readonly maxConcurrency: number;
  /** `SPAWN_SHARD_DELAY_MS`. */
  readonly spacingMs: number;
  /** Identifies that are kept back. */
  readonly reserve: number;
  /** What this unit knows of the day's identifies. */
  readonly budget: () => IdentifyBudget;
}

/** What a unit told last; what it had used is dealt with. */
interface Heard {
  readonly told: Told;
  readonly atMs: number;
}

/** The lead of one term. */
export class IdentifyLead {
  readonly #options: LeadOptions;
  readonly #term: number;
  readonly #heard = new Map<string, Heard>();
  /** Units that have told since the key was taken. */
  readonly #present = new Set<string>();
  /** Names of the permits that go out once they are written down. */
  readonly #granted = new Set<string>();
  /** Names of the permits that are written down. */
  readonly #written = new Set<string>();
  /** Names of those that were so when the key was taken: whether their units have got them is not known. */
  readonly #inherited = new Set<string>();
  readonly #cancels: readonly Cancel[];
  #queue: IdentifyQueue<Claim> | null = null;
  /** The permits that are out while there is no queue. */
  #claims: readonly Claim[] = [];
  #budget: IdentifyBudget;
  #revision = 0;
  /** When the key was taken; `null`: it is not. */
  #takenMs: number | null = null;
  /** Another one each time that this begins. */
  #round = Symbol();
  /** Why nobody is allowed while there is no queue. */
  #why = "";
  #isWriting = false;
  #isChanged = false;
  #said = "";
  #cancelCall: Cancel = () => {};

  constructor(options: LeadOptions, term: number) {
    const { clock, line, view } = options;
    this.#options = options;
    this.#term = term;
    this.#budget = options.budget();
    this.#cancels = [
      line.bus.answer(identifySubject(view.self), (value) => this.#hear(parseTold(value))),
      line.watch((isUp) => isUp || this.#begin("the line to the other units went down")),
      view.watch(() => this.#call()),
      every(clock, TICK_MS, () => this.#tick()),
    ];
    this.#begin(null);
  }

  /** Allows nothing any more. */
  stop(): void {
    this.#round = Symbol();
    for (const cancel of this.#cancels) cancel();
    this.#shut();
  }

  /** Takes the key as soon as it can; what was not written goes back. */
  #begin(why: string | null): void {
    const { clock, log } = this.#options;
    if (why !== null) log.warn("identifies of the fleet wait until they can be led again", { why });
    this.#why = "has just begun to lead";
    const round = this.#round = Symbol();
    this.#shut();
    const take = async () => {
      while (this.#round === round && !await this.#take(round)) await sleep(clock, TICK_MS);
    };
    void take();
  }

  #shut(): void {
    this.#cancelCall();
    this.#isWriting = false;
    this.#takenMs = null;
    this.#granted.clear();
    if (!this.#queue) return;
    const { permits, budget } = this.#queue;
    this.#claims = [...permits].filter(([name]) => this.#written.has(name))
      .map(([, { shard }]) => shard);
    this.#budget = budget;
    this.#queue.stop();
    this.#queue = null;
  }

  /** Writes down that this one leads; whether it did. */
  async #take(round: symbol): Promise<boolean> {
    const { clock, log, line: { keys }, view, life, budget } = this.#options;
    if (view.term !== this.#term) return false;
    try {
      const entry = await keys.get(IDENTIFY_KEY);
      const record = parseRecord(entry?.value);
      const claims = [...this.#claims, ...record?.permits ?? []];
      const permits = [...new Map(claims.map((claim) => [claimName(claim), claim])).values()];
      const left = [budget(), ...(record ? [budgetFor(life, record)] : [])]
        .reduce((one, other) => lower(one, other, clock.epochMs()), this.#budget);
      const value = this.#record(permits, left);
      const revision = entry
        ? await keys.update(IDENTIFY_KEY, value, entry.revision)
        : await keys.create(IDENTIFY_KEY, value);
      if (this.#round !== round || revision === null) return false;
      [this.#claims, this.#budget, this.#revision] = [permits, left, revision];
    } catch (error) {
      this.#why = `cannot write key ${IDENTIFY_KEY}: ${messageOf(error)}`;
      log.debug("key identify cannot be taken", { error: messageOf(error) });
      return false;
    }
    const about = { permits: this.#claims.length, remaining: this.#budget.remaining };
    log.info("this unit leads the identifies of the fleet", about);
    this.#why = "waits for all units to say which shards wait";
    this.#takenMs = clock.now();
    this.#present.clear();
    this.#say(null);
    this.#cancelCall = clock.after(ROLL_CALL_MS, () => this.#open());
    return true;
  }

  /** Opens where all have told what they want. */
  #call(): void {
    if (this.#options.view.members.every((unit) => this.#present.has(unit))) this.#open();
  }

  #open(): void {
    if (this.#queue || this.#takenMs === null) return;
    const { clock, maxConcurrency, spacingMs, reserve } = this.#options;
    const takenMs = clock.epochMs() - (clock.now() - this.#takenMs);
    const keys = Array.from({ length: maxConcurrency }, (_, key) => [key, takenMs]);
    const queue = this.#queue = new IdentifyQueue<Claim>({
      clock,
      maxConcurrency,
      spacingMs,
      budget: this.#budget,
      reserve,
      lastSentAtMs: Object.fromEntries(keys),
      nameOf: claimName,
      allow: (claim) => {
        this.#granted.add(claimName(claim));
        this.#writeSoon();
      },
      spent: () => void (this.#isChanged = true),
    });
    const names = this.#claims.map(claimName);
    for (const set of [this.#written, this.#inherited]) {
      set.clear();
      for (const name of names) set.add(name);
    }
    queue.together(() => {
      for (const claim of this.#claims) queue.adopt(claim);
      for (const { told } of this.#heard.values()) this.#reconcile(queue, told, null);
    });
    this.#claims = [];
  }

  #hear(told: Told): Json {
    const { clock, view } = this.#options;
    const { unit, life, version } = told;
    if (view.term !== this.#term) {
      const text = `Cannot allow identifies: ${view.self} is not sure that it leads`;
      throw new GatehouseError("refused", "peer", text);
    }
    const before = this.#heard.get(unit)?.told ?? null;
    // One that was overtaken on its way says nothing new.
    if (before?.life !== life || before.version < version) {
      this.#heard.set(unit, { told, atMs: clock.now() });
      this.#present.add(unit);
      const queue = this.#queue;
      if (queue) queue.together(() => this.#reconcile(queue, told, before));
      else this.#call();
    }
    const answer: Answer = {
      heard: this.#heard.get(unit)!.told.usedBefore,
      permits: this.#permitted([...claimsOf(told).wants.values()]),
      snapshot: this.#queue?.snapshot ?? null,
      why: this.#queue ? "" : this.#why,
    };
    return { ...answer } as Json;
  }

  /** What a unit has told becomes what the queue knows of it: first what is there, then what is no more. */
  #reconcile(queue: IdentifyQueue<Claim>, told: Told, before: Told | null): void {
    const { clock } = this.#options;
    const { unit, life, turn, used, budget: { total, remaining, resetAfterMs } } = told;
    const claims = claimsOf(told);
    queue.know({ total, remaining, resetAtMs: clock.epochMs() + resetAfterMs });
    for (const [name, claim] of claims.wants) {
      // Whoever gave it is gone, and the unit has not got it.
      if (this.#inherited.delete(name)) queue.release(claim);
      if (!queue.permits.has(name)) queue.request(claim);
    }
    queue.expect([...claims.expects.values()]);
    for (const [name, claim] of claims.holds) {
      this.#inherited.delete(name);
      if (queue.permits.has(name)) continue;
      queue.adopt(claim);
      this.#isChanged = true;
    }
    const dealtWith = before?.life === life ? before.usedBefore - told.usedBefore : 0;
    for (const claim of claims.used.slice(Math.max(0, dealtWith))) {
      queue.sent(claim, queue.permits.get(claimName(claim))?.number ?? 0);
    }
    const usedBefore = told.usedBefore + used.length;
    const { atMs } = this.#heard.get(unit)!;
    this.#heard.set(unit, { told: { ...told, used: [], usedBefore }, atMs });
    for (const [name, { shard }] of [...queue.permits]) {
      const isKnown = claims.wants.has(name) || claims.holds.has(name);
      if (isKnown || shard.unit !== unit || shard.life !== life || shard.turn > turn) continue;
      // One that this leader gave was given back; what became of another one nobody can tell.
      if (this.#inherited.delete(name)) queue.lost([shard]);
      else queue.release(shard);
    }
    const isAsked = (name: string) => claims.wants.has(name) || claims.expects.has(name);
    if (before) this.#drop(queue, before, isAsked);
  }

  /** What a unit asked for is forgotten, but for what it still asks for. Permits that are out are not. */
  #drop(queue: IdentifyQueue<Claim>, told: Told, isAsked: (name: string) => boolean): void {
    const { wants, expects } = claimsOf(told);
    for (const [name, claim] of [...wants, ...expects]) {
      const isOut = queue.permits.has(name) && this.#written.has(name);
      if (!isAsked(name) && !isOut) queue.release(claim);
    }
  }

  /** A unit is away, with these permits: it gets others when it tells again. Later groups wait for it, for a while. */
  #hold(queue: IdentifyQueue<Claim>, unit: string, permits: readonly Claim[]): void {
    const heard = this.#heard.get(unit);
    queue.together(() => {
      for (const claim of permits) queue.release(claim);
      for (const [name, claim] of heard ? claimsOf(heard.told).wants : []) {
        if (queue.permits.has(name)) continue;
        queue.release(claim);
        queue.expect([claim]);
      }
    });
  }

  #forget(unit: string): void {
    const queue = this.#queue;
    const heard = this.#heard.get(unit);
    this.#heard.delete(unit);
    if (heard && queue) queue.together(() => this.#drop(queue, heard.told, () => false));
  }

  #tick(): void {
    const { clock } = this.#options;
    // Who wants something tells it all the time.
    for (const [unit, { told, atMs }] of this.#heard) {
      const isSilent = clock.now() - atMs > SILENCE_MS;
      if (isSilent && told.wants.length + told.expects.length > 0) this.#forget(unit);
    }
    const queue = this.#queue;
    const isGone = (name: string) => !queue?.permits.has(name);
    if (this.#isChanged || [...this.#written].some(isGone)) this.#writeSoon();
    if (this.#takenMs !== null) this.#say(queue?.snapshot ?? null);
  }

  #say(snapshot: IdentifySnapshot | null): void {
    const { clock, line, view: { self: leader } } = this.#options;
    const { waiting, remaining, total, held } = snapshot ?? {};
    // What was not heard is said again.
    const times = Math.floor(clock.now() / SAY_AGAIN_MS);
    const said = JSON.stringify([waiting, remaining, total, held, times]);
    if (snapshot !== null && said === this.#said) return;
    this.#said = said;
    line.bus.publish(STANDING_SUBJECT, { leader, snapshot: snapshot && { ...snapshot } } as Json);
  }

  #writeSoon(): void {
    const round = this.#round;
    this.#isChanged = true;
    this.#options.clock.soon(() => void (this.#round === round && this.#write(round)));
  }

  /** Writes the permits down that are out, and then lets those out that were not. */
  async #write(round: symbol): Promise<void> {
    const { line: { keys }, view } = this.#options;
    const queue = this.#queue;
    if (this.#isWriting || !this.#isChanged || !queue) return;
    if (view.term !== this.#term) return this.#begin("this unit is not sure that it leads");
    this.#isWriting = true;
    this.#isChanged = false;
    const claims = [...queue.permits.values()].map(({ shard }) => shard);
    const why = await keys.update(IDENTIFY_KEY, this.#record(claims, queue.budget), this.#revision)
      .then((revision) => {
        if (revision === null) return "key identify is not as this unit has written it";
        if (this.#round === round) this.#revision = revision;
        return null;
      }, messageOf);
    if (this.#round !== round) return;
    if (why !== null) return this.#begin(why);
    this.#isWriting = false;
    const fresh = claims.filter((claim) => this.#granted.delete(claimName(claim)));
    for (const name of this.#granted) if (!queue.permits.has(name)) this.#granted.delete(name);
    this.#written.clear();
    for (const claim of claims) this.#written.add(claimName(claim));
    this.#send(queue, fresh);
    if (this.#isChanged) this.#writeSoon();
  }

  #record(permits: readonly Claim[], budget: IdentifyBudget): Json {
    const { view: { self: unit }, life } = this.#options;
    return encodeRecord({ unit, term: this.#term, life, budget, permits });
  }

  #send(queue: IdentifyQueue<Claim>, claims: readonly Claim[]): void {
    const { clock, line } = this.#options;
    for (const [unit, own] of Map.groupBy(claims, (claim) => claim.unit)) {
      const permits = this.#permitted(own);
      if (permits.length === 0) continue;
      const sentMs = clock.now();
      const value = { life: own[0]!.life, permits } as unknown as Json;
      line.bus.ask(allowSubject(unit), value, ASK_MS).catch((error) => {
        // Without an answer nobody knows. Where nobody is, nobody has got them.
        const isAway = error instanceof GatehouseError && error.code === "away";
        // Where it has told something since, it may have got them with the answer.
        const hasTold = (this.#heard.get(unit)?.atMs ?? -Infinity) >= sentMs;
        if (!isAway || hasTold || !line.isUp || this.#queue !== queue) return;
        this.#hold(queue, unit, own);
      });
    }
  }

  /** Those of these claims whose permits are out, as their unit takes them. */
  #permitted(claims: readonly Claim[]): Permitted[] {
    return claims.flatMap((claim): Permitted[] => {
      const { unit, life, total, id, turn } = claim;
      const name = claimName(claim);
      const permit = this.#queue?.permits.get(name);
      const heard = this.#heard.get(unit);
      if (!permit || !this.#written.has(name) || heard?.told.life !== life) return [];
      // What it told was told before it was heard: its clock was at least so far when the permit was given.
      const givenMs = heard.told.nowMs + permit.atMs - heard.atMs;
      return [[total, id, turn, givenMs + TRAVEL_MS]];
    });
  }
}
