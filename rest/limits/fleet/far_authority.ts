/**
 * An authority in another unit. What is wanted of it within one turn of the event loop goes in one message; what
 * is lost on the way, or forgotten by the other side, ends the conversation, and all that was in it is asked anew.
 *
 * @module
 */

import type { Json } from "../../../ports/fleet/bus.ts";
import type { Cancel, Clock } from "../../../ports/clock.ts";
import type { Report } from "../rate_report.ts";
import type { Answer, Authority, Claim, Outcome, PermitWant, Want } from "./authority.ts";
import { type Asking, type Telling, writeAsking } from "./words.ts";

/** A unit that does not answer for so long has the say no more, until it answers. */
export const SILENT_MS = 1_000;
/** While something is wanted or out the other side is asked at least so often whether it is there. */
export const PING_MS = 400;
/** What was given so long ago may be somebody else's by now. */
export const FRESH_MS = 1_000;
/** What is over may wait so long for something else to be said: of a permit, for which others may wait, and of a place. */
const OVER_MS = { permit: 5, place: 20 } as const;
/** So much goes in one message. */
const MOST_ITEMS = 500;

/** What it needs. */
export interface FarAuthorityOptions {
  readonly clock: Clock;
  /** The name of this unit, and of this life of it. */
  readonly self: string;
  readonly life: string;
  /** The number of the next conversation: this life of this unit has used none twice. */
  readonly nextSession: () => number;
  /** It is given so much less time for a permit than there is, for the way back. */
  readonly wayBackMs: number;
  /** Says something to the other unit. */
  readonly say: (value: Json) => void;
  /** It fell silent, is back, or has forgotten what it was asked. */
  readonly changed: () => void;
}

interface Open {
  readonly kind: Want["kind"];
  readonly answer: Answer | null;
  isSaid: boolean;
}

type Items = {
  -readonly [Kind in "recalls" | "pauses" | "adopts" | "asks" | "leaves" | "overs"]: Asking[
    Kind
  ][number][];
};

/** An authority in another unit. */
export class FarAuthority implements Authority {
  readonly #options: FarAuthorityOptions;
  readonly #open = new Map<number, Open>();
  #items = noItems();
  #ids = 0;
  #session: number;
  /** Messages of this conversation that were said, and heard. */
  #said = 0;
  #heard = 0;
  /** Those that the other side has not seen yet, the oldest first. */
  #unseen: { readonly n: number; readonly atMs: number }[] = [];
  #saidMs = -Infinity;
  #isSilent = false;
  #cancelFlush: Cancel | null = null;
  #flushMs = 0;
  #cancelTick: Cancel | null = null;
  #isClosed = false;

  constructor(options: FarAuthorityOptions) {
    this.#options = options;
    this.#session = options.nextSession();
  }

  /** See {@linkcode Authority.epoch}. */
  get epoch(): number {
    return this.#session;
  }

  /** Whether it does not answer. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** See {@linkcode Authority.ask}. */
  ask(want: Want, answer: Answer): Claim {
    const id = this.#add(want, answer);
    this.#items.asks.push([id, want]);
    return this.#claim(id);
  }

  /** See {@linkcode Authority.adopt}. */
  adopt(want: Want): Claim {
    const id = this.#add(want, null);
    this.#items.adopts.push([id, want]);
    return this.#claim(id);
  }

  /** See {@linkcode Authority.recall}. */
  recall(want: PermitWant, report: Report): void {
    this.#items.recalls.push([want, report]);
    this.#stir();
  }

  /** See {@linkcode Authority.pause}. */
  pause(credential: string, forMs: number): void {
    this.#items.pauses.push([credential, forMs]);
    this.#stir();
  }

  /** The other unit has said something. */
  hear(telling: Telling): void {
    const { life } = this.#options;
    if (this.#isClosed || telling.life !== life || telling.session !== this.#session) return;
    if (telling.isOver || telling.n !== this.#heard) {
      this.#isSilent = false;
      return this.#beginAnew();
    }
    this.#heard++;
    const seen = this.#unseen.findLastIndex(({ n }) => n <= telling.seen);
    this.#unseen.splice(0, seen + 1);
    if (this.#isSilent) {
      this.#isSilent = false;
      this.#options.changed();
    }
    const isStale = this.#options.clock.now() - telling.atMs > FRESH_MS;
    for (const id of telling.gives) this.#give(id, isStale);
    for (const [id, why, retryAfterMs] of telling.refusals) {
      this.#take(id)?.answer?.refused(why, retryAfterMs);
    }
    for (const id of telling.moves) this.#take(id)?.answer?.moved();
  }

  /** Says what it has to say yet, and says and hears nothing any more. */
  close(): void {
    if (this.#cancelFlush) this.#flush();
    this.#isClosed = true;
    this.#cancelTick?.();
  }

  #give(id: number, isStale: boolean): void {
    const answer = this.#open.get(id)?.answer;
    if (!answer) return;
    if (!isStale) return answer.given();
    this.#over(id, "unused");
    answer.moved();
  }

  #add({ kind }: Want, answer: Answer | null): number {
    const id = ++this.#ids;
    this.#open.set(id, { kind, answer, isSaid: false });
    this.#stir();
    return id;
  }

