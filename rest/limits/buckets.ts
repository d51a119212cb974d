/**
 * The buckets of one credential, and the requests that wait for room in them.
 *
 * A route is a bucket of its own, one request at a time, until an answer names its bucket. From then
 * on all routes that share the bucket share its count; what waits stays in its line and passes another
 * gate. Where a route shows several names in turn, a request takes a place in each, and gives back
 * those that it was not counted in.
 * See [Discord Docs/Rate Limits](https://discord.com/developers/docs/topics/rate-limits).
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { RestWait } from "../../protocol/status.ts";
import type { Lease } from "./bucket.ts";
import { type Destination, type Gate, Gates, Line, placeOf, type Waiter } from "./gates.ts";
import type { Ask } from "./permits.ts";
import type { Report } from "./rate_report.ts";
import { SubLimits } from "./sub_limits.ts";
import { shownMajor } from "./waits.ts";

/** Spent buckets are forgotten once in this time. */
const SWEEP_MS = 30_000;

/** The places that one request has taken. */
export interface Hold {
  readonly waiter: Waiter;
  readonly line: Line;
  readonly leases: readonly { readonly gate: Gate; readonly lease: Lease }[];
}

/** Why a request has to wait, as far as is known. */
export interface Forecast {
  readonly waitMs: number;
  readonly why: string;
}

/** The buckets of one credential. */
export class Buckets {
  readonly #clock: Clock;
  readonly #pass: (hold: Hold) => void;
  readonly #gates = new Gates();
  readonly #lines = new Map<string, Line>();
  readonly #subLimits = new SubLimits();
  #sweptMs = 0;

  /** @param pass Takes over a request that has its places. */
  constructor(clock: Clock, pass: (hold: Hold) => void) {
    this.#clock = clock;
    this.#pass = pass;
  }

  /** How many buckets are known. */
  get size(): number {
    return this.#gates.size;
  }

  /** What waits in here, a line each. */
  *waits(): Generator<RestWait> {
    const nowMs = this.#clock.now();
    for (const line of this.#lines.values()) {
      const { to: { route, major }, waiters: { length: waiting, 0: first } } = line;
      if (!first) continue;
      const [method = "", template = ""] = route.split(" ");
      yield {
        method,
        route: template,
        major: shownMajor(major),
        waiting,
        waitedMs: nowMs - first.sinceMs,
        nextMs: this.#nextMs(line, nowMs),
      };
    }
  }

  /** Whether nothing waits and nothing is spent. */
  isIdle(nowMs: number): boolean {
    return this.#lines.size === 0 && this.#gates.isIdle(nowMs);
  }

  /** A request wants to go out. */
  enter(waiter: Waiter): void {
    this.#sweep(this.#clock.now());
    this.#pump([this.#queue(waiter)]);
  }

  /** A request does not want any more; whether it still waited. */
  leave(waiter: Waiter): boolean {
    const { line } = waiter;
    if (!line) return false;
    waiter.line = null;
    line.remove(waiter);
    this.#pump([line]);
    this.#discard(line);
    return true;
  }

  /** How long a request would have to wait at least. */
  foresee(ask: Ask): Forecast {
    const nowMs = this.#clock.now();
    const { route, major, shape } = this.#destinationOf(ask);
    const hiddenMs = this.#subLimits.waitMs(placeOf({ route, major }), shape, nowMs);
    const waits = this.#gates.of(route, major).map(({ bucket }) => bucket.waitMs(nowMs));
    const waitMs = Math.max(0, ...waits.filter(Number.isFinite));
    return hiddenMs > waitMs
      ? { waitMs: hiddenMs, why: "a limit that Discord's headers do not show is used up" }
      : { waitMs, why: "its rate limit is used up" };
  }

