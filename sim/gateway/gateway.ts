/**
 * The gateway without its transport: takes connections in and keeps what they share. A socket, real
 * or virtual, hands it messages and carries its answers.
 *
 * @module
 */

import { Connection, type ConnectionParts } from "./connection.ts";
import { type Dialect, dialectOf, refuseDialect } from "./dialect.ts";
import type { ConnectionEntry, Host } from "../world/ledger.ts";
import type { MemberRequests } from "./member_requests.ts";
import type { Peer } from "./outgoing.ts";
import { createIdentifyPace, createStartOrder } from "./pace.ts";
import { homeOf, Sessions } from "./sessions.ts";
import type { World } from "../world/world.ts";

/** What is given to a gateway. */
export type GatewayOptions = Pick<
  ConnectionParts,
  "clock" | "random" | "world" | "ledger" | "faults"
>;

/** How a connection attempt is answered before any message. */
export type Admission = "accept" | "refuse" | "http 503" | "silence";

/** The server's end of an accepted connection, as its transport sees it. */
export interface Link {
  /** Whether it answers nothing any more; then its transport must not answer pings either. */
  readonly frozen: boolean;
  /** A message of the client, text or binary. */
  receive(message: string | Uint8Array): void;
  /** The client's close frame (the gateway answers it), or 1006 where the connection broke. */
  closed(code: number): void;
}

/** The gateway. */
export interface Gateway {
  readonly sessions: Sessions;
  /** Open connections. */
  readonly connections: ReadonlySet<Connection>;
  /** What the bot has asked for from somewhere else can be put here. */
  readonly memberRequests: MemberRequests;
  /** Ask this first for every attempt. */
  admit(url: URL): Admission;
  /** A connection that was admitted and is open. */
  accept(url: URL, peer: Peer): Link;
}

/** A gateway that hears the world's events. */
export function createGateway(options: GatewayOptions): Gateway {
  const { clock, random, world, ledger, faults } = options;
  const sessions = new Sessions({ clock, ledger, settings: world.settings, faults }, random);
  const parts: ConnectionParts = {
    ...options,
    sessions,
    connections: new Set(),
    identifyPace: createIdentifyPace(),
    startOrder: createStartOrder(),
    memberRequests: new Map(),
  };
  const attempts = createAttempts(parts);
  world.listen((t, guildId, body, event) => {
    if (world.settings.recordEvents) {
      ledger.world.push({ event, t, guildId: homeOf(t, guildId), atMs: clock.now() });
    }
    sessions.deliver(t, guildId, body, event);
  });
  return {
    sessions,
    connections: parts.connections,
    memberRequests: parts.memberRequests,
    admit(url) {
      const host = hostOf(world, url);
      attempts.count();
      for (const [fault, admission] of REFUSALS) {
        if (!faults.strikes(fault, { host, shardId: null })) continue;
        attempts.note(host, dialectOf(url), admission);
        return admission;
      }
      return "accept";
    },
    accept(url, peer) {
      const dialect = dialectOf(url);
      const entry = attempts.note(hostOf(world, url), dialect, null);
      const connection = new Connection(parts, entry, dialect, peer);
      parts.connections.add(connection);
      const refusal = refuseDialect(dialect, url);
      if (refusal) connection.refuse("version", ...refusal);
      else connection.open();
      return connection;
    },
  };
}

const REFUSALS = [
  ["connection refused", "refuse"],
  ["http 503", "http 503"],
  ["no handshake", "silence"],
] as const;

function hostOf(world: World, url: URL): Host {
  return url.host === new URL(world.addresses.resumeUrl).host ? "resume" : "base";
}

interface Attempts {
  /** Counts an attempt and notes a storm: more per second than the shards there are can explain. */
  count(): void;
  note(host: Host, dialect: Dialect, refused: string | null): ConnectionEntry;
}

function createAttempts({ clock, ledger, world, sessions }: ConnectionParts): Attempts {
  let ids = 0;
  let recentMs: number[] = [];
  return {
    count() {
      const nowMs = clock.now();
      recentMs = recentMs.filter((atMs) => atMs > nowMs - 1000);
      recentMs.push(nowMs);
      const shards = Math.max(1, world.settings.shards, sessions.all().length);
      const limit = shards * world.settings.connectsPerShardPerSecond;
      // Once per storm: at the attempt that goes over.
      if (recentMs.length === limit + 1) {
        ledger.violate("reconnect storm", `more than ${limit} connection attempts in 1 s`);
      }
    },
    note(host, { compression }, refused) {
      const entry: ConnectionEntry = {
        id: ids++,
        host,
        openedMs: clock.now(),
        compression,
        refused,
        shardId: null,
        sessionId: null,
        closedMs: null,
        code: null,
        by: null,
      };
      ledger.add(ledger.connections, entry);
      return entry;
    },
  };
}
