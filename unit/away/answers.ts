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
  type Interaction,
  type InteractionMark,
  isExpired,
  parseInteraction,
} from "../../protocol/discord/interaction.ts";
import { withMark } from "../../protocol/estate.ts";
import { type ShardKey, shardKeyText } from "../../protocol/ids.ts";
import type { InteractionSnapshot } from "../../protocol/status.ts";
import type { Estates } from "../../store/estates.ts";
import type { Log } from "../../ports/log.ts";
import { type CallbackWorld, postCallback } from "./interaction_callback.ts";

/** What standing in needs. */
export interface AwayOptions extends CallbackWorld, AwayWords {
  readonly log: Log;
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
  get tally(): InteractionSnapshot {
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
      estates.change(shard, (estate) => withMark(estate, { cursor, mark, atMs: clock.wallMs() }));
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
    return isExpired(id, this.#options.clock.wallMs());
  }
}
