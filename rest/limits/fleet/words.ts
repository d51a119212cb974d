/**
 * What two units say to each other about permits, on the bus. It crosses as short lists, because there is much of
 * it; whatever comes is looked at before it is believed. No credential and no token is in it, only their names.
 *
 * | subject                | says                                                        |
 * | ---------------------- | ----------------------------------------------------------- |
 * | `unit.<name>.rest`     | {@linkcode Asking}: who wants something, to who has the say |
 * | `unit.<name>.permits`  | {@linkcode Telling}: the answers                            |
 * | `all.rest`             | {@linkcode Notice}: what concerns everybody                 |
 *
 * @module
 */

import { isCount, isRecord } from "../../../protocol/record.ts";
import type { Json } from "../../../ports/fleet/bus.ts";
import type { Route } from "../../route.ts";
import { LANES } from "../permits.ts";
import type { RefusalScope, Report } from "../rate_report.ts";
import { type Outcome, permitKey, type PermitWant, placeKey, type Want } from "./authority.ts";

/** Which conversation something belongs to, and which message of it this is. */
export interface Head {
  readonly unit: string;
  /** Another one for each process of a unit. */
  readonly life: string;
  /** Counts the conversations of a life. */
  readonly session: number;
  /** Counts the messages of a conversation, from 0. */
  readonly n: number;
}

/** From who wants something. Within one, what is told counts first, then what is out, then what is new. */
export interface Asking extends Head {
  /** When it was said, by the clock of who says it. */
  readonly atMs: number;
  readonly recalls: readonly (readonly [PermitWant, Report])[];
  readonly pauses: readonly (readonly [credential: string, forMs: number])[];
  readonly adopts: readonly (readonly [id: number, Want])[];
  readonly asks: readonly (readonly [id: number, Want])[];
  readonly leaves: readonly number[];
  readonly overs: readonly (readonly [id: number, Outcome])[];
}

/** From who has the say. `life` and `session` are those of who asks. */
export interface Telling extends Head {
  /** The newest that was heard: its number and its time. */
  readonly seen: number;
  readonly atMs: number;
  readonly gives: readonly number[];
  readonly refusals: readonly (readonly [id: number, why: string, retryAfterMs: number])[];
  readonly moves: readonly number[];
  /** Nothing is known of this conversation: it has to begin anew. */
  readonly isOver: boolean;
}

/** To everybody. */
export type Notice =
  | { readonly kind: "goodbye"; readonly unit: string; readonly life: string }
  | {
    readonly kind: "pause";
    readonly unit: string;
    readonly credential: string;
    readonly forMs: number;
  }
  | {
    readonly kind: "name";
    readonly unit: string;
    readonly credential: string;
    /** Method and template. */
    readonly route: string;
    /** Of the bucket that counts it. */
    readonly hash: string;
  };

/** An {@linkcode Asking} as it crosses. */
export function writeAsking(asking: Asking, nowMs: number): Json {
  const { recalls, pauses, adopts, asks, leaves, overs } = asking;
  return {
    ...headOf(asking),
    at: asking.atMs,
    ...recalls.length > 0 &&
      { recalls: recalls.map(([want, report]) => [writeWant(want, nowMs), writeReport(report)]) },
    ...pauses.length > 0 && { pauses },
    ...adopts.length > 0 && { adopts: adopts.map(([id, want]) => [id, writeWant(want, nowMs)]) },
    ...asks.length > 0 && { asks: asks.map(([id, want]) => [id, writeWant(want, nowMs)]) },
    ...leaves.length > 0 && { leaves },
    ...overs.length > 0 && {
      overs: overs.map(([id, over]) => [id, typeof over === "string" ? over : writeReport(over)]),
    },
  };
}

/** By how much the clock of the reader is ahead of that of who asks. */
export type OffsetOf = (head: Head & Pick<Asking, "atMs">) => number;

/**
 * Reads one at `nowMs`; `null` where it is none. In it times are by the clock of the reader, but for `atMs`, and
 * patience counts from its arrival.
 */
export function readAsking(value: Json, nowMs: number, offsetOf: OffsetOf): Asking | null {
  return attempt(() => {
    const fields = record(value);
    const head = { ...readHead(fields), atMs: number(fields.at) };
    const offsetMs = offsetOf(head);
    const want = (item: unknown) => readWant(list(item), offsetMs, nowMs);
    const numbered = (item: unknown) => {
      const [id, rest] = list(item);
      return [number(id), want(rest)] as const;
    };
    return {
      ...head,
      recalls: all(fields.recalls, (item) => {
        const [wanted, report] = list(item);
        const read = want(wanted);
        if (read.kind !== "permit") throw new TypeError("only permits are recalled");
        return [read, readReport(report)] as const;
      }),
      pauses: all(fields.pauses, (item) => {
        const [credential, forMs] = list(item);
        return [text(credential), number(forMs)] as const;
      }),
      adopts: all(fields.adopts, numbered),
      asks: all(fields.asks, numbered),
      leaves: all(fields.leaves, number),
      overs: all(fields.overs, (item) => {
        const [id, outcome] = list(item);
        return [number(id), readOutcome(outcome)] as const;
      }),
    };
  });
}

