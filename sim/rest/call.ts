/**
 * What an endpoint gets and what it gives: a request that has passed every check, and an answer
 * that is not yet a `Response`.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { SimChannel, SimGuild } from "../world/guilds.ts";
import type { Form } from "./body.ts";
import { RestError, unknown } from "./error.ts";
import type { Interactions } from "./interactions.ts";
import type { Messages } from "./messages.ts";
import type { World } from "../world/world.ts";

/** An incoming webhook. */
export interface Webhook {
  readonly id: string;
  readonly type: 1;
  readonly guild_id: string | null;
  readonly channel_id: string;
  readonly application_id: string;
  readonly name: string;
  readonly avatar: null;
  readonly token: string;
}

/** What all endpoints share. */
export interface Backend {
  readonly clock: Clock;
  readonly world: World;
  readonly messages: Messages;
  readonly interactions: Interactions;
  /** When each pinned message was pinned, by message id. */
  readonly pins: Map<string, string>;
  /** By id. */
  readonly webhooks: Map<string, Webhook>;
  /** Application commands by scope: `global` or a guild id. */
  readonly commands: Map<string, Record<string, unknown>[]>;
}

/** One request. */
export interface Call extends Backend {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly form: Form;
  /** The audit log reason, decoded. */
  readonly reason: string | undefined;
}

/** The answer of an endpoint: JSON, text with a content type of its own in `headers`, or nothing. */
export interface Reply {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** 200 with JSON. */
export function ok(json: unknown): Reply {
  return { status: 200, json };
}

/** 204 with nothing. */
export const DONE: Reply = { status: 204 };

/** A parameter that the route's template promises. */
export function param(call: Call, name: string): string {
  const value = call.params[name];
  if (value === undefined) throw new TypeError(`The route has no parameter ${name}`);
  return value;
}

/** The channel in the path. @throws {RestError} 10003 */
export function channelOf(call: Call): SimChannel {
  const channel = call.world.channel(param(call, "channel_id"));
  if (!channel) throw unknown("Channel");
  return channel;
}

/** The guild in the path. @throws {RestError} 10004 */
export function guildOf(call: Call): SimGuild {
  const guild = call.world.guilds.get(param(call, "guild_id"));
  if (!guild) throw unknown("Guild");
  return guild;
}

/** A number in the query, or what it is by default. @throws {RestError} 50035 */
export function queryNumber(
  call: Call,
  name: string,
  range: { min: number; max: number; or: number },
): number {
  const text = call.query.get(name);
  if (text === null) return range.or;
  const value = Number(text);
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  throw new RestError(400, 50035, "Invalid Form Body", {
    [name]: {
      _errors: [{
        code: "NUMBER_TYPE_MAX",
        message: `int value should be between ${range.min} and ${range.max}.`,
      }],
    },
  });
}

/** Whether a boolean in the query is set: `true`, `True` or `1`. */
export function queryFlag(call: Call, name: string): boolean {
  return ["true", "True", "1"].includes(call.query.get(name) ?? "");
}

/** Tells the guild's sessions who did what and why. Action types are Discord's. */
export function audit(call: Call, guildId: string, actionType: number, targetId: string): void {
  const { world, reason } = call;
  world.emit("GUILD_AUDIT_LOG_ENTRY_CREATE", guildId, {
    guild_id: guildId,
    id: world.nextId(),
    user_id: world.user.id,
    target_id: targetId,
    action_type: actionType,
    changes: [],
    ...(reason === undefined ? {} : { reason }),
  });
}
