/**
 * A message: its shape, what a request may say about it, and what a client is told. Pure; who keeps
 * messages is `messages.ts`.
 * See [Discord Docs/Message](https://discord.com/developers/docs/resources/message#message-object).
 *
 * @module
 */

import type { SimChannel } from "../world/guilds.ts";
import type { Form, Upload } from "./body.ts";
import { invalidForm, RestError } from "./error.ts";

/** A file of a message. */
export interface Attachment {
  readonly id: string;
  readonly filename: string;
  readonly size: number;
  readonly content_type: string;
  readonly url: string;
  readonly proxy_url: string;
  readonly description?: string;
}

/** A reaction as a message shows it, without who reacted. */
export interface ReactionCount {
  readonly emoji: { readonly id: string | null; readonly name: string };
  readonly count: number;
  readonly count_details: { readonly normal: number; readonly burst: number };
  readonly burst_colors: readonly string[];
  readonly me: boolean;
  readonly me_burst: boolean;
}

/** A message as REST answers it. A dispatch carries `guild_id` and `member` besides. */
export interface SimMessage {
  readonly id: string;
  readonly type: number;
  readonly channel_id: string;
  readonly author: { readonly id: string };
  readonly content: string;
  readonly timestamp: string;
  readonly edited_timestamp: string | null;
  readonly tts: boolean;
  readonly mention_everyone: boolean;
  readonly mentions: readonly unknown[];
  readonly mention_roles: readonly string[];
  readonly attachments: readonly Attachment[];
  readonly embeds: readonly unknown[];
  readonly components: readonly unknown[];
  readonly pinned: boolean;
  readonly flags: number;
  readonly reactions?: readonly ReactionCount[];
  readonly nonce?: string | number;
  readonly webhook_id?: string;
  readonly application_id?: string;
  readonly message_reference?: unknown;
  readonly referenced_message?: unknown;
  readonly interaction_metadata?: unknown;
}

/** Message flags that the simulator knows. */
export const MESSAGE_FLAG = { EPHEMERAL: 64, LOADING: 128 } as const;

/** Fields that a client may set on a new or on an old message. */
const EDITABLE = ["content", "embeds", "components", "flags"] as const;
const LONGEST_CONTENT = 2000;

/**
 * What a request sets on a message.
 *
 * @param old The message that is edited; `undefined` for a new one.
 * @throws {RestError} 50006 where nothing would be left to show, 50035 where a field is wrong.
 */
export function contentOf(
  form: Form,
  channel: SimChannel,
  nextId: () => string,
  old?: SimMessage,
): Partial<SimMessage> {
  const { fields } = form;
  const content = fields.content ?? old?.content ?? "";
  if (typeof content !== "string") {
    throw invalidForm("content", "STRING_TYPE_CONVERT", "Could not interpret as string.");
  }
  if (content.length > LONGEST_CONTENT) {
    throw invalidForm(
      "content",
      "BASE_TYPE_MAX_LENGTH",
      `Must be ${LONGEST_CONTENT} or fewer in length.`,
    );
  }
  const set = Object.fromEntries(
    EDITABLE.flatMap((name) => name in fields ? [[name, fields[name] ?? emptyOf(name)]] : []),
  );
  const attachments = attachmentsOf(form, channel, nextId, old);
  const shown = [content, fields.embeds ?? old?.embeds, fields.components ?? old?.components];
  const isEmpty = [...shown, attachments, fields.poll, fields.sticker_ids, fields.message_reference]
    .every((part) => part === undefined || part === null || (part as unknown[]).length === 0);
  if (isEmpty) throw new RestError(400, 50006, "Cannot send an empty message");
  return { ...set, content, attachments };
}

function emptyOf(name: typeof EDITABLE[number]): unknown {
  if (name === "content") return "";
  return name === "flags" ? 0 : [];
}

/** Uploaded files become attachments; of the old ones, those stay that the request lists (or all). */
function attachmentsOf(
  { fields, files }: Form,
  channel: SimChannel,
  nextId: () => string,
  old?: SimMessage,
): Attachment[] {
  const listed = fields.attachments as { id: string | number; description?: string }[] | undefined;
  if (listed !== undefined && !Array.isArray(listed)) {
    throw invalidForm("attachments", "LIST_TYPE_CONVERT", "Only iterables may be used in a list.");
  }
  const kept = (old?.attachments ?? []).filter((attachment) =>
    listed === undefined || listed.some(({ id }) => String(id) === attachment.id)
  );
  const added = files.map((file) => {
    const description = listed?.find(({ id }) => String(id) === String(file.index))?.description;
    return attachment(file, nextId(), channel.id, description);
  });
  return [...kept, ...added];
}

function attachment(
  { filename, contentType, size }: Upload,
  id: string,
  channelId: string,
  description: string | undefined,
): Attachment {
  const path = `attachments/${channelId}/${id}/${encodeURIComponent(filename)}`;
  return {
    id,
    filename,
    size,
    content_type: contentType,
    url: `https://cdn.discordapp.com/${path}`,
    proxy_url: `https://media.discordapp.net/${path}`,
    ...(description === undefined ? {} : { description }),
  };
}

const DISCORD_EPOCH_MS = 1_420_070_400_000;

/** How long ago a snowflake was made; `undefined` where it is none. */
export function ageMs(id: string, wallMs: number): number | undefined {
  if (!/^\d{1,20}$/.test(id)) return undefined;
  return wallMs - DISCORD_EPOCH_MS - Number(BigInt(id) >> 22n);
}
