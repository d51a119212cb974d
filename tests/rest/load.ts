/**
 * Ten times the load that Discord takes of a bot, on one proxy or on several. Not a test.
 *
 * @module
 */

import type { SimOptions } from "../../sim/world/options.ts";
import type { World } from "../../sim/world/world.ts";
import type { VirtualClock } from "../../sim/wire/virtual_clock.ts";
import type { Got, Said, Sent } from "./stage.ts";

/** The guilds that it is about. */
export const PLACES: { readonly sim: SimOptions } = {
  sim: { guilds: 12, channelsPerGuild: 3, membersPerGuild: 3 },
};

/** Asks something of a proxy. */
export type AskProxy = (method: string, path: string, said?: Said) => Promise<Got>;

/** Where the load goes. */
export interface LoadOptions {
  readonly clock: VirtualClock;
  readonly world: World;
  /** The proxies, which take turns. */
  readonly asks: readonly AskProxy[];
  /** Ten times what Discord allows a bot. Default 500. */
  readonly perSecond?: number;
  /** Whether channels are renamed, which takes hours. Default true. */
  readonly renames?: boolean;
}

const OLD_MESSAGE = "300000000000000000";

/** Makes what the load is about: a message and a webhook in each channel. */
export async function loadOn(options: LoadOptions) {
  const { clock, world, asks, perSecond = 500, renames = true } = options;
  const guilds = [...world.guilds.values()];
  const channels = guilds.flatMap(({ channels }) => channels).filter(({ type }) => type === 0);
  const any = asks[0]!;
  const places = await Promise.all(channels.map(async (channel, i) => {
    const post = await soon(any("POST", `/channels/${channel.id}/messages`, text("first")));
    const hook = await soon(
      any("POST", `/channels/${channel.id}/webhooks`, { json: { name: "w" } }),
    );
    const { id, token } = JSON.parse(hook.text);
    const guild = guilds.find(({ channels }) => channels.includes(channel))!;
    return { channel, guild, message: JSON.parse(post.text).id, hook: { id, token }, i };
  }));

  /** Lets virtual time pass until an answer is here. */
  async function soon<T>(answer: Promise<T>): Promise<T> {
    let done = false;
    answer.finally(() => done = true);
    while (!done) await clock.advance(50);
    return answer;
  }

  function one(n: number): Promise<Got> {
    const ask = asks[n % asks.length]!;
    const { channel: { id }, guild, message, hook } = places[n % places.length]!;
    const member = [...guild.members.keys()][0]!;
    const emoji = `/channels/${id}/messages/${message}/reactions/%F0%9F%94%A5/@me`;
    switch (Math.floor(n / places.length) % 12) {
      case 0:
        return ask("GET", `/channels/${id}`);
      case 1:
        return ask("PATCH", `/channels/${id}/messages/${message}`, text(`edit ${n}`));
      case 2:
        return ask("PUT", emoji);
      case 3:
        return ask("DELETE", emoji);
      case 4:
        return ask("POST", `/channels/${id}/typing`);
      case 5:
        return ask("GET", `/channels/${id}/messages`);
      case 6:
        return ask("PUT", `/guilds/${guild.id}/members/${member}/roles/${guild.id}`);
      case 7:
        return ask("DELETE", `/channels/${id}/messages/${n % 2 ? OLD_MESSAGE : world.nextId()}`);
      case 8:
        return ask("PATCH", `/channels/${id}`, {
          json: renames ? { name: `n-${n}` } : { nsfw: n % 2 === 0 },
        });
      case 9:
        return ask("POST", `/webhooks/${hook.id}/${hook.token}`, { ...text("hook"), auth: null });
      default:
        return ask("POST", `/channels/${id}/messages`, text(`${n}`));
    }
  }

  function interaction(n: number): Promise<Got> {
    const { guild, channel } = places[0]!;
    const id = world.nextId();
    const token = btoa(`interaction:${id}:x`);
    const event = { id, type: 2, token, channel_id: channel.id, guild_id: guild.id };
    world.emit("INTERACTION_CREATE", guild.id, event);
    const answer = { type: 4, data: { content: "hi" } };
    const ask = asks[n % asks.length]!;
    return ask("POST", `/interactions/${id}/${token}/callback`, { json: answer });
  }

  /** Asks for a minute, or for so long, and waits for all answers. */
  async function minute(
    at: (second: number) => void = () => {},
    seconds = 60,
  ): Promise<{ readonly got: Got[]; readonly callbacks: Got[] }> {
    const asked: Promise<Got>[] = [];
    const callbacks: Promise<Got>[] = [];
    let n = 0;
    for (let second = 0; second < seconds; second++) {
      at(second);
      for (let step = 0; step < 10; step++) {
        for (let i = 0; i < perSecond / 10; i++) asked.push(one(n++));
        callbacks.push(interaction(callbacks.length));
        await clock.advance(100);
      }
    }
    const got = await soon(Promise.all(asked));
    return { got, callbacks: await soon(Promise.all(callbacks)) };
  }

  return { places, minute, soon };
}

function text(content: string) {
  return { json: { content } };
}

/** The first numbered message that went out before an older one of its channel, or what is missing of so many; `null`: all is well. */
export function firstOutOfOrder(
  sent: readonly Pick<Sent, "method" | "path" | "text">[],
  channels: number | null,
): string | null {
  const last = new Map<string, number>();
  for (const { method, path, text } of sent) {
    const number = /^POST .*messages {"content":"(\d+)"}$/.exec(`${method} ${path} ${text}`)?.[1];
    if (number === undefined) continue;
    if (Number(number) < (last.get(path) ?? -1)) return `${number} in ${path}`;
    last.set(path, Number(number));
  }
  return channels === null || last.size === channels
    ? null
    : `only ${last.size} channels have messages`;
}
