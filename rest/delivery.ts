/**
 * Brings one request to Discord: waits for its permit, sends it, learns from the answer, and tries
 * again only where it provably was not carried out.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import { readStart } from "../ports/http/body.ts";
import { type Clock, sleep } from "../ports/clock.ts";
import { HttpError, type HttpSend } from "../ports/http/client.ts";
import type { Log } from "../ports/log.ts";
import type { RestSnapshot } from "../protocol/status.ts";
import type { DeadEnds } from "./dead_ends.ts";
import { type InvalidFuse, isInvalid } from "./invalid_fuse.ts";
import { type LaneName, LANES, type Permit, type Permits, TooLong } from "./limits/permits.ts";
import type { Problem } from "./problem.ts";
import type { HeaderPairs } from "./proxy_headers.ts";
import { readReport, type Report } from "./limits/rate_report.ts";
import type { Arrival, RequestBody } from "./request_body.ts";
import type { Route } from "./route.ts";
import { shapeOf } from "./limits/sub_limits.ts";

/** A request on its way. */
export interface Parcel {
  readonly route: Route;
  readonly lane: LaneName;
  readonly method: string;
  /** API version. */
  readonly version: number;
  /** Path and query at Discord's. */
  readonly path: string;
  /** As Discord gets them. */
  readonly headers: HeaderPairs;
  /** The `Authorization` among them; empty where there is none. */
  readonly credential: string;
  readonly contentType: string | null;
  readonly body: RequestBody;
  /** The caller went away. */
  readonly signal: AbortSignal;
}

/** What is sent of it. */
export type Outgoing = Pick<Parcel, "method" | "path" | "headers" | "body" | "signal">;

/** What came of sending a request once. */
export type Outcome =
  /** `text` is the body of a refusal (401, 403, 404, 429), or its beginning. */
  | { readonly kind: "answered"; readonly answer: Response; readonly text: string | undefined }
  /** No answer in time; Discord may have carried it out all the same. */
  | { readonly kind: "late" }
  /** The caller went away. */
  | { readonly kind: "abandoned" }
  /** `wasSent` false: it provably did not reach Discord. */
  | { readonly kind: "failed"; readonly reason: string; readonly wasSent: boolean };

/** A parcel and how it went so far. */
export interface Trip {
  readonly parcel: Parcel;
  tries: number;
  /** It goes ahead of others, to see what becomes of it: nothing stops it any more. */
  isAhead: boolean;
  /** It does so though the fuse is open. */
  isFuseAhead: boolean;
  arrival: number | undefined;
  /** It went out, and nobody knows what came of it. */
  isLost: boolean;
  /** Scope of a 429 of Discord's, else empty. */
  scope: string;
  /** Scopes of the 429s that the caller has not seen, because it was tried again. */
  readonly retried: string[];
  queueMs: number;
  /** `null` where it never went out. */
  upstreamMs: number | null;
}

/** What the caller gets, and how it came to that. */
export type Delivered = Readonly<Trip> & { readonly result: Response | Problem };

/** What a delivery needs. */
export interface DeliveryOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly send: HttpSend;
  readonly permits: Permits;
  readonly fuse: InvalidFuse;
  readonly deadEnds: DeadEnds;
  /** Whether what Discord says 429 to is tried again. */
  readonly retriesRefusals: boolean;
  /** How long a request waits for its limits at most, ms. */
  readonly patienceMs: number;
  /** Time for the head of an answer, ms. */
  readonly answerMs: number;
}

/** A long body has to be sent first. */
const UPLOAD_MS = 600_000;
/** Answers that are about the request's right to be: small, and looked at. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 429]);
/** So much of them is; a longer one goes on to the caller as it comes. */
const LOOKED_AT_BYTES = 64 * 1024;
/** Tries of a request that does not reach Discord, or that comes too early. */
const MOST_TRIES = 4;
/** Between tries of a request that did not reach Discord; doubled each time. */
const PAUSE_MS = 100;

/** A permit for what has no limit: the first response to an interaction. */
const FREE: Permit = { arrival: 0, settle() {}, lose() {}, giveBack() {} };

