/**
 * What a session without the MESSAGE_CONTENT intent sees of a message. See
 * [Discord Docs/Message Content Intent](https://discord.com/developers/docs/events/gateway#message-content-intent).
 *
 * @module
 */

/** The message with its five content fields empty; `undefined` where nothing is to be hidden. */
export function withoutContent(botId: string, t: string, d: unknown): unknown {
  if (t !== "MESSAGE_CREATE" && t !== "MESSAGE_UPDATE") return undefined;
  const message = d as {
    guild_id?: string;
    author?: { id?: string };
    mentions?: readonly { id?: string }[];
  };
  const isOwn = message.author?.id === botId;
  const mentionsBot = message.mentions?.some((user) => user.id === botId) ?? false;
  if (message.guild_id === undefined || isOwn || mentionsBot) return undefined;
  const bare: Record<string, unknown> = { ...message, content: "" };
  for (const field of ["embeds", "attachments", "components"]) if (field in bare) bare[field] = [];
  delete bare.poll;
  return bare;
}
