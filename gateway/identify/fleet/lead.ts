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
import type { IdentifySnapshot } from "../../../protocol/status.ts";
import { type IdentifyBudget, lower } from "../budget.ts";
import { IdentifyQueue } from "../queue.ts";
import { ASK_MS } from "./gate.ts";
import { type Claim, claimName, claimsOf } from "./claims.ts";
import { budgetFor, encodeRecord, IDENTIFY_KEY, parseRecord } from "./record.ts";
import { Roll } from "./roll.ts";
import {
  allowSubject,
  type Answer,
  identifySubject,
  parseTold,
  STANDING_SUBJECT,
  type Told,
} from "./words.ts";

/** For so long units have time to tell a new leader what they want, before it allows anything. */
export const ROLL_CALL_MS = 10_000;
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

/** The lead of one term. */
export class IdentifyLead {
  readonly #options: LeadOptions;
  readonly #term: number;
  readonly #roll: Roll;
  /** Units that have told since the key was taken. */
  readonly #present = new Set<string>();
  /** Names of the permits that go out once they are written down. */
  readonly #granted = new Set<string>();
  /** Names of the permits that are written down. */
  readonly #written = new Set<string>();
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
    this.#roll = new Roll(clock, this.#written);
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
    this.#roll.shut();
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
    this.#written.clear();
    for (const claim of this.#claims) this.#written.add(claimName(claim));
    this.#roll.open(queue, this.#claims);
    this.#claims = [];
  }

  #hear(told: Told): Json {
    const { view } = this.#options;
    if (view.term !== this.#term) {
      const text = `Cannot allow identifies: ${view.self} is not sure that it leads`;
      throw new GatehouseError("refused", "peer", text);
    }
    if (this.#roll.hear(told)) {
      this.#present.add(told.unit);
      this.#call();
    }
    const answer: Answer = {
      heard: this.#roll.usedOf(told.unit),
      permits: this.#roll.permitted([...claimsOf(told).wants.values()]),
      snapshot: this.#queue?.snapshot ?? null,
      why: this.#queue ? "" : this.#why,
    };
    return { ...answer } as Json;
  }

  #tick(): void {
    this.#roll.forgetSilent();
    const queue = this.#queue;
    const names = [...queue?.permits.keys() ?? []];
    const isWritten = names.length === this.#written.size &&
      names.every((name) => this.#written.has(name));
    if (this.#isChanged || !isWritten) this.#writeSoon();
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
      const permits = this.#roll.permitted(own);
      if (permits.length === 0) continue;
      const sentMs = clock.now();
      const value = { life: own[0]!.life, permits } as unknown as Json;
      line.bus.ask(allowSubject(unit), value, ASK_MS).catch((error) => {
        // Without an answer nobody knows. Where nobody is, nobody has got them.
        const isAway = error instanceof GatehouseError && error.code === "away";
        if (isAway && line.isUp && this.#queue === queue) this.#roll.away(unit, own, sentMs);
      });
    }
  }
}
