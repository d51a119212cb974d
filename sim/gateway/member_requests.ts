/**
 * Op 8: chunks of at most 1000 members, and one request for all members per guild, bot and 30 s. See
 * [Discord Docs/Request Guild Members](https://discord.com/developers/docs/events/gateway-events#request-guild-members).
 *
 * @module
 */

import { readId } from "../../protocol/ids.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { type Body, jsonBody } from "../world/body.ts";
import type { FlowParts } from "./guild_flow.ts";
import type { SimGuild, SimMember } from "../world/guilds.ts";
import { presence } from "./ready.ts";
import type { Session } from "./session.ts";

/** When each guild's members were last asked for as a whole, by any session of the bot. */
export type MemberRequests = Map<string, number>;

/** What op 8 asks for. */
export interface MemberRequest {
  readonly wantsAll: boolean;
  readonly query?: unknown;
  readonly limit?: unknown;
  readonly user_ids?: unknown;
  readonly presences?: unknown;
  readonly nonce?: unknown;
}

/** Answers a request on the session that sent it: chunks, or RATE_LIMITED. */
export function answerMembers(
  parts: FlowParts & { readonly memberRequests: MemberRequests },
  session: Session,
  guild: SimGuild,
  request: MemberRequest,
): void {
  const nonce = usableNonce(request.nonce);
  if (request.wantsAll) {
    const waitMs = waitOf(parts, guild.id);
    if (waitMs > 0) {
      const meta = { guild_id: guild.id, ...nonce };
      const d = { opcode: OP.REQUEST_GUILD_MEMBERS, retry_after: waitMs / 1000, meta };
      return session.dispatch("RATE_LIMITED", jsonBody(d));
    }
    parts.memberRequests.set(guild.id, parts.clock.now());
  }
  sendChunks(parts, session, chunksOf(guild, request, nonce));
}

function chunksOf(guild: SimGuild, request: MemberRequest, nonce: { nonce?: string }): Body[] {
  const { members, notFound } = find(guild, request);
  const count = Math.max(1, Math.ceil(members.length / MOST_PER_CHUNK));
  return Array.from({ length: count }, (_, index) => {
    const part = members.slice(index * MOST_PER_CHUNK, (index + 1) * MOST_PER_CHUNK);
    return jsonBody({
      guild_id: guild.id,
      members: part,
      chunk_index: index,
      chunk_count: count,
      ...(notFound.length > 0 ? { not_found: notFound } : {}),
      ...(request.presences === true ? { presences: part.map(presence) } : {}),
      ...nonce,
    });
  });
}

/** One after another; they go on while the session has no connection, until it ends. */
function sendChunks(parts: FlowParts, session: Session, chunks: readonly Body[]): void {
  const { memberChunkStepMs: stepMs } = parts.world.settings;
  const [first, ...rest] = chunks;
  const send = () => {
    if (first === undefined || session.entry.ended) return;
    session.dispatch("GUILD_MEMBERS_CHUNK", first);
    sendChunks(parts, session, rest);
  };
  if (stepMs > 0) parts.clock.after(stepMs, send);
  else send();
}

const MOST_PER_CHUNK = 1000;
const MOST_FOUND = 100;
const MOST_NONCE_BYTES = 32;

/** A longer nonce is ignored, not an error. */
function usableNonce(nonce: unknown): { nonce?: string } {
  if (typeof nonce !== "string") return {};
  return new TextEncoder().encode(nonce).length > MOST_NONCE_BYTES ? {} : { nonce };
}

function waitOf(
  { clock, world, memberRequests }: Parameters<typeof answerMembers>[0],
  guildId: string,
): number {
  const lastMs = memberRequests.get(guildId) ?? -Infinity;
  return lastMs + world.settings.memberRequestWindowMs - clock.now();
}

function find(
  guild: SimGuild,
  request: MemberRequest,
): { members: SimMember[]; notFound: unknown[] } {
  if (request.user_ids !== undefined) {
    const ids = [request.user_ids].flat().slice(0, MOST_FOUND);
    const memberOf = (id: unknown) => guild.members.get(readId(id) ?? "");
    return {
      members: ids.map(memberOf).filter((member) => member !== undefined),
      notFound: ids.filter((id) => !memberOf(id)).map((id) => readId(id) ?? id),
    };
  }
  const all = [...guild.members.values()];
  if (request.wantsAll) return { members: all, notFound: [] };
  const prefix = typeof request.query === "string" ? request.query.toLowerCase() : "";
  const limit = typeof request.limit === "number" && request.limit > 0 ? request.limit : MOST_FOUND;
  const found = all.filter(({ user, nick }) => (nick ?? user.username).startsWith(prefix));
  return { members: found.slice(0, Math.min(limit, MOST_FOUND)), notFound: [] };
}
