/**
 * Discord's own gateway protocol for consumers: any library that speaks it consumes a shard through
 * us, unmodified. Holds the connections and their sessions; the socket, the events and the way to
 * Discord are the caller's.
 *
 * One connection has a shard at a time, and one of each name reads it beside: a newer IDENTIFY or RESUME ends
 * the older connection of that name, and what that one still says is ignored. So does one that goes by another
 * total and has guilds in common with it. What differs from Discord is in `docs/protocols.md`.
 *
 * @module
 */

import { type LogFields, seldom } from "../ports/log.ts";
import { messageOf } from "../protocol/errors.ts";
import {
  areAtOdds,
  parseShardKey,
  type Seat,
  seatFields,
  seatText,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
} from "../protocol/ids.ts";
import type { ShardBacklog } from "../protocol/worker_message.ts";
import { DownstreamConnection, type DownstreamShared } from "./connection.ts";
import { closeReason } from "./frames.ts";
import type { DownstreamSession } from "./session.ts";
import { DownstreamSessions, type DownstreamSessionsOptions } from "./sessions.ts";
import { readDialect, serves } from "./terms.ts";
import type { DownstreamSocket, DownstreamWorld } from "./world.ts";

/** What the gateway for consumers is made with. */
export interface DownstreamOptions
  extends
    DownstreamWorld,
    Pick<DownstreamSessionsOptions, "stream" | "ttlMs" | "newId" | "changed"> {}

/** What the owner of a socket tells us. */
export interface DownstreamEvents {
  /** What came in a text frame. */
  text(text: string): void;
  /** What came in a binary frame. */
  binary(bytes: Uint8Array): void;
  /** The socket takes no more, and says why: the client is to come back and resume. */
  failed(reason: string): void;
  /** With the code of the client's close frame, or 1006 where none came. */
  closed(code: number): void;
}

/** A seat that a connection has, or is about to have. */
interface Claim {
  readonly seat: Seat;
  /** The shards that were behind it when it was claimed. */
  readonly shards: readonly ShardKeyText[];
  readonly connection: DownstreamConnection;
}

/** The gateway for consumers. */
export class DownstreamGateway {
  /** The sessions, to be written down after each `changed`, and told that they are. */
  readonly sessions: DownstreamSessions;
  readonly #shared: DownstreamShared;
  readonly #isTold: () => number | null;
  readonly #connections = new Set<DownstreamConnection>();
  /** The connection that has a shard or is about to, by the text of the seat. */
  readonly #claims = new Map<string, Claim>();
  /** Sessions that are on their way to other shards. */
  readonly #moves = new Map<DownstreamSession, Promise<void>>();

