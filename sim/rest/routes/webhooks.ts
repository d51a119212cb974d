/**
 * Endpoints of webhooks, and those by token, which an application uses for interactions too.
 * See [Discord Docs/Webhook](https://discord.com/developers/docs/resources/webhook).
 *
 * @module
 */

import {
  type Call,
  channelOf,
  DONE,
  ok,
  param,
  queryFlag,
  type Reply,
  type Webhook,
} from "../call.ts";
import { invalidForm, RestError, unknown } from "../error.ts";
import type { LimitUse } from "../limiter.ts";
import { contentOf, MESSAGE_FLAG, type SimMessage } from "../message.ts";
import { always, type Route } from "../route.ts";
import { type Speaker, speakerOf, webhookByToken, webhookOf } from "../webhook.ts";

const IN_CHANNEL = "/channels/:channel_id/webhooks";
const WEBHOOK = "/webhooks/:webhook_id";
const WITH_TOKEN = `${WEBHOOK}/:webhook_token`;
const MESSAGE = `${WITH_TOKEN}/messages/:message_id`;
const MOST_WEBHOOKS = 15;

/** Webhooks of a channel, a webhook by id or by token, and its messages. */
export const webhookRoutes: readonly Route[] = [
  { method: "POST", template: IN_CHANNEL, auth: "bot", answer: create },
  { method: "GET", template: IN_CHANNEL, auth: "bot", answer: (call) => ok(inChannel(call)) },
  { method: "GET", template: WEBHOOK, auth: "bot", answer: (call) => ok(webhookOf(call)) },
  {
    method: "DELETE",
    template: WEBHOOK,
    auth: "bot",
    answer: (call) => remove(call, webhookOf(call)),
  },
  {
    method: "GET",
    template: WITH_TOKEN,
    auth: "anyone",
    answer: (call) => ok(webhookByToken(call)),
  },
  {
    method: "DELETE",
    template: WITH_TOKEN,
    auth: "anyone",
    answer: (call) => remove(call, webhookByToken(call)),
  },
  {
    method: "POST",
    template: WITH_TOKEN,
    auth: "anyone",
    limits: (call) => ["webhook_execute", ...channelLimit(call)],
    answer: execute,
  },
  message("GET", (call) => ok(messageOf(call, speakerOf(call)))),
  message("PATCH", edit),
  message("DELETE", removeMessage),
];

function message(method: Route["method"], answer: Route["answer"]): Route {
  return { method, template: MESSAGE, auth: "anyone", limits: always("webhook_message"), answer };
}

function inChannel(call: Call): Webhook[] {
  const { id } = channelOf(call);
  return [...call.webhooks.values()].filter(({ channel_id }) => channel_id === id);
}

function create(call: Call): Reply {
  const channel = channelOf(call);
  const { name } = call.form.fields;
  if (typeof name !== "string" || name.length < 1 || name.length > 80) {
    throw invalidForm("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80 in length.");
  }
  if (inChannel(call).length >= MOST_WEBHOOKS) {
    throw new RestError(400, 30007, `Maximum number of webhooks reached (${MOST_WEBHOOKS})`);
  }
  const id = call.world.nextId();
  const webhook: Webhook = {
    id,
    type: 1,
    guild_id: channel.guild_id ?? null,
    channel_id: channel.id,
    application_id: call.world.application.id,
    name,
    avatar: null,
    token: `webhook-token-${id}`,
  };
  call.webhooks.set(id, webhook);
  tell(call, webhook);
  return ok(webhook);
}

function remove(call: Call, webhook: Webhook): Reply {
  call.webhooks.delete(webhook.id);
  tell(call, webhook);
  return DONE;
}

function tell(call: Call, { guild_id, channel_id }: Webhook): void {
  if (guild_id) call.world.emit("WEBHOOKS_UPDATE", guild_id, { guild_id, channel_id });
}

/** All webhooks of a channel share a hidden limit, whoever uses them. */
function channelLimit(call: Call): LimitUse[] {
  const webhook = call.webhooks.get(param(call, "webhook_id"));
  return webhook ? [{ name: "webhook_channel", major: webhook.channel_id }] : [];
}

function execute(call: Call): Reply {
  const speaker = speakerOf(call);
  const { channel, fields, interaction } = speaker;
  // Right after a deferral the first follow-up is the deferred answer: old, deprecated, still so.
  if (interaction?.deferred) return edit({ ...call, params: { ...call.params, ...ORIGINAL } });
  if (interaction) call.interactions.followUp(interaction);
  const content = contentOf(call.form, channel, call.world.nextId);
  const hidden = interaction ? 0 : MESSAGE_FLAG.EPHEMERAL;
  const sent = call.messages.create(channel, {
    ...content,
    ...fields,
    flags: (content.flags ?? 0) & ~hidden,
  });
  return interaction || queryFlag(call, "wait") ? ok(sent) : DONE;
}

const ORIGINAL = { message_id: "@original" };

/** A message that this speaker has sent. @throws {RestError} 10008 */
function messageOf(call: Call, { channel, fields, interaction }: Speaker): SimMessage {
  const id = param(call, "message_id");
  const original = id === ORIGINAL.message_id;
  if (original && interaction?.originalId == null) throw unknown("Message");
  const found = call.messages.get(channel.id, original ? interaction!.originalId! : id);
  if (found.webhook_id !== fields.webhook_id && !original) throw unknown("Message");
  return found;
}

function edit(call: Call): Reply {
  const speaker = speakerOf(call);
  const { channel, interaction } = speaker;
  const old = messageOf(call, speaker);
  const content = contentOf(call.form, channel, call.world.nextId, old);
  // Who is shown a message is settled when it is made; the answer ends the "thinking" state.
  const flags = ((content.flags ?? old.flags) & ~MESSAGE_FLAG.EPHEMERAL |
    old.flags & MESSAGE_FLAG.EPHEMERAL) & ~MESSAGE_FLAG.LOADING;
  if (interaction && old.id === interaction.originalId) interaction.deferred = false;
  return ok(call.messages.edit(channel, old, { ...content, flags }));
}

function removeMessage(call: Call): Reply {
  const speaker = speakerOf(call);
  call.messages.remove(speaker.channel, [messageOf(call, speaker).id]);
  return DONE;
}
