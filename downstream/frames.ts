/**
 * What Gatehouse writes by itself to clients of `/gateway`: payloads in Discord's order of keys, the
 * answers to `GET /gateway[/bot]`, close reasons. What Discord wrote is passed on as bytes:
 * `numbers.ts`.
 *
 * @module
 */

import type { ShardKey } from "../protocol/ids.ts";
import { writeExact } from "../protocol/json.ts";
import type { ReadyFacts } from "../protocol/discord/gateway_frame.ts";
import { OP } from "../protocol/discord/opcodes.ts";
import type { ShardPayload } from "../protocol/worker_message.ts";

const TRACE: readonly string[] = ["gatehouse"];
/** Libraries refuse to start when fewer starts are left than they have shards. */
const LEAST_STARTS = 1000;
const CLOSE_BRACE = 0x7d;
/** A close frame holds no more. */
const MOST_REASON_BYTES = 123;

/** What READY is made of. */
export interface ReadyOptions {
  /** API version that the client asked for. */
  readonly version: number;
  readonly sessionId: string;
  /** Our address, without a query. */
  readonly url: string;
  readonly shard: ShardKey;
  readonly facts: ReadyFacts;
}

/** A payload that is not a dispatch. */
export function control(op: number, d: unknown): string {
  return `{"t":null,"s":null,"op":${op},"d":${JSON.stringify(d)}}`;
}

/** A dispatch of ours. */
export function dispatch(t: string, s: number, d: unknown): string {
  return `{"t":"${t}","s":${s},"op":${OP.DISPATCH},"d":${writeExact(d)}}`;
}

/** HELLO. See [Discord Docs/Hello](https://discord.com/developers/docs/events/gateway-events#hello). */
export function hello(heartbeatIntervalMs: number): string {
  return control(OP.HELLO, { heartbeat_interval: heartbeatIntervalMs, _trace: TRACE });
}

/** READY, number 1 of its session. See [Discord Docs/Ready](https://discord.com/developers/docs/events/gateway-events#ready). */
export function ready(options: ReadyOptions): string {
  const { version, sessionId, url, shard, facts } = options;
  return dispatch("READY", 1, {
    v: version,
    user_settings: {},
    user: facts.user,
    shard: [shard.id, shard.total],
    session_type: "normal",
    session_id: sessionId,
    resume_gateway_url: url,
    relationships: [],
    private_channels: [],
    presences: [],
    guilds: facts.guildIds.map((id) => ({ unavailable: true, id })),
    guild_join_requests: [],
    geo_ordered_rtc_regions: [],
    auth: {},
    application: facts.application,
    _trace: TRACE,
  });
}

const encoder = new TextEncoder();

/**
 * GUILD_CREATE with a body that is JSON already. See
 * [Discord Docs/Guild Create](https://discord.com/developers/docs/events/gateway-events#guild-create).
 *
 * @example
 * ```ts
 * import { guildCreate } from "./frames.ts";
 * const payload = guildCreate(2, new TextEncoder().encode('{"id":"7"}'));
 * const text = '{"t":"GUILD_CREATE","s":2,"op":0,"d":{"id":"7"}}';
 * console.assert(new TextDecoder().decode(payload) === text);
 * ```
 */
export function guildCreate(s: number, body: Uint8Array): Uint8Array {
  return dispatchOf("GUILD_CREATE", s, body);
}

/**
 * A GUILD_MEMBERS_CHUNK from what is known, with a body of bytes of JSON. Numbered as {@linkcode resumed}.
 */
export function membersChunk(s: number, body: Uint8Array): Uint8Array {
  return dispatchOf("GUILD_MEMBERS_CHUNK", s, body);
}

function dispatchOf(t: string, s: number, body: Uint8Array): Uint8Array {
  const head = encoder.encode(`{"t":"${t}","s":${s},"op":${OP.DISPATCH},"d":`);
  const payload = new Uint8Array(head.length + body.length + 1);
  payload.set(head);
  payload.set(body, head.length);
  payload[payload.length - 1] = CLOSE_BRACE;
  return payload;
}

/**
 * RESUMED. It is no event of the shard and so has no number of its own: it carries that of the last
 * event before it.
 */
export function resumed(s: number): string {
  return dispatch("RESUMED", s, { _trace: TRACE });
}

/**
 * GATEHOUSE_REPEAT: of what follows, the events with numbers `from` to `to` may have come to a session
 * before. Numbered as {@linkcode resumed}.
 */
export function repeat(
  s: number,
  range: { readonly shard: number; readonly from: number; readonly to: number },
): string {
  return dispatch("GATEHOUSE_REPEAT", s, range);
}

/**
 * RATE_LIMITED: a member request that could not be sent in time. Numbered as {@linkcode resumed}. See
 * [Discord Docs/Rate Limited](https://discord.com/developers/docs/events/gateway-events#rate-limited).
 */
export function rateLimited(s: number, { op, d }: ShardPayload, retryAfterMs: number): string {
  const { guild_id, nonce } = (d ?? {}) as Record<string, unknown>;
  const meta = { guild_id, nonce };
  return dispatch("RATE_LIMITED", s, { opcode: op, retry_after: retryAfterMs / 1000, meta });
}

/**
 * The answer to `GET /gateway/bot`, which puts a library behind Gatehouse: our WebSocket address,
 * without a query, and as many shards as the unit's fleet has. To identify with us costs nothing at
 * Discord, so all shards may do so at once and the limit never runs down. See
 * [Discord Docs/Get Gateway Bot](https://discord.com/developers/docs/events/gateway#get-gateway-bot).
 */
export function gatewayBotAnswer(url: string, totalShards: number): object {
  const starts = Math.max(LEAST_STARTS, totalShards);
  const limit = { total: starts, remaining: starts, reset_after: 0, max_concurrency: totalShards };
  return { url, shards: totalShards, session_start_limit: limit };
}

/** As much of a reason as a close frame holds, cut between two characters. */
export function closeReason(reason: string): string {
  const bytes = new Uint8Array(MOST_REASON_BYTES);
  const { written } = new TextEncoder().encodeInto(reason, bytes);
  return new TextDecoder().decode(bytes.subarray(0, written));
}
