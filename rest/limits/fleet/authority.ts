/**
 * Who has the say over a key, as those see it who want something of it: in this process or in another unit.
 *
 * A permit's key is its credential and top-level resource; that of a place under the global limit is the
 * credential. Both are hashes by the time that they come here (`names.ts`).
 *
 * @module
 */

import type { Route } from "../../route.ts";
import type { Report } from "../rate_report.ts";
import type { Shape } from "../sub_limits.ts";

/** A request that wants to go out. */
export interface PermitWant {
  readonly kind: "permit";
  readonly key: string;
  readonly credential: string;
  readonly route: Route;
  readonly lane: number;
  readonly shape: () => Shape;
  /** Its place in the order of arrival: when it came, by the clock of whoever has it. */
  readonly arrival: number;
  /** How long it may wait, by the same clock. */
  readonly untilMs: number;
}

/** One that has passed its buckets wants a place under the credential's global limit. */
export interface PlaceWant extends Pick<PermitWant, "key" | "credential" | "lane" | "arrival"> {
  readonly kind: "place";
}

/** What may be wanted. */
export type Want = PermitWant | PlaceWant;

/** How what was given ends: with Discord's answer, without one, unsent; a place also with an answer that was no refusal. */
export type Outcome = Report | "lost" | "unused" | "passed";

/** Hears what becomes of what it wanted: one of these, once. Nothing is called within the call that asks. */
export interface Answer {
  /** It has it. */
  given(): void;
  /** It would have to wait for longer than it may: see `TooLong`. */
  refused(why: string, retryAfterMs: number): void;
  /** Somebody else has the say. */
  moved(): void;
}

/** What somebody wants, or has. */
export interface Claim {
  /** Wants it no more, whether or not it was given meanwhile. */
  leave(): void;
  /** It was given, and is over. */
  over(outcome: Outcome): void;
}

/** Who has the say. */
export interface Authority {
  /** Another one after it has forgotten what it was asked. */
  readonly epoch: number;
  /** Wants something. */
  ask(want: Want, answer: Answer): Claim;
  /** Has something already, by the leave of somebody who had the say before. */
  adopt(want: Want): Claim;
  /** Tells what Discord has answered a while ago, to a request that somebody else gave leave to. */
  recall(want: PermitWant, report: Report): void;
  /** Discord has refused a request for its credential's sake. */
  pause(credential: string, forMs: number): void;
}

/** The key of a credential's places. */
export function placeKey(credential: string): string {
  return credential;
}

/** The key of the permits for a top-level resource. */
export function permitKey(credential: string, major: string): string {
  return `${credential} ${major}`;
}
