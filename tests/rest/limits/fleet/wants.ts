/**
 * Something that somebody wants, and an authority that a test has in its hands. Not a test.
 *
 * @module
 */

import {
  type Answer,
  type Authority,
  type Claim,
  permitKey,
  type PermitWant,
  placeKey,
  type PlaceWant,
  type Want,
} from "../../../../rest/limits/fleet/authority.ts";
import type { Report } from "../../../../rest/limits/rate_report.ts";

/** Wants a permit. */
export function permitWant(
  over: Partial<PermitWant> & { readonly major?: string } = {},
): PermitWant {
  const { major = "channels/1", ...rest } = over;
  const credential = over.credential ?? "c";
  return {
    kind: "permit",
    key: permitKey(credential, major),
    credential,
    route: { method: "POST", template: "/x", major, kind: "other" },
    lane: 3,
    shape: () => ["content"],
    arrival: 0,
    untilMs: 60_000,
    ...rest,
  };
}

/** Wants a place. */
export function placeWant(over: Partial<PlaceWant> = {}): PlaceWant {
  return { kind: "place", key: placeKey("c"), credential: "c", lane: 3, arrival: 0, ...over };
}

/** What a success says that names a bucket. */
export function says(hash: string, remaining: number, resetAfterMs: number, limit = 5): Report {
  const count = { limit, remaining, resetAfterMs };
  return { bucket: { hash, count }, refusal: null, isLimitless: false };
}

/** Writes down what it hears of what it wanted. */
export function hearing(log: string[], name: string): Answer {
  return {
    given: () => void log.push(`${name} given`),
    refused: (why, retryAfterMs) => void log.push(`${name} refused: ${why}, ${retryAfterMs}`),
    moved: () => void log.push(`${name} moved`),
  };
}

/** An authority that writes down what it is asked, and answers when the test says so. */
export function scriptedAuthority(name: string, log: string[]) {
  const asked: { readonly want: Want; readonly answer: Answer }[] = [];
  // Clocks that are some tens apart show the same last digit.
  const shown = ({ kind, arrival }: Want) => `${kind} ${Math.round(arrival) % 10}`;
  const claim = (want: Want): Claim => ({
    leave: () => void log.push(`${name}: ${shown(want)} left`),
    over: (outcome) =>
      void log.push(
        `${name}: ${shown(want)} ${typeof outcome === "string" ? outcome : "answered"}`,
      ),
  });
  const authority: Authority & { epoch: number } = {
    epoch: 0,
    ask(want, answer) {
      log.push(`${name}: asked for ${shown(want)}`);
      asked.push({ want, answer });
      return claim(want);
    },
    adopt(want) {
      log.push(`${name}: told of ${shown(want)}`);
      return claim(want);
    },
    recall: ({ route: { major } }, { bucket }) =>
      void log.push(`${name}: told of ${major}, spent for ${bucket?.count.resetAfterMs}`),
    pause: (credential, forMs) => void log.push(`${name}: ${credential} pauses for ${forMs}`),
  };
  return { authority, asked };
}
