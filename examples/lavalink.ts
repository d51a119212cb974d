/**
 * Lavalink behind Gatehouse: which parts of a library's two voice events go to Lavalink. The bot asks to
 * join with op 4, as it would without Gatehouse; Discord answers with two events, in any order:
 *
 * - VOICE_STATE_UPDATE of the bot itself: `channel_id`, `session_id`
 * - VOICE_SERVER_UPDATE: `token`, `endpoint`
 *
 * Lavalink connects to `endpoint` by itself, as the session `session_id`. That is the shard's session
 * with Discord, which READY on `/gateway` does not tell: take it from VOICE_STATE_UPDATE.
 *
 * @module
 */

/** What a library hands on of a dispatch. */
export interface Dispatch {
  readonly t: string | null;
  // deno-lint-ignore no-explicit-any -- whatever Discord says
  readonly d: any;
}

/** The body of `PATCH /v4/sessions/<session>/players/<guildId>`; `null` where there is to be no player. */
export interface PlayerUpdate {
  readonly guildId: string;
  readonly body: { readonly voice: VoiceServer } | null;
}

/** Where Lavalink finds the voice server. */
export interface VoiceServer {
  readonly token: string;
  readonly endpoint: string;
  readonly sessionId: string;
  readonly channelId: string;
}

/** What is known of the bot in each guild's voice. */
export class VoiceConnections {
  readonly #userId: string;
  readonly #known = new Map<string, Partial<VoiceServer>>();

  /** @param userId Of the bot: READY tells it. */
  constructor(userId: string) {
    this.#userId = userId;
  }

  /**
   * Takes a dispatch of `/gateway`, whichever it is.
   *
   * @returns What to tell Lavalink; `null`: nothing yet.
   *
   * @example
   * ```ts
   * import { VoiceConnections } from "./lavalink.ts";
   * const voice = new VoiceConnections("1");
   * const state = { guild_id: "7", user_id: "1", channel_id: "8", session_id: "abc" };
   * voice.see({ t: "VOICE_STATE_UPDATE", d: state });
   * const server = { guild_id: "7", token: "xyz", endpoint: "voice.discord.media:443" };
   * console.assert(voice.see({ t: "VOICE_SERVER_UPDATE", d: server })?.guildId === "7");
   * ```
   */
  see({ t, d }: Dispatch): PlayerUpdate | null {
    if (t === "VOICE_STATE_UPDATE" && d.user_id === this.#userId) {
      if (d.channel_id === null) return this.#left(d.guild_id);
      return this.#learn(d.guild_id, { sessionId: d.session_id, channelId: d.channel_id });
    }
    if (t !== "VOICE_SERVER_UPDATE") return null;
    // Without an endpoint the voice server is gone, and another will be told.
    return this.#learn(d.guild_id, { token: d.token, endpoint: d.endpoint ?? undefined });
  }

  #left(guildId: string): PlayerUpdate | null {
    return this.#known.delete(guildId) ? { guildId, body: null } : null;
  }

  #learn(guildId: string, news: Partial<VoiceServer>): PlayerUpdate | null {
    const known = { ...this.#known.get(guildId), ...news };
    this.#known.set(guildId, known);
    return isWhole(known) ? { guildId, body: { voice: known } } : null;
  }
}

/** Tells Lavalink. `base` is `http://<lavalink>/v4/sessions/<session>`, whose session its socket has told. */
export async function tellLavalink(
  base: string,
  password: string,
  { guildId, body }: PlayerUpdate,
): Promise<void> {
  const headers = { authorization: password, "content-type": "application/json" };
  const answer = await fetch(`${base}/players/${guildId}`, {
    method: body ? "PATCH" : "DELETE",
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`Lavalink answered ${answer.status} for guild ${guildId}`);
}

function isWhole(known: Partial<VoiceServer>): known is VoiceServer {
  return Boolean(known.token && known.endpoint && known.sessionId && known.channelId);
}
