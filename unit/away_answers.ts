/**
 * Stands in for a bot that is away: gives interactions their first response, and remembers in the
 * shard's estate which, until the bot has dealt with them. It decides neither when a bot is away nor what is said
 * (`protocol/discord/interaction.ts`).
 *
 * @module
 */

import {
  answerWhileAway,
  type AwayWords,
  FIRST_RESPONSE_MS,
  type Interaction,
  type InteractionCallback,
  type InteractionMark,
  isExpired,
  parseInteraction,
} from "../protocol/discord/interaction.ts";
import { withMark } from "../protocol/estate.ts";
import { type ShardKey, shardKeyText, snowflakeMs } from "../protocol/ids.ts";
import { parseRecord } from "../protocol/record.ts";
import type { InteractionSnapshot } from "../protocol/status.ts";
import type { Estates } from "../store/estates.ts";
import { type Clock, sleep } from "../ports/clock.ts";
import type { World } from "../ports/world.ts";
import { ERROR_HEADER } from "../rest/problem.ts";
import type { AskDiscord } from "../rest/proxy.ts";

/** What standing in needs. */
export interface AwayOptions extends CallbackWorld, AwayWords, Pick<World, "log"> {
  /** Keeps what was said until the bot has dealt with it. */
  readonly estates: Pick<Estates, "of" | "change">;
}

/** An INTERACTION_CREATE that nobody is there to deal with. */
export interface AwayEvent {
  readonly shard: ShardKey;
  readonly cursor: number;
  readonly payload: Uint8Array;
}

/** The responses that were given for a bot, of all shards of a unit. */
export class AwayAnswers {
  readonly #options: AwayOptions;
  readonly #tally = { deferred: 0, answered: 0, failed: 0, expired: 0 };
  /** Responses that are under way, by shard and cursor. */
  readonly #asked = new Map<string, Promise<InteractionMark | null>>();

  constructor(options: AwayOptions) {
    this.#options = options;
  }

  /** What became of the interactions since the unit began. */
  get tally(): Omit<InteractionSnapshot, "posted"> {
    return this.#tally;
  }

  /**
   * Gives an interaction its first response, unless it has one of ours: then nothing is sent. Settles
   * 2.5 s after the interaction was made at the latest (for one that is older, soon); never rejects.
   *
   * @returns How to mark the event before it is delivered; `null` where there was nothing to say, or it
   * could not be said: then the bot gets the event as it came.
   */
  answer(event: AwayEvent): Promise<InteractionMark | null> {
    const { estates, clock } = this.#options;
    const { shard, cursor } = event;
    const known = estates.of(shard).marks.find((each) => each.cursor === cursor);
    if (known) return Promise.resolve(known.mark);
    const name = `${shardKeyText(shard)} ${cursor}`;
    const asked = this.#asked.get(name) ?? this.#respond(event).then((mark) => {
      this.#asked.delete(name);
      if (mark === null) return null;
      estates.change(shard, (estate) => withMark(estate, { cursor, mark, atMs: clock.epochMs() }));
      return mark;
    });
    this.#asked.set(name, asked);
    return asked;
  }

  async #respond({ shard, cursor, payload }: AwayEvent): Promise<InteractionMark | null> {
    const interaction = parseInteraction(payload);
    const answer = interaction && answerWhileAway(interaction, this.#options);
    if (!answer) return null;
    const outcome = this.#isExpired(interaction)
      ? { kind: "expired" } as const
      : await postCallback(this.#options, interaction, answer.body);
    if (outcome.kind === "accepted") {
      this.#tally[answer.mark]++;
      return answer.mark;
    }
    this.#tally[outcome.kind]++;
    if (outcome.kind === "failed") {
      const { reason } = outcome;
      const facts = { shardId: shard.id, cursor, interactionId: interaction.id, reason };
      this.#options.log.warn("an interaction got no response while the bot was away", facts);
    }
    return null;
  }

  #isExpired({ id }: Interaction): boolean {
    return isExpired(id, this.#options.clock.epochMs());
  }
}

/** What sending needs. */
export interface CallbackWorld extends Pick<World, "clock"> {
  readonly ask: AskDiscord;
}

/**
 * What became of it. `accepted` also where Discord says that there is a first response already: an
 * earlier life of ours sent it, or the bot did. A `reason` never holds the interaction's token.
 */
export type CallbackOutcome =
  | { readonly kind: "accepted" }
  /** Discord takes no first response any more. */
  | { readonly kind: "expired" }
  | { readonly kind: "failed"; readonly reason: string };

/** Kept back of Discord's 3 s for the way of the answer. */
const MARGIN_MS = 500;
/**
 * We try for at least this long, however late it seems: our clock may be ahead of Discord's, which
 * alone knows.
 */
export const LEAST_MS = 700;

const ATTEMPTS = 3;
const PAUSE_MS = 150;
const UNKNOWN_INTERACTION = 10062;
const ALREADY_ACKNOWLEDGED = 40060;

/**
 * Posts `body`, without the bot's token: the interaction's is enough. Tries again, twice at most,
 * where Discord could not be reached or is ill. Never throws. It is over 2.5 s after the interaction was
 * made, or after {@linkcode LEAST_MS} where that is later.
 */
export async function postCallback(
  { ask, clock }: CallbackWorld,
  { id, token }: Interaction,
  body: InteractionCallback,
): Promise<CallbackOutcome> {
  const deadline = new AbortController();
  const { signal } = deadline;
  const cancel = clock.after(timeLeftMs(id, clock.epochMs()), () => deadline.abort());
  const path = `/interactions/${id}/${encodeURIComponent(token)}/callback`;
  try {
    for (let attempt = 1;; attempt++) {
      const answer = await ask(path, { method: "POST", json: body, as: "nobody", signal });
      const outcome = await outcomeOf(answer);
      if (outcome.kind === "failed" && signal.aborted) return LATE;
      if (answer.status < 500 || attempt === ATTEMPTS) return outcome;
      if (!await isOver(clock, PAUSE_MS, signal)) return LATE;
    }
  } finally {
    cancel();
  }
}

/** How long we may try: until shortly before Discord's deadline, within reason. */
export function timeLeftMs(interactionId: string, nowMs: number): number {
  const longestMs = FIRST_RESPONSE_MS - MARGIN_MS;
  const ageMs = nowMs - snowflakeMs(interactionId);
  return Math.min(longestMs, Math.max(LEAST_MS, longestMs - ageMs));
}

/** Whether a pause came to its end. */
function isOver(clock: Clock, pauseMs: number, signal: AbortSignal): Promise<boolean> {
  return sleep(clock, pauseMs, signal).then(() => true, () => false);
}

async function outcomeOf(answer: Response): Promise<CallbackOutcome> {
  const { ok, status, headers } = answer;
  if (ok) {
    await answer.body?.cancel();
    return { kind: "accepted" };
  }
  // One that breaks off: the status says enough.
  const { code } = parseRecord(await answer.text().catch(() => ""));
  if (code === ALREADY_ACKNOWLEDGED) return { kind: "accepted" };
  if (code === UNKNOWN_INTERACTION) return { kind: "expired" };
  const reason = headers.get(ERROR_HEADER) ?? `Discord answered ${status}, code ${code ?? 0}`;
  return { kind: "failed", reason };
}

const LATE: CallbackOutcome = { kind: "failed", reason: "no answer in time" };
