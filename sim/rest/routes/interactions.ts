/**
 * The endpoint that takes the first response to an interaction. What follows goes through
 * `webhooks.ts`.
 * See [Discord Docs/Interaction Callback](https://discord.com/developers/docs/interactions/receiving-and-responding#create-interaction-response).
 *
 * @module
 */

import { type Call, DONE, ok, param, queryFlag, type Reply } from "../call.ts";
import { invalidForm } from "../error.ts";
import { CALLBACK, type Interaction } from "../interactions.ts";
import { contentOf, MESSAGE_FLAG, type SimMessage } from "../message.ts";
import type { Route } from "../route.ts";
import { interactionSpeaker, type Speaker } from "../webhook.ts";

/** POST of the first response. It has no limit: each interaction takes one. */
export const interactionRoutes: readonly Route[] = [{
  method: "POST",
  template: "/interactions/:interaction_id/:interaction_token/callback",
  auth: "anyone",
  answer: callback,
}];

const MOST_CHOICES = 25;
const MOST_MODAL_COMPONENTS = 5;

function callback(call: Call): Reply {
  const { type, data } = call.form.fields;
  const fields = isObject(data) ? data : {};
  check(Number(type), fields);
  const interaction = call.interactions.check(
    param(call, "interaction_id"),
    param(call, "interaction_token"),
    Number(type),
  );
  const withData = { ...call, form: { ...call.form, fields } };
  const shown = show(withData, interactionSpeaker(call, interaction), interaction);
  interaction.originalId = shown?.id ?? null;
  // Last: what cannot be shown must not spend the one response.
  call.interactions.keep(interaction);
  return queryFlag(call, "with_response") ? ok(describe(interaction, shown)) : DONE;
}

function check(type: number, data: Readonly<Record<string, unknown>>): void {
  const { choices, components } = data;
  if (
    type === CALLBACK.AUTOCOMPLETE && !(Array.isArray(choices) && choices.length <= MOST_CHOICES)
  ) {
    throw invalidForm("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
  }
  const count = Array.isArray(components) ? components.length : 0;
  if (type === CALLBACK.MODAL && (count < 1 || count > MOST_MODAL_COMPONENTS)) {
    throw invalidForm("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5.");
  }
}

/** Does what the response says. Gives the message that `@original` is from now on, if any. */
function show(call: Call, speaker: Speaker, interaction: Interaction): SimMessage | undefined {
  const { channel, fields } = speaker;
  const type = interaction.event.type === 2 ? 20 : 0;
  switch (interaction.callback) {
    case CALLBACK.MESSAGE: {
      const content = contentOf(call.form, channel, call.world.nextId);
      return call.messages.create(channel, { ...content, ...fields, type });
    }
    case CALLBACK.DEFERRED_MESSAGE: {
      interaction.deferred = true;
      const asked = Number(call.form.fields.flags ?? 0) & MESSAGE_FLAG.EPHEMERAL;
      const flags = asked | MESSAGE_FLAG.LOADING;
      return call.messages.create(channel, { ...fields, type, flags });
    }
    case CALLBACK.DEFERRED_UPDATE:
      return origin(call, speaker, interaction);
    case CALLBACK.UPDATE: {
      const old = origin(call, speaker, interaction);
      if (!old) return undefined;
      const content = contentOf(call.form, channel, call.world.nextId, old);
      return call.messages.edit(channel, old, content);
    }
    default:
      return undefined;
  }
}

/** The message that the component is on. */
function origin(call: Call, { channel }: Speaker, { event }: Interaction): SimMessage | undefined {
  return event.message && call.messages.find(channel.id, event.message.id);
}

function describe({ event, callback }: Interaction, message: SimMessage | undefined): unknown {
  const flags = message?.flags ?? 0;
  return {
    interaction: {
      id: event.id,
      type: event.type,
      ...(message && {
        response_message_id: message.id,
        response_message_loading: (flags & MESSAGE_FLAG.LOADING) !== 0,
        response_message_ephemeral: (flags & MESSAGE_FLAG.EPHEMERAL) !== 0,
        channel_id: message.channel_id,
      }),
      ...(event.guild_id && { guild_id: event.guild_id }),
    },
    resource: { type: callback, ...(message && { message }) },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
