/**
 * Gateway payloads that the session itself reads and writes; every other one is passed on as bytes.
 * See [Discord Docs/Gateway Events](https://discord.com/developers/docs/events/gateway-events).
 *
 * @module
 */

import { GatehouseError } from "../errors.ts";
import { OP } from "./opcodes.ts";

/** What READY tells of the bot and of the shard's guilds, for those who get a READY of ours. */
export interface ReadyFacts {
  /** The bot's user object. */
  readonly user: unknown;
  /** The application: `{id, flags}`. */
  readonly application: unknown;
  /** The guilds of the shard. */
  readonly guildIds: readonly string[];
}

/** READY as the shard keeps it. */
export interface Ready {
  /** What to come back with. */
  readonly session: { readonly sessionId: string; readonly resumeUrl: string };
  readonly facts: ReadyFacts;
}

/** A payload as the client writes it. */
export interface Outgoing {
  readonly op: number;
  readonly d: unknown;
}

/** What IDENTIFY is made of. */
export interface IdentifyOptions {
  readonly token: string;
  readonly intents: number;
  readonly shardId: number;
  readonly totalShards: number;
  readonly presence?: unknown;
}

/** IDENTIFY. See [Discord Docs/Identify](https://discord.com/developers/docs/events/gateway-events#identify). */
export function identify(options: IdentifyOptions): Outgoing {
  const { token, intents, shardId, totalShards, presence } = options;
  return {
    op: OP.IDENTIFY,
    d: {
      token,
      intents,
      shard: [shardId, totalShards],
      properties: { os: "linux", browser: "gatehouse", device: "gatehouse" },
      ...(presence === undefined ? {} : { presence }),
    },
  };
}

/** RESUME. See [Discord Docs/Resume](https://discord.com/developers/docs/events/gateway-events#resume). */
export function resume(token: string, sessionId: string, seq: number): Outgoing {
  return { op: OP.RESUME, d: { token, session_id: sessionId, seq } };
}

/** The heartbeat interval of HELLO, ms. */
export function parseHello(payload: Uint8Array): number {
  const interval = bodyOf(payload).heartbeat_interval;
  if (typeof interval !== "number" || !(interval > 0)) {
    throw malformed("HELLO", "heartbeat_interval");
  }
  return interval;
}

/** Reads READY. Of its facts, what is missing is `null`, or no guilds. */
export function parseReady(payload: Uint8Array): Ready {
  const body = bodyOf(payload);
  const { session_id: sessionId, resume_gateway_url: resumeUrl } = body;
  if (typeof sessionId !== "string") throw malformed("READY", "session_id");
  if (typeof resumeUrl !== "string") throw malformed("READY", "resume_gateway_url");
  const { user = null, application = null, guilds } = body;
  const ids = (Array.isArray(guilds) ? guilds : []).map((guild) => guild?.id);
  const guildIds = ids.filter((id) => typeof id === "string");
  return { session: { sessionId, resumeUrl }, facts: { user, application, guildIds } };
}

/** Reads INVALID SESSION: whether the session can be resumed. */
export function parseInvalidSession(payload: Uint8Array): boolean {
  return decode(payload).d === true;
}

/** The address of a gateway with the query that Discord asks for. */
export function gatewayAddress(base: string, compression: string): string {
  const url = new URL(base);
  url.searchParams.set("v", "10");
  url.searchParams.set("encoding", "json");
  if (compression === "none") url.searchParams.delete("compress");
  else url.searchParams.set("compress", compression);
  return url.href;
}

function bodyOf(payload: Uint8Array): Record<string, unknown> {
  const { d } = decode(payload);
  if (typeof d !== "object" || d === null) throw malformed("payload", "d");
  return d as Record<string, unknown>;
}

function decode(payload: Uint8Array): { d?: unknown } {
  return JSON.parse(new TextDecoder().decode(payload)) as { d?: unknown };
}

function malformed(what: string, field: string): GatehouseError {
  return new GatehouseError("bad_frame", "discord", `Cannot read ${what}: ${field} is missing`);
}
