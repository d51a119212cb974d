/**
 * The life of interactions: which first response is allowed, until when, and how long the token
 * works after it. It knows who answered what, not how the answer is shown.
 * See [Discord Docs/Interactions](https://discord.com/developers/docs/interactions/receiving-and-responding).
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import { invalidForm, RestError, unknown } from "./error.ts";
import { createRecent } from "./recent.ts";
import type { RestSettings } from "./settings.ts";
import type { World } from "../world/world.ts";

/** INTERACTION_CREATE, as far as an answer depends on it. */
export interface InteractionEvent {
  readonly id: string;
  /** 2 command, 3 component, 4 autocomplete, 5 modal. */
  readonly type: number;
  readonly token: string;
  readonly channel_id?: string;
  readonly guild_id?: string;
  /** Who used it: in a guild, or in a direct message. */
  readonly member?: { readonly user: unknown };
  readonly user?: unknown;
  /** The message a component is on, or that a modal's component was on. */
  readonly message?: { readonly id: string };
  /** Installed to a guild (`0`) or to a user (`1`). */
  readonly authorizing_integration_owners?: Readonly<Record<string, string>>;
}

/** An interaction that has been answered, and what became of it. */
export interface Interaction {
  readonly event: InteractionEvent;
  readonly openedMs: number;
  /** Type of the first response. */
  readonly callback: number;
  /** The message that `@original` is. */
  originalId: string | null;
  /** True after a deferral, until the real answer. */
  deferred: boolean;
  followUps: number;
}

/** First responses by their numbers. */
export const CALLBACK = {
  PONG: 1,
  MESSAGE: 4,
  DEFERRED_MESSAGE: 5,
  DEFERRED_UPDATE: 6,
  UPDATE: 7,
  AUTOCOMPLETE: 8,
  MODAL: 9,
  PREMIUM_REQUIRED: 10,
  LAUNCH_ACTIVITY: 12,
} as const;

/** Follow-ups that an app without a seat in the guild may send. */
const FOLLOW_UP_CAP = 5;
const KEPT = 10_000;

/** Which first responses an interaction may get. */
export function allowedCallbacks(event: InteractionEvent): readonly number[] {
  switch (event.type) {
    case 1:
      return [CALLBACK.PONG];
    case 2:
      return [4, 5, 9, 10, 12];
    case 3:
      return [4, 5, 6, 7, 9, 10, 12];
    case 4:
      return [CALLBACK.AUTOCOMPLETE];
    case 5:
      return event.message ? [4, 5, 6, 7, 10, 12] : [4, 5, 10, 12];
    default:
      return [];
  }
}

/** The interactions that the world has sent and a client may answer. */
export interface Interactions {
  /**
   * The interaction, if this may be its first response. It is answered only once it is kept.
   *
   * @throws {RestError} 10062 unknown or too late, 40060 answered already, 50035 not allowed.
   */
  check(id: string, token: string, callback: number): Interaction;
  /** The first response was taken: from now on the token works for follow-ups. */
  keep(interaction: Interaction): void;
  /** The interaction of a token that has been answered. @throws {RestError} 10015, 50027 */
  byToken(token: string): Interaction;
  /** One goes out by HTTP instead of the gateway. */
  hear(event: InteractionEvent): void;
  /** Counts a follow-up. @throws {RestError} 40094 */
  followUp(interaction: Interaction): void;
}

/** What interactions live in. */
export interface InteractionsOptions {
  readonly clock: Clock;
  readonly world: World;
  readonly settings: RestSettings;
}

/** No interactions yet; they come with the world's INTERACTION_CREATE events. */
export function createInteractions(options: InteractionsOptions): Interactions {
  const { clock, world, settings } = options;
  const heard = createRecent<{ openedMs: number; parse: () => InteractionEvent }>(KEPT);
  const tokens = createRecent<Interaction>(KEPT);
  world.listen((t, _guildId, { key, head, tail }) => {
    if (t !== "INTERACTION_CREATE") return;
    heard.set(key, { openedMs: clock.now(), parse: () => JSON.parse(head + tail.text) });
  });
  return {
    check(id, token, callback) {
      if (tokens.get(token)?.event.id === id) {
        throw new RestError(400, 40060, "Interaction has already been acknowledged.");
      }
      const { openedMs, parse } = heard.get(id) ?? { openedMs: -Infinity, parse: () => null };
      const event = parse();
      const late = clock.now() - openedMs > settings.interactionDeadlineMs;
      if (late || event?.token !== token) throw unknown("Interaction");
      if (!allowedCallbacks(event).includes(callback)) {
        throw invalidForm("type", "BASE_TYPE_CHOICES", "This interaction cannot be answered so.");
      }
      return { event, openedMs, callback, originalId: null, deferred: false, followUps: 0 };
    },
    hear: (event) => heard.set(event.id, { openedMs: clock.now(), parse: () => event }),
    keep: (interaction) => tokens.set(interaction.event.token, interaction),
    byToken(token) {
      const interaction = tokens.get(token);
      if (!interaction) throw unknown("Webhook");
      if (clock.now() - interaction.openedMs > settings.interactionTokenMs) throw expired();
      return interaction;
    },
    followUp(interaction) {
      const owners = interaction.event.authorizing_integration_owners ?? {};
      const userOnly = "1" in owners && !("0" in owners);
      if (userOnly && interaction.followUps >= FOLLOW_UP_CAP) {
        throw new RestError(400, 40094, "This interaction has reached the limit of follow ups.");
      }
      interaction.followUps += 1;
    },
  };
}

/** 401 of a webhook's or an interaction's token; it says nothing about the bot's. */
export function expired(): RestError {
  return new RestError(401, 50027, "Invalid Webhook Token");
}
