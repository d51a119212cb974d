/**
 * What the simulator says, some samples of each kind: every dispatch and every answer of its REST half,
 * by name (`READY`, `GET /users/@me`).
 *
 * @module
 */

import assert from "node:assert/strict";
import { OP } from "../../protocol/discord/opcodes.ts";
import { botJoins, botLeaves, guildComesBack, guildGoesDown, startPinging } from "../../sim/mod.ts";
import { type Stage, stage } from "../sim/gateway/scripted_client.ts";

/** Samples of a simulator in virtual time. */
export interface Samples {
  /** Bodies by name, up to {@linkcode MOST} of each. */
  readonly bodies: ReadonlyMap<string, readonly unknown[]>;
  /** Routes that were asked, with a body in their answer or without. */
  readonly routes: ReadonlySet<string>;
}

/** Variants of one kind that are kept. */
const MOST = 8;

/** Has a simulator say whatever it can say. */
export async function sampleAll(): Promise<Samples> {
  const world = stage({ guilds: 2, membersPerGuild: 4 });
  const bodies = new Map<string, unknown[]>();
  const keep: Keep = (name, body) => {
    const kept = bodies.get(name) ?? [];
    if (kept.length < MOST) bodies.set(name, [...kept, body]);
  };
  for (const { op, t, d } of await listen(world, keep)) {
    if (op === OP.HELLO) keep("HELLO", d);
    else if (t !== null) keep(t, d);
  }
  return {
    bodies,
    routes: new Set(world.sim.ledger.rest.map(({ method, route }) => `${method} ${route}`)),
  };
}

type Keep = (name: string, body: unknown) => void;

/** Everything that a gateway client may see: what it asks for, traffic, what REST causes. */
async function listen(world: Stage, keep: Keep) {
  const { sim, clock } = world;
  const client = await world.ready();
  const [guild, other] = sim.world.guilds.values();
  const voice = guild!.channels.find(({ type }) => type === 2) ?? guild!.channels[0]!;
  const everybody = { guild_id: guild!.id, query: "", limit: 0, nonce: "n" };
  client.send(OP.VOICE_STATE_UPDATE, {
    guild_id: guild!.id,
    channel_id: voice.id,
    self_mute: false,
    self_deaf: false,
  });
  client.send(OP.REQUEST_GUILD_MEMBERS, { ...everybody, presences: true });
  client.send(OP.REQUEST_GUILD_MEMBERS, everybody);
  client.send(OP.REQUEST_SOUNDBOARD_SOUNDS, { guild_ids: [guild!.id] });
  client.send(OP.REQUEST_CHANNEL_INFO, {
    guild_id: guild!.id,
    fields: ["status", "voice_start_time"],
  });
  await clock.advance(100);
  guildGoesDown(sim.world, other!);
  guildComesBack(sim.world, other!);
  botLeaves(sim.world, other!);
  botJoins(sim.world, other!);
  const hangUp = startPinging({ clock, world: sim.world, everyMs: 100 });
  await clock.advance(250);
  hangUp();
  await askRest(world, keep);
  sim.traffic.burst(400);
  await clock.advance(100);
  const resumed = await world.connect();
  client.socket.close(4000, "");
  resumed.resume(client.sessionId, client.seq!);
  await clock.advance(100);
  return [...client.payloads, ...resumed.payloads];
}

