/**
 * Gateway payloads that the session itself reads and writes; every other one is passed on as bytes.
 * See [Discord Docs/Gateway Events](https://discord.com/developers/docs/events/gateway-events).
 *
 * @module
 */

import { parseJson } from "../json.ts";
import { isRecord } from "../record.ts";
import {
  GATEWAY_URL,
  idsOf,
  LIST,
  type Note,
  OBJECT,
  SESSION_ID,
  usable,
  wholeNumber,
} from "./field.ts";
import { OP } from "./opcodes.ts";

/** What READY tells of the bot and of the shard's guilds, for those who get a READY of ours. */
export interface ReadyFacts {
  /** The bot's user object; `null` where READY had none. */
  readonly user: unknown;
  /** The application, `{id, flags}`; `null` where READY had none. */
  readonly application: unknown;
  /** The guilds of the shard. */
  readonly guildIds: readonly string[];
}

/** What a session is resumed by. */
export interface ResumableSession {
  readonly sessionId: string;
  /** Where, as READY gave it (no query); `null`: where every session begins. */
  readonly resumeUrl: string | null;
}

/** READY as the shard keeps it. */
export interface Ready {
  /** What to come back with; `null`: this session cannot be resumed. */
  readonly session: ResumableSession | null;
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
  /** Guilds of more members come without those that are offline; Discord's default is 50. */
  readonly largeThreshold?: number;
}

/** IDENTIFY. See [Discord Docs/Identify](https://discord.com/developers/docs/events/gateway-events#identify). */
export function identify(options: IdentifyOptions): Outgoing {
  const { token, intents, shardId, totalShards, presence, largeThreshold } = options;
  return {
    op: OP.IDENTIFY,
    d: {
      token,
      intents,
      shard: [shardId, totalShards],
      properties: { os: "linux", browser: "gatehouse", device: "gatehouse" },
      ...(presence === undefined ? {} : { presence }),
      ...(largeThreshold === undefined ? {} : { large_threshold: largeThreshold }),
    },
  };
}

/** The most that Discord takes as `large_threshold`. */
export const MOST_LARGE_THRESHOLD = 250;

/** RESUME. See [Discord Docs/Resume](https://discord.com/developers/docs/events/gateway-events#resume). */
export function resume(token: string, sessionId: string, seq: number): Outgoing {
  return { op: OP.RESUME, d: { token, session_id: sessionId, seq } };
}

/** What Discord's HELLO asks for; taken where another asks for nothing that can be kept, ms. */
const USUAL_INTERVAL_MS = 41_250;
/** Oftener would use up what a connection may send; more seldom would notice no death. */
const INTERVAL_MS = wholeNumber(1_000, 600_000);

/**
 * The heartbeat interval of HELLO, ms.
 *
 * @throws {SyntaxError} When it is not JSON.
 */
export function parseHello(payload: Uint8Array, note: Note): number {
  return usable(
    bodyOf(payload),
    "heartbeat_interval",
    INTERVAL_MS,
    USUAL_INTERVAL_MS,
    note,
  );
}

/**
 * Reads READY. A session without a name cannot be resumed, one without a host of its own is resumed on
 * the generic one. Of the facts, what cannot be used is `null`, or no guilds.
 *
 * @throws {SyntaxError} When it is not JSON.
 */
export function parseReady(payload: Uint8Array, note: Note): Ready {
  const body = bodyOf(payload);
  const sessionId = usable(body, "session_id", SESSION_ID, null, note);
  const resumeUrl = usable(body, "resume_gateway_url", GATEWAY_URL, null, note);
  return {
    session: sessionId === null ? null : { sessionId, resumeUrl },
    facts: {
      user: usable(body, "user", OBJECT, null, note),
      application: usable(body, "application", OBJECT, null, note),
      guildIds: idsOf(usable(body, "guilds", LIST, null, note) ?? []),
    },
  };
}

/** Reads INVALID SESSION: whether the session can be resumed. */
export function parseInvalidSession(payload: Uint8Array): boolean {
  return decode(payload).d === true;
}

/**
 * The address of a gateway with the query that Discord asks for.
 *
 * @param base A {@linkcode GATEWAY_URL}.
 */
export function gatewayAddress(base: string, compression: string): string {
  const url = new URL(base);
  url.searchParams.set("v", "10");
  url.searchParams.set("encoding", "json");
  if (compression === "none") url.searchParams.delete("compress");
  else url.searchParams.set("compress", compression);
  return url.href;
}

/** The fields of `d`; none where it is no object. */
function bodyOf(payload: Uint8Array): Record<string, unknown> {
  const { d } = decode(payload);
  return isRecord(d) ? d : {};
}

function decode(payload: Uint8Array): { d?: unknown } {
  return parseJson(new TextDecoder().decode(payload)) as { d?: unknown };
}