/** Brings requests to Discord. */
export class Delivery {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Brings one. Never throws. */
  async deliver(parcel: Parcel): Promise<Delivered> {
    const trip = tripOf(parcel);
    const arrival = await parcel.body.arrives(this.#options.clock, this.#options.answerMs);
    if (arrival !== "here") return { ...trip, result: NOT_HERE[arrival] };
    for (;;) {
      const result = await this.#try(trip);
      if (result !== null) return { ...trip, result };
    }
  }

  /** Tries once; `null` when it may be tried again. */
  async #try(trip: Trip): Promise<Response | Problem | null> {
    const { clock } = this.#options;
    const inVain = this.#inVain(trip);
    if (inVain) return inVain;
    const askedMs = clock.now();
    const permit = await this.#permit(trip);
    const sentMs = clock.now();
    trip.queueMs += sentMs - askedMs;
    if ("status" in permit) return permit;
    // Much may have been learnt while it waited.
    const inVainNow = this.#inVain(trip);
    if (inVainNow) {
      permit.giveBack();
      return inVainNow;
    }
    this.#goAhead(trip);
    trip.tries++;
    trip.arrival = permit.arrival;
    const outcome = await exchange(this.#options, trip.parcel);
    trip.upstreamMs = (trip.upstreamMs ?? 0) + clock.now() - sentMs;
    const report = this.#learn(trip, permit, outcome);
    if (!this.#mayTryAgain(trip, outcome, report)) return resultOf(outcome);
    if (report?.refusal) trip.retried.push(report.refusal.scope);
    if (outcome.kind === "failed") await this.#pause(trip);
    return null;
  }

  /** What is done about requests that would be invalid. */
  fuse(nowMs: number): RestSnapshot["fuse"] {
    const { fuse, deadEnds } = this.#options;
    return deadEnds.isShutOut(nowMs) ? "banned" : fuse.state(nowMs);
  }

  /** What to answer where sending would be in vain, or do harm. */
  #inVain({ parcel, isAhead }: Trip): Problem | null {
    // A first response has one chance, and 3 s for it.
    if (parcel.lane === "callback" || isAhead) return null;
    const { fuse, deadEnds, clock } = this.#options;
    const nowMs = clock.now();
    if (parcel.route.kind !== "interaction" && fuse.shutMs(nowMs) > 0) {
      const retryAfterMs = fuse.closesInMs(nowMs);
      return { status: 429, reason: "too many requests of late were invalid", retryAfterMs };
    }
    return deadEnds.find(parcel, nowMs);
  }

  /** Others wait for what becomes of it, where that is in doubt. */
  #goAhead(trip: Trip): void {
    const { parcel } = trip;
    if (parcel.lane === "callback") return;
    const { fuse, deadEnds, clock } = this.#options;
    const nowMs = clock.now();
    trip.isFuseAhead = parcel.route.kind !== "interaction" && fuse.goAhead(nowMs);
    trip.isAhead = deadEnds.goAhead(parcel, nowMs) || trip.isFuseAhead;
  }

