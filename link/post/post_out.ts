/**
 * A cluster at an `http` or `https` address: what a link brings it is POSTed, and what it answers with 2xx is
 * acknowledged. To the links it is what a socket is, with a consumer at the other end that takes no calls.
 *
 * A POST that fails takes the link down, so that events wait as for any cluster that is away. The batches that
 * were under way are kept, and tried until one is taken: then the link is up again.
 *
 * @module
 */

import {
  type Acknowledged,
  encodeLinkMessage,
  EVENT_LINK_VERSION,
  parseLinkMessage,
} from "../../protocol/event_frame.ts";
import { messageOf } from "../../protocol/errors.ts";
import type { ClusterKey } from "../../protocol/peer.ts";
import { type Cancel, type Clock, within } from "../../ports/clock.ts";
import type { HttpPost } from "../../ports/http/post.ts";
import { redialDelayMs } from "../../ports/redial.ts";
import type { Random } from "../../ports/random.ts";
import type { LinkEvents, Links } from "../links.ts";
import { Batches, type BatchLimits, type PostBatch } from "./batches.ts";
import { encodePost, postedBytes } from "./body.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { signedHeaders } from "./signature.ts";

/** How many POSTs may be under way to a receiver at a time, from each worker; of a shard one. */
export const MOST_POSTS = 8;
/** Most events, and bytes, of one POST; a receiver that says 413 gets less. */
export const BATCH_LIMITS: BatchLimits = { events: 500, bytes: 256 * 1024 };
/** Credit that the receiver gives: so much is here unacknowledged at most. */
const WINDOW_BYTES = 8 * 1024 * 1024;
/** How long POSTs that are under way are waited for when we stop. */
const LAST_ANSWERS_MS = 3_000;

/** Settings of all POSTs. */
export interface PostSettings {
  /** How long an event may wait for others to share its POST; 0: not at all. */
  readonly waitMs: number;
  /** Time for an answer. */
  readonly answerMs: number;
}

/** What posting to a cluster needs. */
export interface PostOutOptions extends PostSettings {
  readonly peer: ClusterKey;
  readonly url: string;
  /** Signs the POSTs; `null`: nobody does. */
  readonly secretKey: string | null;
  /** Sent with each. */
  readonly headers: Readonly<Record<string, string>>;
  readonly links: Pick<Links, "accept" | "acknowledge" | "stream">;
  readonly clock: Clock;
  readonly random: Random;
  readonly post: HttpPost;
  /** Names a batch, never twice the same. */
  readonly newId: () => string;
  /** A POST failed, and the next follows after so long. */
  readonly failed: (failure: PostFailure) => void;
}

/** Why a POST failed. */
export interface PostFailure {
  readonly kind: "later" | "refused";
  readonly reason: string;
  /** Where it will not get better by itself: what to look at. */
  readonly hint?: string;
  readonly delayMs: number;
  /** Which batch; `null`: none was the cause. */
  readonly batchId: string | null;
}

/** The way to one receiver. */
export class PostOut {
  readonly #options: PostOutOptions;
  readonly #batches: Batches;
  /** What is under way, and what ends it. */
  readonly #flying = new Map<PostBatch, AbortController>();
  readonly #answers = new Set<Promise<void>>();
  /** Batches that failed, to be sent again as they are. */
  #held: PostBatch[] = [];
  #limits: BatchLimits = BATCH_LIMITS;
  /** While the link is up. */
  #line: LinkEvents | null = null;
  #failures = 0;
  #isLeaving = false;
  #isOver = false;
  /** Ends the pause before the next batch, or the next try. */
  #cancel: Cancel | null = null;

  /** Asks at once whether the receiver is there. */
  constructor(options: PostOutOptions) {
    this.#options = options;
    this.#batches = new Batches(options.newId);
    this.#try();
  }

  /** Whether something is under way. */
  get isPosting(): boolean {
    return this.#flying.size > 0;
  }

