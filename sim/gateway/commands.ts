/**
 * What a client may ask for once it is ready: ops 3, 4, 8, 31 and 43. See
 * [Discord Docs/Send Events](https://discord.com/developers/docs/events/gateway-events#send-events).
 *
 * @module
 */

import { calculateShardId, readId } from "../../protocol/ids.ts";
import { INTENTS } from "../../protocol/discord/intents.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { jsonBody } from "../world/body.ts";
import type { SimGuild } from "../world/guilds.ts";
import { isRecord } from "../../protocol/record.ts";
import type { Ledger } from "../world/ledger.ts";
import { answerMembers, type MemberRequests } from "./member_requests.ts";
import { isPresence } from "./identify_rules.ts";
import type { FlowParts } from "./guild_flow.ts";
import type { Allow } from "./pace.ts";
import type { Session } from "./session.ts";
import { updateVoiceState } from "./voice.ts";

/** What commands work with. */
export interface CommandParts extends FlowParts {
  readonly ledger: Ledger;
  readonly memberRequests: MemberRequests;
}

/** A command of a client. */
export interface Command {
  readonly op: number;
  readonly d: unknown;
  readonly session: Session;
  /** The connection's own pace of presence updates. */
  readonly allowPresence: Allow;
}

/** Carries a command out; `bad payload` where Discord closes with 4002. */
export function carryOut(parts: CommandParts, command: Command): "done" | "bad payload" {
  const { op, d, session } = command;
  if (!isRecord(d)) return "bad payload";
  switch (op) {
    case OP.PRESENCE_UPDATE:
      return updatePresence(parts, command);
    case OP.VOICE_STATE_UPDATE:
      return joinVoice(parts, session, d);
    case OP.REQUEST_GUILD_MEMBERS:
      return requestMembers(parts, session, d);
    case OP.REQUEST_SOUNDBOARD_SOUNDS:
      return sendSounds(parts, session, d);
    default:
      return sendChannelInfo(parts, session, d);
  }
}

function updatePresence(
  { ledger, clock }: CommandParts,
  { allowPresence, session, d }: Command,
): "done" | "bad payload" {
  if (!isPresence(d)) return "bad payload";
  if (!allowPresence(clock.now())) ledger.violate("presence pace", "more than 5 in 20 s");
  session.entry.presence = d;
  return "done";
}

/** The guild where it is this session's own; another's gets no answer, as on Discord. */
function ownGuild(parts: CommandParts, session: Session, given: unknown): SimGuild | undefined {
  const id = readId(given);
  if (id === null || !parts.world.guilds.has(id)) return undefined;
  const { shardId, totalShards } = session.terms;
  return calculateShardId(id, totalShards) === shardId ? parts.world.guilds.get(id) : undefined;
}

function joinVoice(
  parts: CommandParts,
  session: Session,
  d: Record<string, unknown>,
): "done" | "bad payload" {
  if (readId(d.guild_id) === null) return "bad payload";
  const guild = ownGuild(parts, session, d.guild_id);
  if (guild) updateVoiceState(parts, session, guild, d);
  return "done";
}

function requestMembers(
  parts: CommandParts,
  session: Session,
  d: Record<string, unknown>,
): "done" | "bad payload" {
  if (readId(d.guild_id) === null) return "bad payload";
  const guild = ownGuild(parts, session, d.guild_id);
  const { intents } = session.terms;
  const wantsAll = d.query === "" && d.limit === 0;
  if (wantsAll && (intents & INTENTS.GUILD_MEMBERS) === 0) {
    parts.ledger.violate("intents", "op 8 for all members without GUILD_MEMBERS");
    return "done";
  }
  if (d.presences === true && (intents & INTENTS.GUILD_PRESENCES) === 0) {
    parts.ledger.violate("intents", "op 8 with presences without GUILD_PRESENCES");
    return "done";
  }
  if (guild) answerMembers(parts, session, guild, { ...d, wantsAll });
  return "done";
}

function sendSounds(
  parts: CommandParts,
  session: Session,
  d: Record<string, unknown>,
): "done" | "bad payload" {
  if (!Array.isArray(d.guild_ids)) return "bad payload";
  for (const id of d.guild_ids) {
    const guild = ownGuild(parts, session, id);
    if (!guild) continue;
    session.dispatch(
      "SOUNDBOARD_SOUNDS",
      jsonBody({ guild_id: guild.id, soundboard_sounds: [] }),
    );
  }
  return "done";
}

function sendChannelInfo(
  parts: CommandParts,
  session: Session,
  d: Record<string, unknown>,
): "done" | "bad payload" {
  if (readId(d.guild_id) === null || !Array.isArray(d.fields)) return "bad payload";
  const guild = ownGuild(parts, session, d.guild_id);
  if (!guild) return "done";
  const info = {
    ...(d.fields.includes("status") ? { status: null } : {}),
    ...(d.fields.includes("voice_start_time") ? { voice_start_time: null } : {}),
  };
  const channels = guild.channels.map(({ id }) => ({ id, ...info }));
  session.dispatch("CHANNEL_INFO", jsonBody({ guild_id: guild.id, channels }));
  return "done";
}