  #take(id: number): Open | undefined {
    const open = this.#open.get(id);
    this.#open.delete(id);
    return open;
  }

  #claim(id: number): Claim {
    const session = this.#session;
    return {
      leave: () => {
        // What has not been said yet, is not.
        if (session !== this.#session || !this.#take(id)?.isSaid) return;
        this.#items.leaves.push(id);
        this.#stir();
      },
      over: (outcome) => {
        if (session === this.#session) this.#over(id, outcome);
      },
    };
  }

  #over(id: number, outcome: Outcome): void {
    const open = this.#take(id);
    if (!open) return;
    this.#items.overs.push([id, outcome]);
    this.#stir(OVER_MS[open.kind]);
  }

  /** Something is to be said: when all that comes within this turn is there, or with what comes until then. */
  #stir(withinMs = 0): void {
    const { clock } = this.#options;
    const dueMs = clock.now() + withinMs;
    if (this.#isClosed || (this.#cancelFlush && this.#flushMs <= dueMs)) return;
    this.#cancelFlush?.();
    this.#flushMs = dueMs;
    const flush = () => this.#flush();
    this.#cancelFlush = withinMs === 0 ? clock.soon(flush) : clock.after(withinMs, flush);
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    this.#items.asks = this.#items.asks.filter(([id]) => this.#open.has(id));
    for (const [id] of this.#items.asks) this.#open.get(id)!.isSaid = true;
    do this.#say(portion(this.#items)); while (
      Object.values(this.#items).some(({ length }) => length)
    );
  }

  #say(items: Items): void {
    const { clock, self, life, wayBackMs, say } = this.#options;
    const atMs = clock.now();
    const n = this.#said++;
    this.#saidMs = atMs;
    this.#unseen.push({ n, atMs });
    const head = { unit: self, life, session: this.#session, n, atMs };
    say(writeAsking({ ...head, ...items }, atMs + wayBackMs));
    this.#wake(atMs);
  }

  #tick(): void {
    this.#cancelTick = null;
    const nowMs = this.#options.clock.now();
    const [oldest] = this.#unseen;
    if (this.#isSilent) {
      if (nowMs - this.#saidMs >= SILENT_MS) this.#knock();
    } else if (oldest && nowMs - oldest.atMs >= SILENT_MS) {
      this.#isSilent = true;
      this.#beginAnew();
    } else if (this.#open.size > 0 && nowMs - this.#saidMs >= PING_MS) this.#say(noItems());
    this.#wake(nowMs);
  }

  /** Sees to it that the next ping, or the end of what it waits for, is not missed. */
  #wake(nowMs: number): void {
    if (this.#cancelTick || this.#isClosed) return;
    const pingMs = this.#isSilent ? this.#saidMs + SILENT_MS : this.#saidMs + PING_MS;
    const endMs = (this.#unseen[0]?.atMs ?? Infinity) + SILENT_MS;
    const dueMs = Math.min(this.#isSilent || this.#open.size > 0 ? pingMs : Infinity, endMs);
    if (dueMs === Infinity) return;
    this.#cancelTick = this.#options.clock.after(Math.max(1, dueMs - nowMs), () => this.#tick());
  }

  /** Whether it is there again: each time in a conversation of its own, of which nothing is lost. */
  #knock(): void {
    this.#forget();
    this.#say(noItems());
  }

  #beginAnew(): void {
    this.#forget();
    this.#options.changed();
  }

  #forget(): void {
    this.#session = this.#options.nextSession();
    this.#said = this.#heard = 0;
    this.#unseen = [];
    this.#items = noItems();
    this.#open.clear();
  }
}

function noItems(): Items {
  return { recalls: [], pauses: [], adopts: [], asks: [], leaves: [], overs: [] };
}

/** Takes out what goes in one message: what is told first, then what is out, then what is new. */
function portion(items: Items): Items {
  let room = MOST_ITEMS;
  const some = <Item>(list: Item[]): Item[] => {
    const taken = list.splice(0, room);
    room -= taken.length;
    return taken;
  };
  const { recalls, pauses, adopts, asks, leaves, overs } = items;
  return {
    recalls: some(recalls),
    pauses: some(pauses),
    adopts: some(adopts),
    asks: some(asks),
    leaves: some(leaves),
    overs: some(overs),
  };
}
