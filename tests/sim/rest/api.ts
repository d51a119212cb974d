/**
 * A simulated REST API in virtual time, and a short way to call it. Not a test.
 *
 * @module
 */

import assert from "node:assert/strict";
import { seededRandom } from "../../../ports/random.ts";
import { createLedger } from "../../../sim/world/ledger.ts";
import type { SimOptions } from "../../../sim/world/options.ts";
import { createRest } from "../../../sim/rest/api.ts";
import type { RestSettings } from "../../../sim/rest/settings.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { createWorld } from "../../../sim/world/world.ts";

/** An answer, read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- a test says what it expects
  readonly json: any;
  readonly text: string;
}

/** What a call may have besides method and path. `json` and `body` exclude each other. */
export interface Extra {
  readonly json?: unknown;
  readonly body?: BodyInit;
  readonly headers?: Record<string, string>;
  /** Default: the bot's. `null`: none. */
  readonly auth?: string | null;
  readonly address?: string;
}

/** A dispatch that the world sent. */
export interface Dispatch {
  readonly t: string;
  readonly guildId: string | null;
  // deno-lint-ignore no-explicit-any -- a test says what it expects
  readonly d: any;
}

/** A world with its REST half, ready to be called. */
export function restApi(options: SimOptions = {}, settings: Partial<RestSettings> = {}) {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const world = createWorld({ clock, random, options });
  const ledger = createLedger(clock);
  const rest = createRest({ clock, random, world, ledger, options: settings });
  const dispatches: Dispatch[] = [];
  world.listen((t, guildId, { head, tail }) => {
    dispatches.push({ t, guildId, d: JSON.parse(head + tail.text) });
  });
  const send = (method: string, path: string, extra: Extra = {}) => {
    const { json, body, auth = "Bot sim-token", address = "192.0.2.1" } = extra;
    const headers = new Headers(extra.headers);
    if (auth !== null) headers.set("authorization", auth);
    if (json !== undefined) headers.set("content-type", "application/json");
    const init = json === undefined ? body : JSON.stringify(json);
    const url = new URL(path.startsWith("/api") ? path : `/api/v10${path}`, "http://discord.sim");
    return rest(new Request(url, { method, headers, ...(init !== undefined && { body: init }) }), {
      remoteAddress: address,
    });
  };
  const call = async (method: string, path: string, extra?: Extra): Promise<Answer> => {
    const response = await send(method, path, extra);
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json" &&
      !response.headers.has("content-encoding");
    const { status, headers } = response;
    return { status, headers, text, json: isJson ? JSON.parse(text) : undefined };
  };
  const guild = world.guilds.values().next().value!;
  const channel = guild.channels[0]!;
  return { clock, world, ledger, rest, dispatches, send, call, guild, channel };
}

/** Asserts status and Discord's error code. */
export function refused(answer: Answer, status: number, code: number): void {
  assert.deepEqual({ status: answer.status, code: answer.json?.code }, { status, code });
}