  /** A request is under way already, by somebody else's leave: it takes its places, free or not. */
  adopt(waiter: Waiter): Hold {
    const nowMs = this.#clock.now();
    const line = this.#lineTo(this.#destinationOf(waiter.ask));
    line.inFlight++;
    return { waiter, line, leases: this.#lease(line, nowMs) };
  }

  /** What Discord has answered to such a request a while ago, when somebody else gave leave. */
  recall(ask: Ask, report: Report): void {
    const nowMs = this.#clock.now();
    const to = this.#destinationOf(ask);
    const { bucket } = report;
    const isOther = this.#gates.isOther(to.route, report);
    const named = bucket && !isOther ? this.#gates.named(bucket.hash, to.major) : null;
    named?.bucket.recall(bucket!.count, nowMs);
    const touched = new Set<Line>(named?.lines);
    if (this.#gates.learn(to.route, report, nowMs)) this.#reroute(to.route, touched);
    if (report.refusal) {
      for (const line of this.#learnHidden(to, ask, report, isOther, nowMs)) touched.add(line);
    }
    this.#pump(touched);
  }

  /** A route's requests count in the bucket of this name, as somebody else has seen. */
  learnName(route: string, hash: string): void {
    const bucket = { hash, count: { limit: 1, remaining: 0, resetAfterMs: 0 } };
    const report: Report = { bucket, refusal: null, isLimitless: false };
    const touched = new Set<Line>();
    if (!this.#gates.learn(route, report, this.#clock.now())) return;
    this.#reroute(route, touched);
    this.#pump(touched);
  }

  /** Discord has answered a request. */
  settle(hold: Hold, report: Report): void {
    const nowMs = this.#clock.now();
    const { line, leases } = hold;
    const isOther = this.#gates.isOther(line.to.route, report);
    const named = report.bucket && !isOther
      ? this.#gates.named(report.bucket.hash, line.to.major)
      : null;
    for (const { gate, lease } of leases) {
      if (gate === named) continue;
      // Where nothing is named, any of them may have counted it.
      if (report.bucket === null) gate.bucket.settle(lease, null, nowMs);
      else gate.bucket.giveBack();
    }
    if (named) {
      const lease = leases.find(({ gate }) => gate === named)?.lease ??
        named.bucket.take(line.to.route, nowMs);
      if (report.refusal?.scope === "bucket") {
        named.bucket.refuse(report.refusal.retryAfterMs, nowMs);
      } else named.bucket.settle(lease, report.bucket!.count, nowMs);
    }
    const isNews = this.#gates.learn(line.to.route, report, nowMs);
    const moved = this.#learnHidden(line.to, hold.waiter.ask, report, isOther, nowMs);
    this.#finish(hold, isNews, [...named?.lines ?? [], ...moved]);
  }

  /** A request went out, and nobody knows what came of it. */
  lose(hold: Hold): void {
    const nowMs = this.#clock.now();
    for (const { gate, lease } of hold.leases) gate.bucket.settle(lease, null, nowMs);
    this.#finish(hold);
  }

  /** A request did not go out, or Discord has not counted it. */
  giveBack(hold: Hold): void {
    for (const { gate } of hold.leases) gate.bucket.giveBack();
    this.#finish(hold);
  }

  /** A request cannot go after all: it is in its line again, at its old place. */
  takeBack(hold: Hold): void {
    const line = this.#queue(hold.waiter);
    for (const { gate } of hold.leases) gate.bucket.giveBack();
    this.#finish(hold, false, [line]);
  }

  /** Whether a request that has its places would get the same ones now, and at once. */
  isCurrent({ waiter, line, leases }: Hold): boolean {
    const { place } = line;
    if (this.#subLimits.knows(place)) {
      const shape = waiter.ask.shape();
      if (this.#subLimits.waitMs(place, shape, this.#clock.now()) > 0) return false;
    }
    const gates = this.#gates.of(line.to.route, line.to.major);
    return gates.length === leases.length && leases.every(({ gate }, i) => gate === gates[i]);
  }

  #queue(waiter: Waiter): Line {
    const line = this.#lineTo(this.#destinationOf(waiter.ask));
    line.add(waiter);
    waiter.line = line;
    return line;
  }

  #lineTo(destination: Destination): Line {
    const key = keyOf(destination);
    const found = this.#lines.get(key);
    if (found) return found;
    const line = new Line(key, destination);
    line.passBy(this.#gates.of(line.to.route, line.to.major));
    this.#lines.set(key, line);
    return line;
  }

  #destinationOf({ route: { method, template, major }, lane, shape }: Ask): Destination {
    const route = `${method} ${template}`;
    const matters = this.#subLimits.knows(placeOf({ route, major }));
    return { route, major, lane, shape: matters ? shape() : [] };
  }

  /** Learns a hidden limit, which sorts what waits by shape; gives the lines that came of it. */
  #learnHidden(
    to: Destination,
    ask: Ask,
    report: Report,
    isOther: boolean,
    nowMs: number,
  ): Line[] {
    const { refusal } = report;
    const place = placeOf(to);
    if (refusal === null) {
      this.#subLimits.pass(place, to.shape, nowMs);
      return [];
    }
    if (refusal.scope !== "hidden" && refusal.scope !== "shared" && !isOther) return [];
    // Only of what is hidden it may be the fields that matter.
    const shape = refusal.scope === "hidden" ? ask.shape() : [];
    this.#subLimits.block(place, shape, refusal.retryAfterMs, nowMs);
    const others = [...this.#lines.values()].filter((other) => other.place === place);
    const waiters = others.flatMap((other) => other.waiters.splice(0));
    const lines = waiters.map((waiter) => this.#queue(waiter));
    for (const other of others) this.#discard(other);
    return lines;
  }

  #finish({ line, leases }: Hold, isNews = false, others: readonly Line[] = []): void {
    line.inFlight--;
    const touched = new Set([line, ...others]);
    for (const { gate } of leases) for (const other of gate.lines) touched.add(other);
    // A route's own bucket is of no use any more once the real one is known.
    if (isNews || leases.some(({ gate }) => gate.key === line.place)) {
      this.#reroute(line.to.route, touched);
    }
    this.#pump(touched);
    this.#discard(line);
  }

  /** Its requests have to pass others from now on. */
  #reroute(route: string, touched: Set<Line>): void {
    for (const line of this.#lines.values()) {
      if (line.to.route !== route) continue;
      line.passBy(this.#gates.of(route, line.to.major));
      touched.add(line);
    }
  }

  /** Lets out what may go, of these lines and of those that share a gate with them. */
  #pump(lines: Iterable<Line>): void {
    const gates = new Set<Gate>();
    for (const line of lines) {
      for (const gate of line.gates) gates.add(gate);
      if (line.gates.length === 0) { while (this.#letOut(line)); }
    }
    for (const gate of gates) {
      for (let line = this.#firstOf(gate); line && this.#letOut(line); line = this.#firstOf(gate)) {
        for (const other of line.gates) {
          // There, too, another line may be the first now: it is looked at again, as the last.
          if (other !== gate && gates.delete(other)) gates.add(other);
        }
      }
    }
  }

  /** Lets out the first of a line if it may go; else sees to it that it is looked at again. */
  #letOut(line: Line): boolean {
    const nowMs = this.#clock.now();
    const waiter = line.waiters[0];
    if (!waiter || this.#isHeldBack(line, nowMs)) return false;
    if (line.gates.some((gate) => this.#firstOf(gate) !== line)) return false;
    const waitMs = Math.max(0, ...line.gates.map(({ bucket }) => bucket.waitMs(nowMs)));
    if (waitMs > 0) {
      this.#wake(line, waitMs);
      return false;
    }
    line.waiters.shift();
    line.wakeBy(null);
    line.inFlight++;
    waiter.line = null;
    this.#pass({ waiter, line, leases: this.#lease(line, nowMs) });
    return true;
  }

  #lease({ gates, to: { route } }: Line, nowMs: number): Hold["leases"] {
    return gates.map((gate) => ({ gate, lease: gate.bucket.take(route, nowMs) }));
  }

  /** The line whose turn it is at a gate. Those that wait for a hidden limit do not hold up others. */
  #firstOf(gate: Gate): Line | undefined {
    const nowMs = this.#clock.now();
    let first: Line | undefined;
    for (const line of gate.lines) {
      if (line.waiters.length === 0 || this.#isHeldBack(line, nowMs)) continue;
      if (!first || line.isBefore(first)) first = line;
    }
    return first;
  }

  #isHeldBack(line: Line, nowMs: number): boolean {
    const { place, to: { shape } } = line;
    if (!this.#subLimits.knows(place)) return false;
    const waitMs = this.#subLimits.waitMs(place, shape, nowMs);
    if (waitMs > 0) this.#wake(line, waitMs);
    return waitMs > 0 || (line.inFlight > 0 && this.#subLimits.isSerial(place, shape, nowMs));
  }

  /** Until the first of a line may go; `null`: an answer must come first. */
  #nextMs({ place, gates, inFlight, to: { shape } }: Line, nowMs: number): number | null {
    const hiddenMs = this.#subLimits.waitMs(place, shape, nowMs);
    const isSerial = hiddenMs === 0 && this.#subLimits.isSerial(place, shape, nowMs);
    if (inFlight > 0 && isSerial) return null;
    const waitMs = Math.max(hiddenMs, ...gates.map(({ bucket }) => bucket.waitMs(nowMs)));
    return Number.isFinite(waitMs) ? Math.ceil(waitMs) : null;
  }

  #wake(line: Line, waitMs: number): void {
    // Without an end in sight the next answer wakes it.
    const isNear = waitMs < Infinity;
    line.wakeBy(isNear ? this.#clock.after(waitMs, () => this.#pump([line])) : null);
  }

  #discard(line: Line): void {
    if (line.waiters.length > 0 || line.inFlight > 0) return;
    line.wakeBy(null);
    line.passBy([]);
    this.#lines.delete(line.key);
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    this.#subLimits.sweep(nowMs);
    this.#gates.sweep(nowMs);
  }
}

function keyOf({ route, major, lane, shape }: Destination): string {
  return `${lane} ${route} ${major} ${shape.join()}`;
}
