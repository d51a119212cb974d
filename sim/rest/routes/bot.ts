/**
 * Endpoints of the bot itself: where its gateway is, who it is, its commands.
 * See [Discord Docs/Get Gateway Bot](https://discord.com/developers/docs/events/gateway#get-gateway-bot).
 *
 * @module
 */

import { type Call, guildOf, ok, param, type Reply } from "../call.ts";
import { invalidForm, RestError, unknown } from "../error.ts";
import { always, type Route } from "../route.ts";

const COMMANDS = "/applications/:application_id/commands";
const GUILD_COMMANDS = "/applications/:application_id/guilds/:guild_id/commands";
const MOST_COMMANDS = 110;

/** Gateway addresses, the bot's user and application, and its commands. */
export const botRoutes: readonly Route[] = [
  {
    method: "GET",
    template: "/gateway",
    auth: "anyone",
    answer: ({ world }) => ok({ url: world.addresses.gatewayUrl }),
  },
  { method: "GET", template: "/gateway/bot", auth: "bot", answer: gatewayBot },
  { method: "GET", template: "/users/@me", auth: "user", answer: ({ world }) => ok(world.user) },
  { method: "GET", template: "/users/:user_id", auth: "bot", answer: user },
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

function user(call: Call): Reply {
  const id = param(call, "user_id");
  if (id === call.world.user.id) return ok(call.world.user);
  for (const guild of call.world.guilds.values()) {
    const member = guild.members.get(id);
    if (member) return ok(member.user);
  }
  throw unknown("User");
}

function application({ world }: Call): Reply {
  return ok({
    ...world.application,
    name: world.user.username,
    description: "",
    bot: world.user,
    bot_public: true,
    bot_require_code_grant: false,
    approximate_guild_count: world.guilds.size,
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