/** A {@linkcode Telling} as it crosses. */
export function writeTelling(telling: Telling): Json {
  const { seen, atMs, gives, refusals, moves, isOver } = telling;
  return {
    ...headOf(telling),
    seen,
    at: atMs,
    ...gives.length > 0 && { gives },
    ...refusals.length > 0 && { refusals },
    ...moves.length > 0 && { moves },
    ...isOver && { isOver },
  };
}

/** Reads one; `null` where it is none. */
export function readTelling(value: Json): Telling | null {
  return attempt(() => {
    const fields = record(value);
    return {
      ...readHead(fields),
      seen: number(fields.seen),
      atMs: number(fields.at),
      gives: all(fields.gives, number),
      refusals: all(fields.refusals, (item) => {
        const [id, why, retryAfterMs] = list(item);
        return [number(id), text(why), number(retryAfterMs)] as const;
      }),
      moves: all(fields.moves, number),
      isOver: fields.isOver === true,
    };
  });
}

/** Reads a {@linkcode Notice}; `null` where it is none. It crosses as it is. */
export function readNotice(value: Json): Notice | null {
  return attempt((): Notice => {
    const { kind, unit, life, credential, route, hash, forMs } = record(value);
    if (kind === "goodbye") return { kind, unit: text(unit), life: text(life) };
    if (kind === "name") {
      return {
        kind,
        ...{ unit: text(unit), credential: text(credential), route: text(route), hash: text(hash) },
      };
    }
    if (kind !== "pause") throw new TypeError("another kind");
    return { kind, unit: text(unit), credential: text(credential), forMs: number(forMs) };
  });
}

function headOf({ unit, life, session, n }: Head) {
  return { unit, life, session, n };
}

function readHead({ unit, life, session, n }: Record<string, unknown>): Head {
  return { unit: text(unit), life: text(life), session: number(session), n: number(n) };
}

function writeWant(want: Want, nowMs: number): Json {
  const arrival = round(want.arrival);
  if (want.kind === "place") return [want.credential, want.lane, arrival];
  const { credential, route: { method, template, major, kind }, lane, untilMs } = want;
  const forMs = round(untilMs - nowMs);
  return [credential, lane, arrival, method, template, major, kind, want.shape(), forMs];
}

function readWant(item: readonly unknown[], offsetMs: number, nowMs: number): Want {
  const credential = text(item[0]);
  const lane = number(item[1]);
  if (!isCount(lane) || lane >= LANE_COUNT) throw new TypeError("there is no such lane");
  const arrival = number(item[2]) + offsetMs;
  if (item.length === 3) {
    return { kind: "place", key: placeKey(credential), credential, lane, arrival };
  }
  const major = text(item[5]);
  const shape = all(item[7], text);
  return {
    kind: "permit",
    key: permitKey(credential, major),
    credential,
    lane,
    arrival,
    route: {
      method: text(item[3]),
      template: text(item[4]),
      major,
      kind: oneOf(KINDS, item[6]),
    },
    shape: () => shape,
    untilMs: nowMs + number(item[8]),
  };
}

function writeReport({ bucket, refusal, isLimitless }: Report): Json {
  if (bucket === null && refusal === null) return [isLimitless];
  const count = bucket && [
    bucket.hash,
    bucket.count.limit,
    bucket.count.remaining,
    bucket.count.resetAfterMs,
  ];
  return [isLimitless, count, refusal && [refusal.scope, refusal.retryAfterMs]];
}

function readReport(value: unknown): Report {
  const [isLimitless, count, refusal] = list(value);
  return {
    isLimitless: isLimitless === true,
    bucket: count ? readCount(list(count)) : null,
    refusal: refusal
      ? { scope: oneOf(SCOPES, list(refusal)[0]), retryAfterMs: number(list(refusal)[1]) }
      : null,
  };
}

function readCount([hash, limit, remaining, resetAfterMs]: readonly unknown[]): Report["bucket"] {
  return {
    hash: text(hash),
    count: {
      limit: number(limit),
      remaining: number(remaining),
      resetAfterMs: number(resetAfterMs),
    },
  };
}

function readOutcome(value: unknown): Outcome {
  return typeof value === "string" ? oneOf(OUTCOMES, value) : readReport(value);
}

const LANE_COUNT = Object.keys(LANES).length;
const KINDS: readonly Route["kind"][] = ["callback", "interaction", "webhook", "other"];
const SCOPES: readonly RefusalScope[] = ["bucket", "hidden", "shared", "global", "address"];
const OUTCOMES = ["lost", "unused", "passed"] as const;

/** Microseconds are enough to tell two requests apart. */
function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

function attempt<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function record(value: unknown): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw new TypeError("not a record");
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError("not a list");
}

function all<Value>(value: unknown, read: (item: unknown) => Value): Value[] {
  return value === undefined ? [] : list(value).map((item) => read(item));
}

function number(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new TypeError("not a number");
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError("not a text");
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown): Word {
  const word = words.find((each) => each === value);
  if (word !== undefined) return word;
  throw new TypeError("not such a word");
}
