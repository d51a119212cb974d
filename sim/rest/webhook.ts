/**
 * Webhooks, and who speaks through `/webhooks/{id}/{token}`: a webhook, or an application that
 * answers an interaction.
 * See [Discord Docs/Webhook](https://discord.com/developers/docs/resources/webhook).
 *
 * @module
 */

import type { SimChannel } from "../world/guilds.ts";
import { type Backend, type Call, param, type Webhook } from "./call.ts";
import { unknown } from "./error.ts";
import { expired, type Interaction, type InteractionEvent } from "./interactions.ts";
import type { SimMessage } from "./message.ts";

/** Who speaks: where, with which fields on every message, and for which interaction. */
export interface Speaker {
  readonly channel: SimChannel;
  readonly fields: Partial<SimMessage>;
  readonly interaction?: Interaction;
}

/** The webhook in the path. @throws {RestError} 10015 */
export function webhookOf(call: Call): Webhook {
  const webhook = call.webhooks.get(param(call, "webhook_id"));
  if (!webhook) throw unknown("Webhook");
  return webhook;
}

/** The webhook whose id and token are in the path. @throws {RestError} 10015, 50027 */
export function webhookByToken(call: Call): Webhook {
  const webhook = webhookOf(call);
  if (webhook.token !== call.params.webhook_token) throw expired();
  return webhook;
}

/** Who speaks with the id and token in the path. @throws {RestError} 10015, 50027 */
export function speakerOf(call: Call): Speaker {
  if (call.params.webhook_id === call.world.application.id) {
    const interaction = call.interactions.byToken(param(call, "webhook_token"));
    return interactionSpeaker(call, interaction);
  }
  const { id, name, channel_id } = webhookByToken(call);
  const channel = call.world.channel(channel_id);
  if (!channel) throw unknown("Channel");
  const author = {
    id,
    username: name,
    global_name: null,
    discriminator: "0000",
    avatar: null,
    bot: true,
    ...pick(call.form.fields, "username"),
  };
  return { channel, fields: { author, webhook_id: id } };
}

/** The application, as it speaks for an interaction. */
export function interactionSpeaker(call: Call, interaction: Interaction): Speaker {
  const { id, type, member, user, authorizing_integration_owners: owners } = interaction.event;
  return {
    channel: channelOfEvent(call, interaction.event),
    interaction,
    fields: {
      webhook_id: call.world.application.id,
      application_id: call.world.application.id,
      interaction_metadata: {
        id,
        type,
        user: member?.user ?? user,
        authorizing_integration_owners: owners ?? {},
      },
    },
  };
}

/** Where an interaction happened; the direct message channel where it names none that exists. */
function channelOfEvent({ world }: Backend, event: InteractionEvent): SimChannel {
  return world.channel(event.channel_id ?? "") ?? world.directChannel;
}

function pick(fields: Call["form"]["fields"], name: string): Record<string, unknown> {
  return typeof fields[name] === "string" ? { [name]: fields[name] } : {};
}