/** Asks every endpoint once, in an order in which each has something to show. */
async function askRest({ sim, clock }: Stage, keep: Keep) {
  const { world } = sim;
  const app = world.application.id;
  const guild = world.guilds.values().next().value!;
  const channel = `/channels/${guild.channels[0]!.id}`;
  const someone = [...guild.members.keys()].at(-1)!;
  const roleId = guild.roles[1]!.id;
  // deno-lint-ignore no-explicit-any -- answers of every kind
  const ask = async (method: string, path: string, json?: unknown): Promise<any> => {
    // Nothing here is about limits.
    await clock.advance(1_000);
    const response = await sim.rest(
      new Request(`http://discord.sim/api/v10${path}`, {
        method,
        headers: {
          authorization: `Bot ${sim.settings.token}`,
          ...(json !== undefined && { "content-type": "application/json" }),
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
      }),
      { remoteAddress: "192.0.2.1" },
    );
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path} is answered with ${response.status}: ${text}`);
    const { route } = sim.ledger.rest.at(-1)!;
    if (text !== "") keep(`${method} ${route}`, JSON.parse(text));
    return text === "" ? undefined : JSON.parse(text);
  };

  for (const path of ["/gateway", "/gateway/bot", "/users/@me", `/users/${someone}`]) {
    await ask("GET", path);
  }
  await ask("GET", "/users/@me/guilds?with_counts=true");
  await ask("GET", `/guilds/${guild.id}/voice-states/@me`);
  await ask("POST", "/users/@me/channels", {
    recipient_id: world.directChannel.recipients![0]!.id,
  });
  await ask("GET", "/applications/@me");
  await ask("GET", "/oauth2/applications/@me");
  for (const scope of [`/applications/${app}`, `/applications/${app}/guilds/${guild.id}`]) {
    await ask("PUT", `${scope}/commands`, [{ name: "ping", description: "Says pong", type: 1 }]);
    await ask("GET", `${scope}/commands`);
  }
  for (const each of [...guild.channels, ...guild.threads, world.directChannel]) {
    await ask("GET", `/channels/${each.id}`);
  }
  await ask("PATCH", channel, { name: "renamed", topic: "a topic" });
  await ask("POST", `${channel}/typing`);

  const message = await ask("POST", `${channel}/messages`, { content: "one" });
  const second = await ask("POST", `${channel}/messages`, {
    content: "two",
    embeds: [{ title: "t" }],
    message_reference: { message_id: message.id },
  });
  await ask("POST", `/channels/${world.directChannel.id}/messages`, { content: "direct" });
  const one = `${channel}/messages/${message.id}`;
  await ask("PATCH", one, { content: "edited" });
  await ask("GET", one);
  for (const pins of ["/messages/pins", "/pins"]) {
    await ask("PUT", `${channel}${pins}/${message.id}`);
    await ask("GET", `${channel}${pins}`);
    await ask("DELETE", `${channel}${pins}/${message.id}`);
  }
  const reaction = `${one}/reactions/${encodeURIComponent("🔥")}`;
  for (
    const path of [`${reaction}/@me`, `${reaction}/${world.user.id}`, reaction, `${one}/reactions`]
  ) {
    await ask("PUT", `${reaction}/@me`);
    await ask("GET", reaction);
    await ask("GET", `${channel}/messages`);
    await ask("DELETE", path);
  }
  await ask("GET", `/guilds/${guild.id}/messages/search?content=t`);
  await ask("DELETE", one);
  const third = await ask("POST", `${channel}/messages`, { content: "three" });
  await ask("POST", `${channel}/messages/bulk-delete`, { messages: [second.id, third.id] });

  await ask("GET", `/guilds/${guild.id}?with_counts=true`);
  for (const what of ["channels", "roles", "emojis", "threads/active", "members?limit=10"]) {
    await ask("GET", `/guilds/${guild.id}/${what}`);
  }
  await ask("GET", `/guilds/${guild.id}/members/${someone}`);
  await ask("PUT", `/guilds/${guild.id}/members/${someone}/roles/${roleId}`);
  await ask("DELETE", `/guilds/${guild.id}/members/${someone}/roles/${roleId}`);

  const hook = await ask("POST", `${channel}/webhooks`, { name: "hook" });
  await ask("GET", `${channel}/webhooks`);
  const [byId, byToken] = [`/webhooks/${hook.id}`, `/webhooks/${hook.id}/${hook.token}`];
  await ask("GET", byId);
  await ask("GET", byToken);
  const said = await ask("POST", `${byToken}?wait=true`, { content: "hooked" });
  await ask("GET", `${byToken}/messages/${said.id}`);
  await ask("PATCH", `${byToken}/messages/${said.id}`, { content: "hooked again" });
  await ask("DELETE", `${byToken}/messages/${said.id}`);
  await ask("DELETE", byToken);
  const another = await ask("POST", `${channel}/webhooks`, { name: "another" });
  await ask("DELETE", `/webhooks/${another.id}`);

  for (const type of [4, 5]) {
    let interaction = { id: "", token: "" };
    const hangUp = world.listen((_t, _guild, { head, tail }) => {
      interaction = JSON.parse(head + tail.text);
    });
    sim.traffic.burst(1, "INTERACTION_CREATE");
    hangUp();
    const { id, token } = interaction;
    const query = "?with_response=true";
    await ask("POST", `/interactions/${id}/${token}/callback${query}`, {
      type,
      data: { content: "answered" },
    });
    await ask("PATCH", `/webhooks/${app}/${token}/messages/@original`, { content: "done" });
  }
}