  async #permit({ parcel, queueMs, arrival }: Trip): Promise<Permit | Problem> {
    const { route, lane, signal, body, credential, contentType } = parcel;
    if (lane === "callback") return FREE;
    try {
      return await this.#options.permits.acquire({
        credential,
        route,
        lane: LANES[lane],
        shape: () => shapeOf(body.bytes, contentType),
        patienceMs: this.#options.patienceMs - queueMs,
        brake: this.#options.fuse,
        signal,
        ...(arrival !== undefined && { arrival }),
      });
    } catch (error) {
      if (signal.aborted) return ABANDONED;
      if (!(error instanceof TooLong)) throw error;
      return { status: 429, reason: messageOf(error), retryAfterMs: error.retryAfterMs };
    }
  }

  /** Gives the permit back, and tells everybody what the answer says. */
  #learn(trip: Trip, permit: Permit, outcome: Outcome): Report | null {
    const { clock, log, fuse, deadEnds } = this.#options;
    const { route, version } = trip.parcel;
    if (outcome.kind !== "answered") {
      trip.isLost = outcome.kind !== "failed" || outcome.wasSent;
      if (trip.isLost) permit.lose();
      else permit.giveBack();
      return null;
    }
    const nowMs = clock.now();
    const { answer: { status, headers }, text } = outcome;
    const report = readReport({ status, headers, text, version });
    permit.settle(report);
    const { refusal } = report;
    const before = this.fuse(nowMs);
    deadEnds.learn(trip.parcel, { status, text, refusal }, nowMs);
    fuse.count(isInvalid(status, report), nowMs, trip.isFuseAhead);
    trip.scope = refusal?.scope ?? "";
    const after = this.fuse(nowMs);
    if (after !== before) {
      log.warn("invalid requests were counted", { fuse: after, invalid: fuse.invalid(nowMs) });
    }
    if (refusal) {
      const { method, template } = route;
      log.warn("discord has refused a request", { method, route: template, status, ...refusal });
    }
    return report;
  }

  /** Only where Discord has provably not carried it out. */
  #mayTryAgain({ parcel, tries, queueMs }: Trip, outcome: Outcome, report: Report | null): boolean {
    if (!parcel.body.isReplayable || tries >= MOST_TRIES || parcel.signal.aborted) return false;
    if (outcome.kind === "failed") return !outcome.wasSent;
    const refusal = report?.refusal;
    if (!this.#options.retriesRefusals) return false;
    // A first response that has to wait comes too late.
    if (!refusal || refusal.scope === "address" || parcel.lane === "callback") return false;
    return refusal.retryAfterMs <= this.#options.patienceMs - queueMs;
  }

  async #pause(trip: Trip): Promise<void> {
    const { clock } = this.#options;
    const startMs = clock.now();
    // A caller that goes away meanwhile is noticed with the next try.
    await sleep(clock, PAUSE_MS * 2 ** (trip.tries - 1), trip.parcel.signal).catch(() => {});
    trip.queueMs += clock.now() - startMs;
  }
}

/** A trip that has not begun. */
export function tripOf(parcel: Parcel): Trip {
  return {
    parcel,
    tries: 0,
    isAhead: false,
    isFuseAhead: false,
    arrival: undefined,
    isLost: false,
    scope: "",
    retried: [],
    queueMs: 0,
    upstreamMs: null,
  };
}

/**
 * Sends a request once, within the deadline for its answer; one with a long body has longer. Never
 * throws, and decides nothing.
 */
export async function exchange(
  { clock, send, answerMs }: Pick<DeliveryOptions, "clock" | "send" | "answerMs">,
  { method, path, headers, body, signal }: Outgoing,
): Promise<Outcome> {
  const late = new AbortController();
  const ending = AbortSignal.any([signal, late.signal]);
  const cancel = clock.after(
    body.isReplayable ? answerMs : UPLOAD_MS,
    () => late.abort(new Error("no answer in time")),
  );
  try {
    const content = await body.read();
    ending.throwIfAborted();
    const answer = await send({
      method,
      path,
      headers,
      body: content,
      bodyLength: body.length ?? undefined,
      signal: ending,
    });
    if (!REFUSALS.has(answer.status)) return { kind: "answered", answer, text: undefined };
    const { bytes, whole } = await readStart(answer.body, LOOKED_AT_BYTES);
    const { status, headers: said } = answer;
    const again = new Response(whole ?? (bytes.length > 0 ? bytes : null), {
      status,
      headers: said,
    });
    return { kind: "answered", answer: again, text: new TextDecoder().decode(bytes) };
  } catch (error) {
    if (late.signal.aborted) return { kind: "late" };
    if (signal.aborted) return { kind: "abandoned" };
    const wasSent = !(error instanceof HttpError) || error.sent;
    return { kind: "failed", reason: messageOf(error), wasSent };
  } finally {
    cancel();
  }
}

const ABANDONED: Problem = { status: 499, reason: "the caller went away" };

/** What to answer where the body of a request is not here. */
export const NOT_HERE: Readonly<Record<Exclude<Arrival, "here">, Problem>> = {
  late: { status: 408, reason: "the request's body did not arrive in time" },
  gone: ABANDONED,
};

function resultOf(outcome: Outcome): Response | Problem {
  switch (outcome.kind) {
    case "answered":
      return outcome.answer;
    case "abandoned":
      return ABANDONED;
    case "failed": {
      const fate = outcome.wasSent
        ? "Discord may have carried it out"
        : "it has not reached Discord";
      return { status: 502, reason: `${outcome.reason}; ${fate}` };
    }
    case "late":
      return { status: 504, reason: "no answer in time; Discord may have carried it out" };
  }
}
