/**
 * The HTTP side of an application: signs interactions and webhook events as Discord does and POSTs them to the
 * application's endpoint.
 * See [Discord Docs/Interactions](https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint)
 * and [Discord Docs/Webhook Events](https://discord.com/developers/docs/events/webhook-events).
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import type { Clock } from "../../ports/clock.ts";
import type { World } from "../world/world.ts";
import type { InteractionEvent } from "./interactions.ts";

/** What an endpoint answered. */
export interface EndpointAnswer {
  readonly status: number;
  /** Of an interaction: the first response, where it was given at once. */
  readonly body: unknown;
}

/** POSTs a body, and gives the answer. */
export type PostSigned = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
) => Promise<EndpointAnswer>;

/** What it is made of. */
export interface HttpEventsOptions {
  readonly clock: Clock;
  readonly world: World;
  /** An interaction is on its way: it can be answered from now on. */
  readonly hear: (interaction: InteractionEvent) => void;
  /** Default: `fetch`. */
  readonly post?: PostSigned;
}

/** The sender of one application. */
export interface HttpEvents {
  /** `DISCORD_PUBLIC_KEY`: 64 hexadecimal digits. */
  readonly publicKey: string;
  /** Asks whether the endpoint is there, and whether it refuses what is signed by somebody else, as Discord does. */
  check(url: string): Promise<{ readonly isFit: boolean; readonly reason: string }>;
  /** Somebody uses a slash command, in this guild or the first one. */
  command(url: string, name: string, guildId?: string): Promise<EndpointAnswer & { id: string }>;
  /** Something has happened to the application: `APPLICATION_AUTHORIZED`, `ENTITLEMENT_CREATE` and so on. */
  webhookEvent(url: string, type: string, data: unknown): Promise<EndpointAnswer>;
  /** Any body, signed now, or `ageMs` ago. */
  send(url: string, body: string, ageMs?: number): Promise<EndpointAnswer>;
}

/** What stands before the 32 bytes of a key of Ed25519 in PKCS #8. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** A sender whose key is always the same: nothing of it is secret. */
export function createHttpEvents(
  { clock, world, hear, post = fetchPost }: HttpEventsOptions,
): HttpEvents {
  const der = Buffer.concat([PKCS8_HEAD, Buffer.alloc(32, 7)]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const send = (url: string, body: string, ageMs = 0, spoil = false) => {
    const timestamp = String(Math.floor((clock.epochMs() - ageMs) / 1_000));
    const signature = sign(null, Buffer.from(timestamp + body), privateKey);
    if (spoil) signature[0]! ^= 1;
    return post(url, {
      "content-type": "application/json",
      "x-signature-ed25519": signature.toString("hex"),
      "x-signature-timestamp": timestamp,
    }, body);
  };
  const application_id = world.application.id;
  return {
    publicKey: spki.subarray(-32).toString("hex"),
    send,
    async check(url) {
      const ping = JSON.stringify({ id: world.nextId(), application_id, type: 1, version: 1 });
      const pong = await send(url, ping);
      if (pong.status !== 200 || (pong.body as { type?: unknown } | null)?.type !== 1) {
        return { isFit: false, reason: `it answered PING with ${pong.status}` };
      }
      const forged = await send(url, ping, 0, true);
      if (forged.status === 401) return { isFit: true, reason: "it answers PING and verifies" };
      return { isFit: false, reason: `it answered a forged PING with ${forged.status}` };
    },
    async command(url, name, guildId) {
      const guild = guildId === undefined
        ? [...world.guilds.values()][0]
        : world.guilds.get(guildId);
      const id = world.nextId();
      const member = guild && [...guild.members.values()].find(({ user }) => !user.bot);
      const interaction = {
        ...{ id, application_id, type: 2, token: btoa(`interaction:${id}:http`), version: 1 },
        ...guild && { guild_id: guild.id, channel_id: guild.channels[0]!.id },
        ...member && { member: { ...member, permissions: "0" } },
        data: { id: "3", name, type: 1 },
      };
      hear(interaction);
      return { id, ...await send(url, JSON.stringify(interaction)) };
    },
    webhookEvent(url, type, data) {
      const event = { type, timestamp: new Date(clock.epochMs()).toISOString(), data };
      return send(url, JSON.stringify({ version: 1, application_id, type: 1, event }));
    },
  };
}

const fetchPost: PostSigned = async (url, headers, body) => {
  const answer = await fetch(url, { method: "POST", headers, body });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
};