  /**
   * Sends nothing more; resolves when what is under way has its answer, or has had 3 s for it. Who is sent nothing
   * is away from then on.
   */
  async settled(): Promise<void> {
    this.#isLeaving = true;
    this.#cancel?.();
    await within(this.#options.clock, LAST_ANSWERS_MS, Promise.all(this.#answers));
    this.#unlink();
  }

  /** Ends everything; what is under way may have arrived. */
  hangUp(): void {
    this.#isLeaving = true;
    this.#cancel?.();
    for (const end of this.#flying.values()) end.abort();
    this.#unlink();
  }

  #unlink(): void {
    this.#isOver = true;
    const line = this.#line;
    this.#line = null;
    line?.closed();
  }

  /** Sends what failed first, or nothing at all: the answer says whether the receiver is there. */
  #try(): void {
    this.#cancel = null;
    const batch = this.#held.shift() ?? { id: this.#options.newId(), events: [] };
    this.#send(batch, (outcome) => {
      if (outcome.kind === "later" || outcome.kind === "refused") {
        this.#hold(batch);
        return this.#failed(batch, outcome);
      }
      if (outcome.kind === "too large") this.#lessThan(batch);
      // What is not kept comes again with the link.
      this.#batches.forgetAllBut(this.#kept);
      this.#up();
      if (outcome.kind === "delivered") this.#delivered(batch);
    });
  }

  #up(): void {
    const { links, peer } = this.#options;
    this.#failures = 0;
    const line: LinkEvents = links.accept({
      send: (text) => this.#hear(text),
      sendBytes: (bytes) => this.#take(bytes),
      close: (_, reason) => this.#closed(line, reason),
    }, peer);
    this.#line = line;
    const v = EVENT_LINK_VERSION;
    const hello = { op: "hello", v, clusterId: peer.id, windowBytes: WINDOW_BYTES } as const;
    line.text(encodeLinkMessage(hello));
    if (this.#isLeaving) return;
    for (const each of this.#held.splice(0)) this.#post(each);
  }

  #hear(text: string): void {
    if (parseLinkMessage(text).op === "bye") this.#isLeaving = true;
  }

  #take(bytes: Uint8Array<ArrayBuffer>): void {
    const again = this.#batches.take(bytes);
    if (again) this.#acknowledge([again]);
    if (this.#batches.waitingBytes >= this.#limits.bytes) this.#pump();
    else this.#pumpSoon();
  }

  #pumpSoon(): void {
    const { clock, waitMs } = this.#options;
    const pump = () => this.#pump();
    this.#cancel ??= waitMs === 0 ? clock.soon(pump) : clock.after(waitMs, pump);
  }

  #pump(): void {
    this.#cancel?.();
    this.#cancel = null;
    while (this.#line && !this.#isLeaving && this.#flying.size < MOST_POSTS) {
      const batch = this.#batches.next(this.#limits);
      if (!batch) return;
      this.#post(batch);
    }
  }

  #post(batch: PostBatch): void {
    this.#send(batch, (outcome) => {
      if (outcome.kind === "delivered") return this.#delivered(batch);
      if (outcome.kind === "too large") return this.#divide(batch);
      this.#hold(batch);
      // What fails after the first is known to.
      if (this.#line) this.#failed(batch, outcome);
    });
  }

  #delivered(batch: PostBatch): void {
    this.#acknowledge(this.#batches.delivered(batch));
    if (this.#line && this.#batches.hasNext) this.#pumpSoon();
  }

  #divide(batch: PostBatch): void {
    this.#lessThan(batch);
    if (!this.#line) return this.#batches.forgetAllBut(this.#kept);
    this.#batches.dissolve(batch);
    this.#pump();
  }

  /** From here on batches are half as large as this one. */
  #lessThan({ events }: PostBatch): void {
    const bytes = events.reduce((sum, { record }) => sum + postedBytes(record), 0);
    const half = { events: Math.ceil(events.length / 2), bytes: Math.ceil(bytes / 2) };
    this.#limits = {
      events: Math.min(this.#limits.events, half.events),
      bytes: Math.min(this.#limits.bytes, half.bytes),
    };
  }

  #hold(batch: PostBatch): void {
    if (batch.events.length > 0) this.#held.push(batch);
  }

  /** Batches whose events are here, whatever comes. */
  get #kept(): PostBatch[] {
    return [...this.#flying.keys(), ...this.#held];
  }

  #failed(batch: PostBatch, outcome: Extract<Outcome, { kind: "later" | "refused" }>): void {
    const { afterMs = 0, ...why } = { afterMs: undefined, ...outcome };
    const delayMs = this.#down(afterMs);
    this.#options.failed({ ...why, delayMs, batchId: batch.id });
  }

  #closed(line: LinkEvents, reason: string): void {
    if (line !== this.#line || this.#isLeaving) return;
    this.#options.failed({ kind: "later", reason, delayMs: this.#down(0), batchId: null });
  }

  /** Events wait from here on. Gives how long until the next try. */
  #down(leastMs: number): number {
    const { clock, random } = this.#options;
    const line = this.#line;
    this.#line = null;
    this.#batches.forgetAllBut(this.#kept);
    this.#cancel?.();
    const delayMs = Math.round(Math.max(leastMs, redialDelayMs(++this.#failures, random)));
    this.#cancel = clock.after(delayMs, () => this.#try());
    line?.closed();
    return delayMs;
  }

  #acknowledge(all: readonly Acknowledged[]): void {
    const { links, peer } = this.#options;
    if (this.#line) { for (const done of all) links.acknowledge(peer, done); }
  }

  #send(batch: PostBatch, then: (outcome: Outcome) => void): void {
    const end = new AbortController();
    this.#flying.set(batch, end);
    const answer = this.#exchange(batch, end).then((outcome) => {
      this.#flying.delete(batch);
      this.#answers.delete(answer);
      // What was asked for is still acknowledged, as long as there is somebody to tell.
      const isWanted = !this.#isLeaving || outcome.kind === "delivered";
      if (isWanted && !this.#isOver) then(outcome);
    });
    // One that only asks whether somebody is there has nothing to acknowledge.
    if (batch.events.length > 0) this.#answers.add(answer);
  }

  async #exchange(batch: PostBatch, end: AbortController): Promise<Outcome> {
    const { url, secretKey, headers, links, clock, answerMs, post } = this.#options;
    const body = encodePost(links.stream, batch.events);
    const cancel = clock.after(answerMs, () => end.abort());
    try {
      const answer = await post({
        url,
        headers: {
          "content-type": "application/json",
          "user-agent": "Gatehouse",
          ...headers,
          ...signedHeaders(secretKey, batch.id, clock.epochMs(), body),
        },
        body,
        signal: end.signal,
      });
      return outcomeOf(answer, clock.epochMs(), batch.events.length);
    } catch (error) {
      const reason = end.signal.aborted ? `no answer within ${answerMs} ms` : messageOf(error);
      return { kind: "later", reason, afterMs: 0 };
    } finally {
      cancel();
    }
  }
}
