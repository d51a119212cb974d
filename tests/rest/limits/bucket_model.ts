/**
 * A bucket, the server that counts, and a network between them that delays and reorders. Not a test.
 *
 * @module
 */

import fc from "fast-check";
import { Bucket, type Lease } from "../../../rest/limits/bucket.ts";
import { take, type Usage, type Window } from "../../../sim/rest/bucket.ts";
import { Agenda } from "../agenda_model.ts";

/** One request: when it is wanted, and what becomes of it. */
export interface Trip {
  readonly route: string;
  /** Time after the one before it was wanted. */
  readonly pauseMs: number;
  /** Way to the server. */
  readonly upMs: number;
  /** Way of the answer. */
  readonly downMs: number;
  /** `lost`: it is counted and nobody hears of it. `unsent`: it is given back. Default `answered`. */
  readonly fate?: "answered" | "lost" | "unsent";
}

/** What became of all. */
export interface Played {
  /** When the server carried each out. */
  readonly allowedMs: readonly number[];
  readonly refused: number;
  /** Requests that were wanted and never went out. */
  readonly stuck: number;
}

/** After so long an answer is given up. */
const GIVE_UP_MS = 2_000;

/** Sends each as soon as the bucket says that it may go. */
export function play(
  window: Window,
  trips: readonly Trip[],
  countOf: (route: string) => string,
  untilMs = Infinity,
): Played {
  const agenda = new Agenda();
  const bucket = new Bucket();
  const usages = new Map<string, Usage>();
  const line: Trip[] = [];
  const allowedMs: number[] = [];
  let refused = 0;
  let wake = 0;

  const pump = () => {
    const token = ++wake;
    while (line.length > 0) {
      const waitMs = bucket.waitMs(agenda.nowMs);
      if (waitMs === 0) send(line.shift()!);
      else {
        if (waitMs < Infinity) agenda.at(agenda.nowMs + waitMs, () => token === wake && pump());
        return;
      }
    }
  };
  const send = (trip: Trip) => {
    const lease = bucket.take(trip.route, agenda.nowMs);
    agenda.at(agenda.nowMs + trip.upMs, () => arrive(trip, lease));
  };
  const arrive = ({ route, fate, downMs }: Trip, lease: Lease) => {
    if (fate === "unsent") {
      bucket.giveBack();
      return pump();
    }
    const count = countOf(route);
    const answer = take(window, usages.get(count), agenda.nowMs);
    usages.set(count, answer.usage);
    if (answer.allowed) allowedMs.push(agenda.nowMs);
    else refused++;
    agenda.at(agenda.nowMs + (fate === "lost" ? GIVE_UP_MS : downMs), () => {
      const { nowMs } = agenda;
      if (fate === "lost") bucket.settle(lease, null, nowMs);
      else if (!answer.allowed) bucket.refuse(Math.ceil(answer.retryAfterMs), nowMs);
      else {
        const resetAfterMs = Math.ceil(answer.resetAfterMs);
        bucket.settle(
          lease,
          { limit: window.limit, remaining: answer.remaining, resetAfterMs },
          nowMs,
        );
      }
      pump();
    });
  };
  let wantedMs = 0;
  for (const trip of trips) {
    agenda.at(wantedMs += trip.pauseMs, () => {
      line.push(trip);
      pump();
    });
  }
  agenda.run(untilMs);
  return { allowedMs, refused, stuck: line.length };
}

/** Any window that Discord has been seen to have, and others. */
export const WINDOW: fc.Arbitrary<Window> = fc.record({
  limit: fc.integer({ min: 1, max: 12 }),
  windowMs: fc.constantFrom(250, 333, 1_000, 2_000, 5_000, 10_000),
  kind: fc.constantFrom("sliding", "fixed"),
});

/** Bursts and pauses of requests of these routes, on ways of any length. */
export function tripsOf(
  routes: readonly string[],
  fates: readonly NonNullable<Trip["fate"]>[] = ["answered"],
): fc.Arbitrary<Trip[]> {
  const trip = fc.record({
    route: fc.constantFrom(...routes),
    pauseMs: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(100), fc.nat(5_000)),
    upMs: fc.oneof(fc.nat(50), fc.nat(1_500)),
    downMs: fc.oneof(fc.nat(50), fc.nat(1_500)),
    fate: fc.constantFrom(...fates),
  });
  return fc.array(trip, { minLength: 1, maxLength: 60, size: "max" });
}
