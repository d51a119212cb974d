/**
 * Op 4: the bot joins, moves in and leaves voice channels, as far as the gateway goes. See
 * [Discord Docs/Voice](https://discord.com/developers/docs/topics/voice-connections#retrieving-voice-server-information).
 *
 * @module
 */

import { readId } from "../../protocol/ids.ts";
import { jsonBody } from "../world/body.ts";
import { type SimGuild, type SimVoiceState, voiceStatesOf } from "../world/guilds.ts";
import type { FlowParts } from "./guild_flow.ts";
import type { Session } from "./session.ts";

/**
 * Puts the bot where it wants to be. Everybody who may know of voice states is told; the voice server
 * only the session that asked, before or after that. A channel that is not of this guild gets no answer.
 */
export function updateVoiceState(
  { world, random }: FlowParts,
  session: Session,
  guild: SimGuild,
  d: Readonly<Record<string, unknown>>,
): void {
  const channelId = readId(d.channel_id);
  if (channelId !== null && !guild.channels.some(({ id }) => id === channelId)) return;
  const isThere = voiceStatesOf(guild).some(({ user_id }) => user_id === world.user.id);
  if (channelId === null && !isThere) return;
  const state: SimVoiceState = {
    channel_id: channelId,
    user_id: world.user.id,
    // The voice server knows the bot by its session with the gateway.
    session_id: session.id,
    deaf: false,
    mute: false,
    self_deaf: d.self_deaf === true,
    self_mute: d.self_mute === true,
    self_video: d.self_video === true,
    suppress: false,
    request_to_speak_timestamp: null,
  };
  if (channelId === null) guild.voice.delete(world.user.id);
  else guild.voice.set(world.user.id, { state, isOver: () => session.entry.ended !== null });
  const member = guild.members.get(world.user.id);
  const tell = [
    () => world.emit("VOICE_STATE_UPDATE", guild.id, { ...state, guild_id: guild.id, member }),
  ];
  if (channelId !== null) {
    const server = { token: `voice-${channelId}`, guild_id: guild.id, endpoint: "voice.sim:443" };
    tell.push(() => session.dispatch("VOICE_SERVER_UPDATE", jsonBody(server)));
  }
  if (random() < 0.5) tell.reverse();
  for (const each of tell) each();
}
