/**
 * Limits that no header shows: two changes of a channel's name in ten minutes, what a resource takes
 * from all its users together. They are learnt from the 429 that they answer with, and hold only for
 * requests like the one that was refused. It only computes; time comes in with each call.
 *
 * The first refusal says until when, the second how many pass in which time. From then on no more go
 * out than that.
 *
 * A request is like another when it goes to the same place with the same method and sets at least the
 * same fields: what was refused with `{name}` is refused with `{name, nsfw}`, too.
 *
 * @module
 */

import { parseRecord } from "../../protocol/record.ts";

/** The fields at the top of a request's body, sorted; empty where that is not known. */
export type Shape = readonly string[];

/** A limit, as far as it is known. */
interface SubLimit {
  readonly shape: ReadonlySet<string>;
  /** Nothing like it goes out before. */
  readonly untilMs: number;
  /** How many pass in which time: known once a second refusal has ended a window that we saw. */
  readonly learnt: { readonly limit: number; readonly windowMs: number } | null;
  /** When requests were carried out, the newest last. */
  readonly passedMs: number[];
  /** Until then one goes out at a time: whether the next is allowed, only its answer tells. */
  warnedUntilMs: number;
}

/** A limit is remembered for as long again as it held, and at least so long. */
const LEAST_MEMORY_MS = 60_000;
/** Answers take now longer, now shorter: a learnt window is taken to be longer by so much. */
const MARGIN_MS = 250;
/** Requests that are remembered, per limit. */
const MOST_PASSED = 200;

/** What was refused, by place: method, path and top-level resource. */
export class SubLimits {
  readonly #limits = new Map<string, SubLimit[]>();

  /** A request was refused. */
  block(place: string, shape: Shape, retryAfterMs: number, nowMs: number): void {
    const untilMs = nowMs + retryAfterMs;
    const alive = this.#alive(place, nowMs);
    const before = alive.find((limit) => isEqual(limit.shape, shape));
    const limit: SubLimit = {
      shape: new Set(shape),
      untilMs,
      learnt: before ? learn(before, untilMs) : null,
      passedMs: before?.passedMs ?? [],
      warnedUntilMs: untilMs + Math.max(retryAfterMs, LEAST_MEMORY_MS),
    };
    this.#limits.set(place, [...alive.filter((other) => other !== before), limit]);
  }

  /** A request was carried out. */
  pass(place: string, shape: Shape, nowMs: number): void {
    if (!this.knows(place)) return;
    for (const limit of this.#covering(place, shape, nowMs)) {
      limit.passedMs.push(nowMs);
      if (limit.passedMs.length > MOST_PASSED) limit.passedMs.shift();
      if (limit.learnt === null) continue;
      const memoryMs = Math.max(2 * limit.learnt.windowMs, LEAST_MEMORY_MS);
      limit.warnedUntilMs = Math.max(limit.warnedUntilMs, nowMs + memoryMs);
    }
  }

  /** Whether anything was refused at this place of late: then shapes matter. */
  knows(place: string): boolean {
    return this.#limits.has(place);
  }

  /** Time until a request may go out. */
  waitMs(place: string, shape: Shape, nowMs: number): number {
    if (!this.knows(place)) return 0;
    const waits = this.#covering(place, shape, nowMs).map((limit) => freeAtMs(limit) - nowMs);
    return Math.max(0, ...waits);
  }

  /** Whether requests like this one have to go out one at a time. */
  isSerial(place: string, shape: Shape, nowMs: number): boolean {
    return this.#covering(place, shape, nowMs).length > 0;
  }

  /** Forgets what is over. */
  sweep(nowMs: number): void {
    for (const place of this.#limits.keys()) {
      const alive = this.#alive(place, nowMs);
      if (alive.length > 0) this.#limits.set(place, alive);
      else this.#limits.delete(place);
    }
  }

  #covering(place: string, shape: Shape, nowMs: number): SubLimit[] {
    const fields = new Set(shape);
    return this.#alive(place, nowMs).filter((limit) => limit.shape.isSubsetOf(fields));
  }

  #alive(place: string, nowMs: number): SubLimit[] {
    return (this.#limits.get(place) ?? []).filter(({ warnedUntilMs }) => warnedUntilMs > nowMs);
  }
}

/** When the next request may go out: so that there are never more in a window than fit. */
function freeAtMs({ untilMs, learnt, passedMs }: SubLimit): number {
  const first = learnt === null ? undefined : passedMs.at(-learnt.limit);
  return Math.max(untilMs, first === undefined ? -Infinity : first + learnt!.windowMs);
}

/**
 * What a refusal teaches: the window that it ends began with the first that passed after the last
 * refusal. Where several windows have gone by in between that is too much, and the next one mends it.
 */
function learn({ passedMs, learnt, untilMs: beginMs }: SubLimit, endMs: number) {
  const inWindow = passedMs.filter((ms) => ms >= beginMs);
  if (inWindow.length === 0) return learnt;
  return { limit: inWindow.length, windowMs: endMs - inWindow[0]! + MARGIN_MS };
}

function isEqual(shape: ReadonlySet<string>, other: Shape): boolean {
  return shape.size === other.length && other.every((field) => shape.has(field));
}

/** No more fields than these are looked at; Discord's bodies have fewer. */
const MOST_FIELDS = 100;

/**
 * The shape of a body: the fields of a JSON object; a word for any other, so that one kind of body is
 * not taken for another.
 */
export function shapeOf(body: Uint8Array | null, contentType: string | null): Shape {
  if (body === null || body.length === 0) return [];
  if (!/^application\/json\b/i.test(contentType ?? "")) return [contentType?.split(";")[0] ?? "?"];
  // Where it is not JSON after all, Discord will say so.
  const fields = parseRecord(new TextDecoder().decode(body));
  return Object.keys(fields).sort().slice(0, MOST_FIELDS);
}
