/**
 * Endpoints of the bot itself: where its gateway is, who it is, its commands.
 * See [Discord Docs/Get Gateway Bot](https://discord.com/developers/docs/events/gateway#get-gateway-bot).
 *
 * @module
 */

import type { SimUser } from "../../world/guilds.ts";
import { type Call, guildOf, ok, param, queryFlag, queryNumber, type Reply } from "../call.ts";
import { invalidForm, RestError, unknown } from "../error.ts";
import { always, type Route } from "../route.ts";

const COMMANDS = "/applications/:application_id/commands";
const GUILD_COMMANDS = "/applications/:application_id/guilds/:guild_id/commands";
const MOST_COMMANDS = 110;
/** Nobody signs with it: the simulator's interactions come through the gateway. */
const VERIFY_KEY = "5a".repeat(32);
/** What a command has that does not say. */
const COMMAND_DEFAULTS = {
  description: "",
  name_localizations: null,
  description_localizations: null,
  default_member_permissions: null,
  dm_permission: true,
  contexts: null,
  integration_types: [0],
  nsfw: false,
};

/** Gateway addresses, the bot's user, guilds and application, and its commands. */
export const botRoutes: readonly Route[] = [
  {
    method: "GET",
    template: "/gateway",
    auth: "anyone",
    answer: ({ world }) => ok({ url: world.addresses.gatewayUrl }),
  },
  { method: "GET", template: "/gateway/bot", auth: "bot", answer: gatewayBot },
  { method: "GET", template: "/users/@me", auth: "user", answer: ({ world }) => ok(world.user) },
  { method: "GET", template: "/users/@me/guilds", auth: "bot", answer: ownGuilds },
  { method: "POST", template: "/users/@me/channels", auth: "bot", answer: openDirect },
  {
    method: "GET",
    template: "/users/:user_id",
    auth: "bot",
    answer: (call) => ok(userOf(call, param(call, "user_id"))),
  },
  { method: "GET", template: "/applications/@me", auth: "bot", answer: application },
  { method: "GET", template: "/oauth2/applications/@me", auth: "bot", answer: application },
  { method: "GET", template: COMMANDS, auth: "bot", answer: listCommands },
  { method: "GET", template: GUILD_COMMANDS, auth: "bot", answer: listCommands },
  {
    method: "PUT",
    template: COMMANDS,
    auth: "bot",
    limits: always("commands_write"),
    answer: putCommands,
  },
  {
    method: "PUT",
    template: GUILD_COMMANDS,
    auth: "bot",
    limits: always("commands_write"),
    answer: putCommands,
  },
];

function gatewayBot({ world }: Call): Reply {
  const { sessionStarts, settings, addresses } = world;
  return ok(settings.garble("GET /gateway/bot", {
    url: addresses.gatewayUrl,
    shards: settings.shards,
    session_start_limit: {
      total: sessionStarts.total,
      remaining: sessionStarts.remaining(),
      reset_after: sessionStarts.resetAfterMs(),
      max_concurrency: settings.maxConcurrency,
    },
  }));
}

/** The bot, or whom it shares a guild or a direct message channel with. @throws {RestError} 10013 */
function userOf({ world }: Call, id: string): SimUser {
  const known = [world.user, ...world.directChannel.recipients!].find((user) => user.id === id);
  if (known) return known;
  for (const guild of world.guilds.values()) {
    const member = guild.members.get(id);
    if (member) return member.user;
  }
  throw unknown("User");
}

/** A page of the guilds that the bot is in, by id. */
function ownGuilds(call: Call): Reply {
  const limit = queryNumber(call, "limit", { min: 1, max: 200, or: 200 });
  const [after, before] = ["after", "before"].map((name) => snowflake(call.query.get(name)));
  const guilds = [...call.world.guilds.values()].filter(({ id, state }) =>
    state !== "left" && BigInt(id) > (after ?? 0n) && (before === undefined || BigInt(id) < before)
  );
  const isBackwards = before !== undefined && after === undefined;
  const page = isBackwards ? guilds.slice(-limit) : guilds.slice(0, limit);
  return ok(page.map(({ id, name, owner_id, member_count }) => ({
    id,
    name,
    icon: null,
    banner: null,
    owner: owner_id === call.world.user.id,
    permissions: "104324673",
    features: [],
    ...(queryFlag(call, "with_counts") && {
      approximate_member_count: member_count,
      approximate_presence_count: Math.ceil(member_count / 2),
    }),
  })));
}

function snowflake(text: string | null): bigint | undefined {
  return text !== null && /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

function openDirect(call: Call): Reply {
  const user = userOf(call, String(call.form.fields.recipient_id));
  if (user.bot) throw new RestError(400, 50007, "Cannot send messages to this user");
  return ok(call.world.openDirect(user));
}

function application({ world }: Call): Reply {
  return ok({
    ...world.application,
    name: world.user.username,
    icon: null,
    description: "",
    summary: "",
    type: null,
    is_monetized: false,
    is_verified: false,
    bot: world.user,
    bot_public: true,
    bot_require_code_grant: false,
    owner: world.directChannel.recipients![0],
    team: null,
    verify_key: VERIFY_KEY,
    integration_types_config: { 0: {} },
    redirect_uris: [],
    interactions_endpoint_url: null,
    role_connections_verification_url: null,
    event_webhooks_status: 1,
    event_webhooks_url: null,
    approximate_guild_count: [...world.guilds.values()]
      .filter(({ state }) => state !== "left").length,
    approximate_user_install_count: 0,
    approximate_user_authorization_count: 0,
  });
}

function scopeOf(call: Call): string {
  if (param(call, "application_id") !== call.world.application.id) {
    throw new RestError(
      403,
      20012,
      "You are not authorized to perform this action on this application",
    );
  }
  return call.params.guild_id === undefined ? "global" : guildOf(call).id;
}

function listCommands(call: Call): Reply {
  return ok(call.commands.get(scopeOf(call)) ?? []);
}

/** Replaces all commands of a scope. A command that stays keeps its id. */
function putCommands(call: Call): Reply {
  const scope = scopeOf(call);
  const { json } = call.form;
  if (!Array.isArray(json) || json.length > MOST_COMMANDS) {
    throw invalidForm("_errors", "LIST_TYPE_CONVERT", "A list of commands is wanted.");
  }
  const old = call.commands.get(scope) ?? [];
  const commands = json.map((command, i) => {
    const { name, type = 1 } = (command ?? {}) as { name?: unknown; type?: unknown };
    if (typeof name !== "string" || name.length < 1 || name.length > 32) {
      throw invalidForm(`${i}.name`, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 32 in length.");
    }
    const same = old.find((each) => each.name === name && each.type === type);
    return {
      ...COMMAND_DEFAULTS,
      ...command,
      type,
      id: same?.id ?? call.world.nextId(),
      application_id: call.world.application.id,
      version: call.world.nextId(),
      ...(scope === "global" ? {} : { guild_id: scope }),
    };
  });
  call.commands.set(scope, commands);
  return ok(commands);
}
