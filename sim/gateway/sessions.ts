/**
 * All live sessions: who gets an event, and when a session that nobody holds ends.
 *
 * @module
 */

import { calculateShardId } from "../../protocol/ids.ts";
import type { Cancel } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { wants } from "../../protocol/discord/audience.ts";
import type { Body } from "../world/body.ts";
import { Session, type SessionParts, type SessionTerms } from "./session.ts";
import type { StandingFaults } from "./standing_faults.ts";

/** What sessions work with. */
export interface SessionsParts extends SessionParts {
  readonly faults: StandingFaults;
}

/** The guild whose shard gets an event; `null`: shard 0. Entitlements may name a guild and yet be of shard 0. */
export function homeOf(t: string, guildId: string | null): string | null {
  return t.startsWith("ENTITLEMENT_") ? null : guildId;
}

/** The live sessions. */
export class Sessions {
  readonly #parts: SessionsParts;
  readonly #random: Random;
  readonly #byId = new Map<string, Session>();
  /** By shard count, then by shard: several counts may live side by side (a reshard). */
  readonly #byShard = new Map<number, Map<number, Set<Session>>>();
  readonly #expiries = new Map<Session, Cancel>();

  constructor(parts: SessionsParts, random: Random) {
    this.#parts = parts;
    this.#random = random;
  }

  /** A new session, with nothing sent. */
  create(terms: SessionTerms): Session {
    const session = new Session(this.#newId(), terms, this.#parts);
    this.#byId.set(session.id, session);
    this.#group(terms).add(session);
    return session;
  }

  /** The live session with this id. */
  get(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  /** Every live session. */
  all(): readonly Session[] {
    return [...this.#byId.values()];
  }

  /** Gives an event to every session whose shard and intents match. */
  deliver(t: string, guildId: string | null, body: Body, event: number): void {
    for (const [totalShards, shards] of this.#byShard) {
      const home = homeOf(t, guildId);
      const group = shards.get(home === null ? 0 : calculateShardId(home, totalShards));
      if (!group) continue;
      for (const session of group) {
        if (wants(session.terms.intents, t, guildId === null)) this.#tell(session, t, body, event);
      }
    }
  }

  #tell(session: Session, t: string, body: Body, event: number): void {
    const { faults } = this.#parts;
    if (faults.strikes("event missing", session.terms, t)) {
      return this.#note("missing", session, event);
    }
    session.tell(t, body, event);
    if (!faults.strikes("event repeated", session.terms, t)) return;
    this.#note("repeated", session, event);
    session.tell(t, body, event);
  }

  #note(flaw: "missing" | "repeated", { id, terms }: Session, event: number): void {
    const { clock, ledger } = this.#parts;
    const { shardId, totalShards } = terms;
    const about = { flaw, event, sessionId: id, shardId, totalShards, atMs: clock.now() };
    ledger.add(ledger.flaws, about);
  }

  /** The session's connection is gone: it ends after its time to live, unless it is resumed. */
  release(session: Session): void {
    session.detach();
    if (session.entry.ended) return;
    this.#expiries.get(session)?.();
    const { clock, settings } = this.#parts;
    this.#expiries.set(
      session,
      clock.after(settings.sessionTtlMs, () => this.end(session, "expired")),
    );
  }

  /** The session has a connection again. */
  hold(session: Session): void {
    this.#expiries.get(session)?.();
    this.#expiries.delete(session);
  }

  /** Ends a session for good. */
  end(session: Session, reason: string): void {
    if (session.entry.ended) return;
    session.entry.ended = { reason, atMs: this.#parts.clock.now() };
    session.detach();
    this.hold(session);
    this.#byId.delete(session.id);
    this.#group(session.terms).delete(session);
  }

  #group({ totalShards, shardId }: SessionTerms): Set<Session> {
    let shards = this.#byShard.get(totalShards);
    if (!shards) this.#byShard.set(totalShards, shards = new Map());
    let group = shards.get(shardId);
    if (!group) shards.set(shardId, group = new Set());
    return group;
  }

  /** 32 hexadecimal digits, from the seed. */
  #newId(): string {
    const part = () => Math.floor(this.#random() * 0x1_0000_0000).toString(16).padStart(8, "0");
    return part() + part() + part() + part();
  }
}