  constructor(options: DownstreamOptions) {
    this.#isTold = seldom(options.clock);
    const expired = (shard: Seat) => options.events.release(shard);
    const done = (shard: Seat, cursor: number) => options.events.acknowledge(shard, cursor);
    const shardsOf = (seat: Seat) => options.terms.shards.of(seat);
    this.sessions = new DownstreamSessions({ ...options, shardsOf, expired, done });
    this.#shared = {
      ...options,
      sessions: this.sessions,
      claim: (shard, connection) => this.#claim(shard, connection),
      unclaim: (shard) => void this.#claims.delete(seatText(shard)),
      park: (shard) => void this.#park(shard),
      moving: () => this.#moves.size === 0 ? null : this.#moved(),
      tellOfStranger: (event, about) => this.#tellOfStranger(event, about),
    };
  }

  /**
   * Takes over what {@linkcode DownstreamSessions.save} gave in an earlier life of the unit: the
   * shards of those sessions wait for their clients. To be called before any event is handed out.
   */
  load(saved: unknown): void {
    const fits = (shard: Seat) => serves(shard, this.#shared.terms);
    for (const shard of this.sessions.load(saved, fits)) void this.#park(shard);
  }

  /**
   * Takes an open socket, whose address had this query, and sends HELLO.
   *
   * @param url Our address as this client reaches it; that of the options by default.
   */
  accept(
    socket: DownstreamSocket,
    query: URLSearchParams,
    url: string = this.#shared.url,
  ): DownstreamEvents {
    const dialect = readDialect(query);
    if ("code" in dialect) {
      this.#tellOfStranger("consumer refused", { ...dialect });
      socket.close(dialect.code, closeReason(dialect.reason));
      return { text() {}, binary() {}, failed() {}, closed() {} };
    }
    const connection = new DownstreamConnection({ ...this.#shared, url }, socket, dialect);
    this.#connections.add(connection);
    return {
      text: (text) => connection.message(text),
      binary: (bytes) => connection.message(bytes),
      failed: (reason) => connection.input({ kind: "failed", reason }),
      closed: (code) => {
        this.#connections.delete(connection);
        connection.closed(code);
      },
    };
  }

  /**
   * Sends no further event. Resolves when every client has said that it has what it was sent, or has had
   * its time.
   */
  async settle(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.settle()));
  }

  /**
   * Closes every connection so that its client comes back and resumes; the sessions stay. Resolves when
   * the clients have answered, or have had their time: what they have received is known then.
   */
  async stop(): Promise<void> {
    const closing = [...this.#connections].map((connection) => connection.stop());
    this.#connections.clear();
    this.sessions.stop();
    await Promise.all(closing);
  }

  /** Asks the clients that these shards have for a heartbeat, now: it acknowledges what they have. */
  urge(shards: readonly ShardKey[]): void {
    const wanted = new Set(shards.map(shardKeyText));
    for (const { connection, shards } of this.#claims.values()) {
      if (shards.some((shard) => wanted.has(shard))) connection.urge();
    }
  }

  /**
   * The shards behind some seats are others from now on, and everything of those before is dealt with. To be
   * called in the moment in which they change, before the new ones give out anything: those that a session is to
   * have are held by then. Each session goes on over them, its client sees nothing of it but a leap of its
   * numbers; where it cannot, its client is told to begin anew (op 9).
   *
   * @param written Writes the sessions down: before that nothing is given. False: nothing is given any more.
   */
  async moved(written: () => Promise<boolean>): Promise<void> {
    for (const { connection, shards, seat } of [...this.#claims.values()]) {
      if (connection.isStarting && this.sessions.isMoved({ shard: seat, shards })) {
        connection.input({ kind: "failed", reason: "The guilds of this shard move." });
      }
    }
    for (const session of this.sessions.all) {
      if (this.#isElsewhere(session.shard)) {
        this.#giveUp(session, "consumer has to go to another unit: its shard has");
        continue;
      }
      if (!this.sessions.isMoved(session)) continue;
      if (this.#moves.has(session)) {
        // It is on its way, and goes on from there. What is new to it must give out nothing meanwhile.
        void this.#park(session.shard);
      } else if (this.#canMove(session)) {
        this.#moves.set(session, this.#move(session, written));
      } else this.#giveUp(session);
    }
    this.sessions.forgetMoved();
    await this.#moved();
  }

  async #moved(): Promise<void> {
    await Promise.all(this.#moves.values());
  }

  #canMove({ shard, sessionId }: DownstreamSession): boolean {
    const isTaken = this.sessions.all.some((other) =>
      other.sessionId !== sessionId && this.#areAtOdds(other.shard, shard)
    );
    const connection = this.#connectionOf(shard);
    return serves(shard, this.#shared.terms) && !isTaken && connection?.hasGuilds !== false;
  }

  /** Whether shards that a seat is made of are another unit's. */
  #isElsewhere(seat: Seat): boolean {
    const { shards } = this.#shared.terms;
    return shards.of(seat)?.every((shard) => shards.runs(shard)) === false;
  }

  #giveUp(
    session: DownstreamSession,
    event = "consumer has to begin anew: its guilds have moved to other shards",
  ): void {
    const { shard } = session;
    const about = { ...seatFields(shard), total: shard.total };
    this.#shared.log.warn(event, about);
    const connection = this.#connectionOf(shard);
    if (connection) return connection.input({ kind: "invalid" });
    this.sessions.end(session);
    this.#shared.events.release(shard);
  }

  async #move(session: DownstreamSession, written: () => Promise<boolean>): Promise<void> {
    const { sessions } = this;
    const { shard } = session;
    this.#connectionOf(shard)?.halt();
    const isOver = () => sessions.ofShard(shard) !== session;
    try {
      const backlog = await this.#hold(session, written);
      this.#moves.delete(session);
      if (!backlog || isOver()) return;
      const shards = session.shards.join(", ");
      this.#shared.log.info("consumer's session goes on over other shards", {
        ...seatFields(shard),
        shards,
      });
      this.#connectionOf(shard)?.goOn(session, backlog);
    } catch (error) {
      this.#moves.delete(session);
      const about = { ...seatFields(shard), error: messageOf(error) };
      this.#shared.log.error("consumer's session cannot go on over other shards", about);
      if (!isOver()) this.#giveUp(session);
    }
  }

  /** Holds the shards that are behind a session now; again, where they are others meanwhile. */
  async #hold(
    session: DownstreamSession,
    written: () => Promise<boolean>,
  ): Promise<ShardBacklog | null> {
    const { sessions } = this;
    const { events } = this.#shared;
    const { shard } = session;
    let backlog: ShardBacklog | null = null;
    while (sessions.ofShard(shard) === session && sessions.isMoved(session)) {
      const shards = this.#shardsOf(shard);
      if (shards.length === 0) throw new Error("they have guilds of others as well");
      backlog = await events.hold(shard);
      if (sessions.ofShard(shard) !== session) return null;
      if (this.#shardsOf(shard).join() !== shards.join()) continue;
      const goOn = areSeveral(shard, session.shards) && areSeveral(shard, shards);
      sessions.move(session, goOn ? null : backlog.acknowledged);
      if (!await written()) return null;
    }
    return backlog;
  }

  #shardsOf(seat: Seat): ShardKeyText[] {
    return this.#shared.terms.shards.of(seat)?.map(shardKeyText) ?? [];
  }

  #connectionOf(shard: Seat): DownstreamConnection | undefined {
    return this.#claims.get(seatText(shard))?.connection;
  }

  async #claim(shard: Seat, connection: DownstreamConnection): Promise<void> {
    const rivals = [...this.#claims.values()].filter(({ seat }) => this.#areAtOdds(seat, shard));
    for (const { seat } of rivals) this.#claims.delete(seatText(seat));
    const shards = this.#shardsOf(shard);
    this.#claims.set(seatText(shard), { seat: shard, shards, connection });
    for (const rival of rivals) rival.connection.input({ kind: "replaced" });
    this.#release([...rivals.map(({ seat }) => seat), ...this.#sessionsAtOdds(shard)], shard);
    await Promise.all(rivals.map((rival) => rival.connection.answered()));
  }

  #sessionsAtOdds(shard: Seat): Seat[] {
    return this.sessions.all.map((session) => session.shard)
      .filter((it) => this.#areAtOdds(it, shard));
  }

  #areAtOdds(one: Seat, other: Seat): boolean {
    return areAtOdds(one, other, (seat) => this.#shared.terms.shards.of(seat));
  }

  /** Who goes by another total loses what it has in common with this seat, and with it the rest. */
  #release(seats: readonly Seat[], taken: Seat): void {
    for (const seat of seats) {
      if (seat.total === taken.total) continue;
      const session = this.sessions.ofShard(seat);
      if (session) this.sessions.end(session);
      this.#shared.events.release(seat);
    }
  }

  #tellOfStranger(event: string, about: LogFields): void {
    const more = this.#isTold();
    if (more !== null) this.#shared.log.warn(event, { ...about, ...more && { more } });
  }

  async #park(shard: Seat): Promise<void> {
    try {
      await this.#shared.events.hold(shard);
    } catch (error) {
      const about = { ...seatFields(shard), error: messageOf(error) };
      this.#shared.log.error("events cannot be held for a consumer that is away", about);
    }
  }
}

/** Whether a client's shard is made of several of ours. */
function areSeveral({ total }: Seat, shards: readonly ShardKeyText[]): boolean {
  return shards.every((shard) => parseShardKey(shard)!.total > total);
}
