/**
 * What happened: every client action and every injected fault as a small typed entry, and each rule
 * that the client broke. Tests assert that {@linkcode Ledger.violations} is empty. It decides
 * nothing and prints nothing.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";

/** Which address a connection came in on. */
export type Host = "base" | "resume";

/** A connection attempt and what became of it. */
export interface ConnectionEntry {
  readonly id: number;
  readonly host: Host;
  readonly openedMs: number;
  /** As the client asked for it in the URL. */
  readonly compression: string;
  /** Why it was not accepted, or `null`. */
  readonly refused: string | null;
  /** Known after IDENTIFY or RESUME. */
  shardId: number | null;
  sessionId: string | null;
  closedMs: number | null;
  /** 1006 where it broke without a close frame. */
  code: number | null;
  by: "client" | "server" | null;
}

/** An IDENTIFY that was valid, and whether pace and budget let it through. */
export interface IdentifyEntry {
  readonly connectionId: number;
  readonly shardId: number;
  readonly totalShards: number;
  readonly key: number;
  readonly intents: number;
  /** As the client sent it; `undefined` where it sent none. */
  readonly presence: unknown;
  readonly accepted: boolean;
  readonly atMs: number;
}

/** A RESUME. */
export interface ResumeEntry {
  readonly connectionId: number;
  readonly host: Host;
  /** `null` where the session is unknown. */
  readonly shardId: number | null;
  readonly sessionId: string;
  readonly seq: number;
  readonly ok: boolean;
  /** Events the session had ready to replay. */
  readonly replayed: number;
  readonly atMs: number;
}

/** A heartbeat of a client. */
export interface HeartbeatEntry {
  readonly connectionId: number;
  readonly shardId: number | null;
  readonly d: number | null;
  readonly atMs: number;
}

/** Any payload of a client, heartbeats included. */
export interface SendEntry {
  readonly connectionId: number;
  readonly shardId: number | null;
  readonly op: number;
  readonly bytes: number;
  readonly atMs: number;
}

/** A session and what has been numbered for it so far. */
export interface SessionEntry {
  readonly sessionId: string;
  readonly shardId: number;
  readonly totalShards: number;
  readonly intents: number;
  readonly startedMs: number;
  /** Last `s` given out; the session's dispatches are 1 to this, without a gap. */
  lastS: number;
  /** What others see: the presence of IDENTIFY, then of the last op 3. Another session knows nothing of it. */
  presence: unknown;
  /** Why and when it ended, or `null`. */
  ended: { readonly reason: string; readonly atMs: number } | null;
}

/** Something that happened, whoever was told; kept with the option `recordEvents`. */
export interface WorldEntry {
  /** Its number, from 1, in the order in which things happened. */
  readonly event: number;
  readonly t: string;
  /** The guild whose shard gets it; `null`: shard 0 of every total. */
  readonly guildId: string | null;
  readonly atMs: number;
}

/** One dispatch of one session; kept with the option `recordEvents`. */
export interface EventEntry {
  readonly sessionId: string;
  readonly shardId: number;
  readonly totalShards: number;
  readonly s: number;
  readonly t: string;
  /** What tells the event from others of its kind: its id where it has one, else empty. */
  readonly key: string;
  /** Which of the world's events it tells of; `null` for what is the session's own, such as READY. */
  readonly event: number | null;
  readonly atMs: number;
}

/** An event that a fault kept from a session, or gave to it twice. */
export interface FlawEntry {
  readonly flaw: "missing" | "repeated";
  readonly event: number;
  readonly sessionId: string;
  readonly shardId: number;
  readonly totalShards: number;
  readonly atMs: number;
}

/** A request to the REST half. */
export interface RestEntry {
  readonly method: string;
  /** Template, such as `/channels/:channel_id/messages`; never holds a token. */
  readonly route: string;
  readonly status: number;
  /** Scope of a 429, else `null`. */
  readonly scope: "user" | "global" | "shared" | null;
  readonly remoteAddress: string;
  readonly atMs: number;
}

/** A fault that struck. */
export interface FaultEntry {
  readonly fault: string;
  readonly shardId: number | null;
  readonly detail: string;
  readonly atMs: number;
}

/** Rules of Discord that a client can break. */
export type Rule =
  | "already authenticated"
  | "bad payload"
  | "budget exhausted"
  | "heartbeat missing"
  | "heartbeat not answered"
  | "heartbeat seq"
  | "identify pace"
  | "intents"
  | "not authenticated"
  | "order"
  | "payload too large"
  | "presence pace"
  | "reconnect storm"
  | "resume seq"
  | "rest"
  | "send limit"
  | "shard"
  | "token"
  | "unknown opcode"
  | "version"
  | "zombie kept";

/** A rule that the client broke. */
export interface Violation {
  readonly rule: Rule;
  /** In a person's words; never holds a secret. */
  readonly detail: string;
  readonly atMs: number;
}

/** The lists that grow as things happen, and the verbs that add to them. `atMs` is the clock's `now()`. */
export interface Ledger {
  readonly connections: ConnectionEntry[];
  readonly identifies: IdentifyEntry[];
  readonly resumes: ResumeEntry[];
  readonly heartbeats: HeartbeatEntry[];
  readonly sends: SendEntry[];
  readonly sessions: Map<string, SessionEntry>;
  /** Empty without the option `recordEvents`. */
  readonly world: WorldEntry[];
  /** Empty without the option `recordEvents`. */
  readonly events: EventEntry[];
  readonly flaws: FlawEntry[];
  readonly rest: RestEntry[];
  readonly faults: FaultEntry[];
  readonly violations: Violation[];
  /** Adds an entry to one of the lists above, dropping the oldest beyond the bound. */
  add<T>(list: T[], entry: T): void;
  /** Notes that the client broke a rule. */
  violate(rule: Rule, detail: string): void;
}

/** An empty ledger. `entries` bounds each list; sessions and violations are never dropped. */
export function createLedger(clock: Clock, entries = 200_000): Ledger {
  const ledger: Ledger = {
    connections: [],
    identifies: [],
    resumes: [],
    heartbeats: [],
    sends: [],
    sessions: new Map(),
    world: [],
    events: [],
    flaws: [],
    rest: [],
    faults: [],
    violations: [],
    add(list, entry) {
      list.push(entry);
      // Dropping in bulk keeps the cost per entry constant.
      if (list.length >= 2 * entries) list.splice(0, list.length - entries);
    },
    violate(rule, detail) {
      ledger.violations.push({ rule, detail, atMs: clock.now() });
    },
  };
  return ledger;
}
