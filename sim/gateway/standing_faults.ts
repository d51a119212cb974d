/**
 * Faults that wait for their moment: at the next connection, IDENTIFY, RESUME or heartbeat. The
 * gateway asks at each such moment whether one strikes. What strikes goes into the ledger.
 *
 * @module
 */

import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Host, Ledger } from "../world/ledger.ts";

/** The faults that wait. */
export type StandingFault =
  | "connection refused"
  | "http 503"
  | "no handshake"
  | "op 7 instead of hello"
  | "no hello"
  | "cut after hello"
  | "no ready"
  | "identify refused"
  | "resume refused"
  | "resume later"
  | "no resumed"
  | "no ack"
  | "event missing"
  | "event repeated"
  | "corrupt frame";

/** When a waiting fault strikes. Without any of these: always, everywhere, from now on. */
export interface When {
  /** Only this often. */
  readonly times?: number;
  /** Only at each so manieth occasion. */
  readonly nth?: number;
  /** Only for this long, from `afterMs` on. */
  readonly forMs?: number;
  /** Not before this long from now. */
  readonly afterMs?: number;
  /** Chance at each occasion, 0 to 1. */
  readonly probability?: number;
  /** Only connections on this address. */
  readonly host?: Host;
  /** Only this shard; never strikes while the shard is not known, that is before IDENTIFY or RESUME. */
  readonly shardId?: number;
  /** Only sessions of this total, where an event is told. */
  readonly totalShards?: number;
  /** Only events of these types. */
  readonly types?: readonly string[];
}

/** Where a fault may strike. */
export interface Occasion {
  readonly host?: Host;
  readonly shardId: number | null;
  readonly totalShards?: number;
}

/** The waiting faults. */
export interface StandingFaults {
  /** Sets a fault up; cancel it to be rid of it. */
  add(fault: StandingFault, when?: When): Cancel;
  /** Whether the fault strikes on this occasion; `t` where an event is told. */
  strikes(fault: StandingFault, occasion: Occasion, t?: string): boolean;
}

/** No faults yet. */
export function createStandingFaults(
  parts: { readonly clock: Clock; readonly random: Random; readonly ledger: Ledger },
): StandingFaults {
  const { clock, random, ledger } = parts;
  const rules = new Set<Standing>();
  return {
    add(fault, when = {}) {
      const fromMs = clock.now() + (when.afterMs ?? 0);
      const untilMs = fromMs + (when.forMs ?? Infinity);
      const rule = { fault, when, fromMs, untilMs, left: when.times ?? Infinity, met: 0 };
      rules.add(rule);
      return () => rules.delete(rule);
    },
    strikes(fault, occasion, t) {
      const nowMs = clock.now();
      for (const rule of rules) {
        if (rule.fault !== fault || !applies(rule, occasion, nowMs)) continue;
        if (t !== undefined && rule.when.types?.includes(t) === false) continue;
        rule.met += 1;
        if (rule.met % (rule.when.nth ?? 1) !== 0) continue;
        if (random() >= (rule.when.probability ?? 1)) continue;
        rule.left -= 1;
        const { host, shardId, totalShards } = occasion;
        const detail = host === undefined ? `${t} for one of ${totalShards}` : `${host} host`;
        ledger.add(ledger.faults, { fault, shardId, detail, atMs: nowMs });
        return true;
      }
      return false;
    },
  };
}

interface Standing {
  readonly fault: StandingFault;
  readonly when: When;
  readonly fromMs: number;
  readonly untilMs: number;
  left: number;
  met: number;
}

function applies(
  rule: Standing,
  { host, shardId, totalShards }: Occasion,
  nowMs: number,
): boolean {
  const { when } = rule;
  return rule.left > 0 && nowMs >= rule.fromMs && nowMs < rule.untilMs &&
    (when.host === undefined || when.host === host) &&
    (when.shardId === undefined || when.shardId === shardId) &&
    (when.totalShards === undefined || when.totalShards === totalShards);
}
