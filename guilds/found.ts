/**
 * What is known of a guild, channel, user or member, as Discord's API has it.
 *
 * @module
 */

import type { Wanted } from "../protocol/link_call.ts";
import { parseJson } from "../protocol/json.ts";
import { bytesOfText, fieldOf, objectOf, without } from "./fragments.ts";
import { type Guild, isList, type ListName } from "./guild.ts";
import type { Guilds } from "./guilds.ts";
import type { Work } from "./slices.ts";

/** What the gateway alone has in a guild. */
const NOT_OF_GUILD: ReadonlySet<string> = new Set(
  ("channels threads members presences voice_states stage_instances guild_scheduled_events " +
    "soundboard_sounds joined_at large unavailable member_count").split(" "),
);

/** What is known of it; `null` where nothing is. Whoever asks may keep it. */
export function* find(guilds: Guilds, wanted: Wanted): Work<unknown> {
  switch (wanted.kind) {
    case "guild":
      return yield* guildIn(guilds.all.get(wanted.guildId));
    case "member":
      return valueOf(guilds.all.get(wanted.guildId)?.get("members", wanted.userId));
    case "user": {
      const found = yield* search(guilds, "members", wanted.userId);
      return valueOf(found && fieldOf(found.element, "user"));
    }
    case "channel": {
      const id = wanted.channelId;
      const found = (yield* search(guilds, "channels", id)) ??
        (yield* search(guilds, "threads", id));
      return found ? channelOf(found.guildId, found.element) : null;
    }
  }
}

function* guildIn(guild: Guild | null | undefined): Work<unknown> {
  if (!guild) return null;
  const fields: [string, string][] = [];
  for (const [name, value] of guild.fields.peek()) {
    if (NOT_OF_GUILD.has(name)) continue;
    if (!isList(name)) fields.push([name, value]);
    else {
      const elements: string[] = [];
      for (const page of guild.pages(name)) {
        elements.push(...page.values());
        yield;
      }
      fields.push([name, `[${elements.join(",")}]`]);
    }
  }
  return valueOf(objectOf(fields));
}

function channelOf(guildId: string, channel: string): unknown {
  const value = valueOf(without(channel, "newly_created", "member"));
  return { ...value as object, guild_id: guildId };
}

/** Looks through all guilds: what is packed is read only where it is likely to be there. */
function* search(
  guilds: Guilds,
  list: ListName,
  id: string,
): Work<{ guildId: string; element: string } | undefined> {
  let looked = 0;
  for (const [guildId, guild] of guilds.all) {
    if (guild?.has(list, id)) return { guildId, element: guild.get(list, id)! };
    if (++looked % STEP_GUILDS === 0) yield;
  }
  return undefined;
}

/** Guilds that are looked through before others may have their turn. */
const STEP_GUILDS = 64;

const decoder = new TextDecoder();

function valueOf(raw: string | undefined): unknown {
  return raw === undefined ? null : parseJson(decoder.decode(bytesOfText(raw)));
}
