/**
 * What is said to an interaction whose bot is away, so that the person who waits is not told that the
 * application did not respond; and the mark by which the bot, once back, knows that it was said.
 * See [Discord Docs/Interactions](https://discord.com/developers/docs/interactions/receiving-and-responding).
 *
 * @module
 */

import { snowflakeMs } from "../ids.ts";
import { isRecord, parseRecord } from "../record.ts";

/** The first response must be there this long after the interaction was made. */
export const FIRST_RESPONSE_MS = 3_000;
/** What comes after the first response is taken this long after the interaction was made. */
export const INTERACTION_TOKEN_MS = 15 * 60_000;

/**
 * What was said: `deferred`, and the bot can still give its answer by editing `@original`; or
 * `answered`, with a text that asks to try again.
 */
export type InteractionMark = "deferred" | "answered";

/** The field `gatehouse` of an interaction, put there by `annotate()`; of one that came by the gateway in time there is none. */
export interface InteractionNote {
  /** What was said for the bot; without it the first response is still to be given. */
  readonly answered?: InteractionMark;
  /** Discord has POSTed it: see `docs/events-over-http.md`. */
  readonly via?: "http";
  /** Of what was POSTed: what makes it the same as one that comes again; of an interaction its own id. */
  readonly id?: string;
  /** Of what was POSTed: the shard that has its guild, `3/16`; of what has none, shard 0. */
  readonly shard?: string;
}

/** What is needed of INTERACTION_CREATE. The token is a secret: who has it can answer for the bot. */
export interface Interaction {
  readonly id: string;
  readonly type: number;
  readonly token: string;
  readonly data?: unknown;
}

/** Body of the first response. */
export interface InteractionCallback {
  readonly type: number;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** How the bot's author wants to be stood in for. */
export interface AwayWords {
  /** `BOT_SERVER_INVITE_CODE`: where people can ask. `null` names no place. */
  readonly inviteCode: string | null;
  /** Whether only the person who used a command sees its deferred answer. Default false. */
  readonly ephemeral?: boolean;
}

/**
 * The first response in the bot's place; `null` where none is due (a PING, a type of the future).
 *
 * - A command gets the deferred message, a component the deferred update: both leave the real answer
 *   to the bot. Who sees the answer to a command is fixed here and cannot be changed by it; as with
 *   Discord's own default everybody does, unless `ephemeral` says otherwise.
 * - An autocomplete cannot be deferred. Where a text is asked for there is one choice, which says what
 *   is wrong and stands for what has been typed; else there are none.
 * - A modal gets a text that only its sender sees.
 */
export function answerWhileAway(
  interaction: Interaction,
  { inviteCode, ephemeral = false }: AwayWords,
): { readonly body: InteractionCallback; readonly mark: InteractionMark } | null {
  switch (interaction.type) {
    case TYPE.APPLICATION_COMMAND:
      return {
        body: { type: CALLBACK.DEFERRED_MESSAGE, ...(ephemeral && { data: { flags: EPHEMERAL } }) },
        mark: "deferred",
      };
    case TYPE.MESSAGE_COMPONENT:
      return { body: { type: CALLBACK.DEFERRED_UPDATE }, mark: "deferred" };
    case TYPE.AUTOCOMPLETE: {
      const choices = choicesFor(interaction.data, inviteCode);
      return { body: { type: CALLBACK.AUTOCOMPLETE, data: { choices } }, mark: "answered" };
    }
    case TYPE.MODAL_SUBMIT: {
      const data = { content: awayText(inviteCode), flags: EPHEMERAL };
      return { body: { type: CALLBACK.MESSAGE, data }, mark: "answered" };
    }
    default:
      return null;
  }
}

/** Reads an INTERACTION_CREATE; `undefined` where it is not one. */
export function parseInteraction(payload: Uint8Array): Interaction | undefined {
  const { d } = parseRecord(new TextDecoder().decode(payload));
  const { id, type, token } = isRecord(d) ? d : {};
  if (!isInteractionId(id) || typeof type !== "number") return undefined;
  // What is not well-formed could not stand in an address.
  return typeof token === "string" && token.isWellFormed()
    ? d as unknown as Interaction
    : undefined;
}

/** Whether it is an id that tells when the interaction was made. */
export function isInteractionId(value: unknown): value is string {
  return typeof value === "string" && /^\d{1,20}$/.test(value);
}

/**
 * Whether the token of an interaction no longer works, so that nothing can be said to it any more.
 *
 * @param nowMs Our epoch, which is compared with Discord's.
 * @throws {SyntaxError} When the id is not a whole number.
 */
export function isExpired(interactionId: string, nowMs: number): boolean {
  return nowMs - snowflakeMs(interactionId) >= INTERACTION_TOKEN_MS;
}

const TYPE = { APPLICATION_COMMAND: 2, MESSAGE_COMPONENT: 3, AUTOCOMPLETE: 4, MODAL_SUBMIT: 5 };
const CALLBACK = { MESSAGE: 4, DEFERRED_MESSAGE: 5, DEFERRED_UPDATE: 6, AUTOCOMPLETE: 8 };
const EPHEMERAL = 64;

/** Type of an option that takes a text. */
const STRING_OPTION = 3;
const LONGEST_CHOICE = 100;

function awayText(inviteCode: string | null): string {
  const help = inviteCode === null ? "" : ` Help: https://discord.gg/${inviteCode}`;
  return `I am away for a moment. Please try again soon.${help}`;
}

function choicesFor(data: unknown, inviteCode: string | null): { name: string; value: string }[] {
  const { type, value } = focusedOption(data) ?? {};
  // A choice must stand for what has been typed, and Discord takes neither an empty nor a long one.
  if (type !== STRING_OPTION || typeof value !== "string") return [];
  if (value === "" || value.length > LONGEST_CHOICE) return [];
  return [{ name: awayText(inviteCode).slice(0, LONGEST_CHOICE), value }];
}

/** The option that is being typed; it may stand inside a group and a subcommand. */
function focusedOption(holder: unknown): Record<string, unknown> | undefined {
  if (!isRecord(holder) || !Array.isArray(holder.options)) return undefined;
  for (const option of holder.options.filter(isRecord)) {
    const found = option.focused === true ? option : focusedOption(option);
    if (found) return found;
  }
  return undefined;
}
