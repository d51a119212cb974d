/**
 * Looks for a guild, channel, user or member: in our caches, in the clusters, with other units, then, when asked,
 * at Discord's.
 *
 * @module
 */

import type { Wanted } from "../../protocol/link_call.ts";
import type { Directory, Switchboard } from "../../link/switchboard.ts";
import { parseJson } from "../../protocol/json.ts";
import { cannot, GatehouseError } from "../../protocol/errors.ts";

const bad = cannot("fetch", "bad_message", "caller");

/** What looking needs. */
export interface FinderOptions {
  readonly switchboard: Pick<Switchboard, "ask">;
  /** Asks the caches of the shard workers, where they have any. */
  readonly cached: (wanted: Wanted, timeoutMs: number) => readonly Promise<unknown>[];
  readonly directory: Pick<Directory, "clusterIds" | "clusterOfGuild">;
  /** Asks the other units that may know. Default: there are none. */
  readonly far?: (wanted: Wanted, timeoutMs: number) => readonly Promise<unknown>[];
  /** Asks Discord as the bot; the path is below the version. */
  readonly rest: (path: string) => Promise<Response>;
}

/** A cluster that does not answer in this time knows nothing, where nobody says how long. */
const ASK_MS = 5_000;

/**
 * What somebody knows of it; `null` where nobody does.
 *
 * @throws {GatehouseError} `bad_message` where it is not said what is looked for; `refused` where
 * Discord answers with an error other than 404.
 */
export async function find(
  options: FinderOptions,
  wanted: Wanted,
  askDiscord: boolean,
  timeoutMs: number = ASK_MS,
): Promise<unknown> {
  const path = pathOf(wanted);
  const far = options.far?.(wanted, timeoutMs) ?? [];
  const known = await first([findHere(options, wanted, timeoutMs), ...far]);
  if (known !== null || !askDiscord) return known;
  const response = await options.rest(path);
  if (response.ok) return parseJson(await response.text());
  await response.body?.cancel();
  if (response.status === 404) return null;
  const text = `Cannot fetch: Discord answered ${response.status}`;
  throw new GatehouseError("refused", "discord", text);
}

/** What somebody of this unit knows of it; `null` where nobody does. */
export async function findHere(
  options: Omit<FinderOptions, "far" | "rest">,
  wanted: Wanted,
  timeoutMs: number,
): Promise<unknown> {
  return await first(options.cached(wanted, timeoutMs)) ?? await first(
    askedOf(options, wanted).map(async (id) =>
      await options.switchboard.ask({ kind: "cluster", id }, "find", wanted, timeoutMs)
    ),
  );
}

/** Who may know: the cluster with the guild, or any. */
function askedOf(
  { directory }: Pick<FinderOptions, "directory">,
  wanted: Wanted,
): readonly number[] {
  if (wanted.kind === "channel" || wanted.kind === "user") return directory.clusterIds;
  const id = directory.clusterOfGuild(wanted.guildId);
  return id === null ? [] : [id];
}

/** The first answer that is one. Who is away, or throws, knows nothing. */
async function first(asked: readonly Promise<unknown>[]): Promise<unknown> {
  const found = asked.map(async (answer) => {
    const value = await answer;
    if (value === null || value === undefined) throw new Error("nothing");
    return value;
  });
  return await Promise.any(found).catch(() => null);
}

function pathOf(wanted: Wanted): string {
  switch (wanted?.kind) {
    case "guild":
      return `/guilds/${idOf(wanted.guildId)}`;
    case "channel":
      return `/channels/${idOf(wanted.channelId)}`;
    case "user":
      return `/users/${idOf(wanted.userId)}`;
    case "member":
      return `/guilds/${idOf(wanted.guildId)}/members/${idOf(wanted.userId)}`;
    default:
      throw bad("expected a guild, channel, user or member");
  }
}

function idOf(text: unknown): string {
  if (typeof text === "string" && /^\d+$/.test(text)) return text;
  throw bad(`expected an id, received ${JSON.stringify(text)}`);
}
