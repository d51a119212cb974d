/**
 * Endpoints of guilds: the guild itself, its members and their roles.
 * See [Discord Docs/Guild](https://discord.com/developers/docs/resources/guild).
 *
 * @module
 */

import { INTENTS } from "../../../protocol/discord/intents.ts";
import { guildObject } from "../../world/guild_object.ts";
import { type SimGuild, type SimMember, voiceStatesOf } from "../../world/guilds.ts";
import {
  audit,
  type Call,
  DONE,
  guildOf,
  ok,
  param,
  queryFlag,
  queryNumber,
  type Reply,
} from "../call.ts";
import { RestError, unknown } from "../error.ts";
import { always, type Route } from "../route.ts";

const GUILD = "/guilds/:guild_id";
const MEMBER = `${GUILD}/members/:user_id`;
/** Audit log: MEMBER_ROLE_UPDATE. */
const ROLE_UPDATE = 25;

/** GET of a guild, its channels, threads, roles and emojis, where the bot is in voice, its members and messages; PUT and DELETE of a member's role. */
export const guildRoutes: readonly Route[] = [
  { method: "GET", template: GUILD, auth: "bot", answer: getGuild },
  {
    method: "GET",
    template: `${GUILD}/channels`,
    auth: "bot",
    answer: (call) => ok(guildOf(call).channels),
  },
  {
    method: "GET",
    template: `${GUILD}/roles`,
    auth: "bot",
    answer: (call) => ok(guildOf(call).roles),
  },
  {
    method: "GET",
    template: `${GUILD}/emojis`,
    auth: "bot",
    answer: (call) =>
      ok(guildOf(call).emojis.map((emoji) => ({ ...emoji, user: call.world.user }))),
  },
  { method: "GET", template: `${GUILD}/voice-states/@me`, auth: "bot", answer: voiceState },
  {
    method: "GET",
    template: `${GUILD}/threads/active`,
    auth: "bot",
    answer: (call) => ok({ threads: guildOf(call).threads, members: [] }),
  },
  {
    method: "GET",
    template: `${GUILD}/members`,
    auth: "bot",
    limits: always("member_read"),
    answer: listMembers,
  },
  {
    method: "GET",
    template: MEMBER,
    auth: "bot",
    limits: always("member_read"),
    answer: (call) => ok(memberOf(call, guildOf(call))),
  },
  { method: "GET", template: `${GUILD}/messages/search`, auth: "bot", answer: search },
  role("PUT", (roles, id) => [...roles.filter((each) => each !== id), id]),
  role("DELETE", (roles, id) => roles.filter((each) => each !== id)),
];

/** Where the bot is in voice. See [Discord Docs/Voice](https://discord.com/developers/docs/resources/voice#get-current-user-voice-state). */
function voiceState(call: Call): Reply {
  const { world } = call;
  const guild = guildOf(call);
  const state = voiceStatesOf(guild).find(({ user_id }) => user_id === world.user.id);
  if (!state) throw unknown("Voice State");
  return ok({ ...state, guild_id: guild.id });
}

function getGuild(call: Call): Reply {
  const guild = guildOf(call);
  const { member_count } = guild;
  return ok({
    ...guildObject(guild),
    ...(queryFlag(call, "with_counts") && {
      approximate_member_count: member_count,
      approximate_presence_count: Math.ceil(member_count / 2),
    }),
  });
}

/** Newest first. The index is always ready here; a fault answers with "not yet". */
function search(call: Call): Reply {
  const content = call.query.get("content") ?? "";
  const found = guildOf(call).channels
    .flatMap((channel) => call.messages.list(channel.id))
    .filter((message) => message.content.includes(content))
    .reverse();
  const limit = queryNumber(call, "limit", { min: 1, max: 25, or: 25 });
  const messages = found.slice(0, limit).map((message) => [message]);
  return ok({ doing_deep_historical_index: false, total_results: found.length, messages });
}

function listMembers(call: Call): Reply {
  const guild = guildOf(call);
  if ((call.world.settings.privilegedIntents & INTENTS.GUILD_MEMBERS) === 0) {
    throw new RestError(403, 50001, "Missing Access");
  }
  const limit = queryNumber(call, "limit", { min: 1, max: 1000, or: 1 });
  const after = BigInt(call.query.get("after")?.match(/^\d+$/)?.[0] ?? 0);
  const members = [...guild.members.values()]
    .filter(({ user }) => BigInt(user.id) > after)
    .sort((one, other) => BigInt(one.user.id) < BigInt(other.user.id) ? -1 : 1);
  return ok(members.slice(0, limit));
}

function memberOf(call: Call, guild: SimGuild): SimMember {
  const member = guild.members.get(param(call, "user_id"));
  if (!member) throw unknown("Member");
  return member;
}

function role(
  method: "PUT" | "DELETE",
  change: (roles: readonly string[], id: string) => string[],
): Route {
  return {
    method,
    template: `${MEMBER}/roles/:role_id`,
    auth: "bot",
    limits: always("member_edit"),
    answer(call) {
      const guild = guildOf(call);
      const member = memberOf(call, guild);
      const id = param(call, "role_id");
      if (!guild.roles.some((each) => each.id === id)) throw unknown("Role");
      member.roles = change(member.roles, id);
      call.world.emit("GUILD_MEMBER_UPDATE", guild.id, { guild_id: guild.id, ...member });
      audit(call, guild.id, ROLE_UPDATE, member.user.id);
      return DONE;
    },
  };
}
