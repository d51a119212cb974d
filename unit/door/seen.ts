/**
 * What has come by HTTP of late: Discord sends again what it got no answer to.
 *
 * @module
 */

import type { InteractionMark } from "../../protocol/discord/interaction.ts";
import { isCount, isRecord } from "../../protocol/record.ts";

/** Discord tries for ten minutes. */
export const SEEN_MS = 15 * 60_000;
/** No more are remembered. */
export const MOST_SEEN = 10_000;

/** Where an event went that came before. */
export interface SeenEvent {
  readonly queueId: number;
  readonly cursor: number;
  readonly atMs: number;
  /** What was said in the place of a bot that was away; absent: nothing. */
  readonly answered?: InteractionMark;
}

/** The events of the last quarter of an hour, by what makes each the same. */
export class Seen {
  readonly #events: Map<string, SeenEvent>;

  /** @param saved What {@linkcode Seen.saved} gave in an earlier life, or anything. */
  constructor(saved: unknown = null) {
    const entries = Object.entries(isRecord(saved) ? saved : {});
    this.#events = new Map(
      entries.filter((entry): entry is [string, SeenEvent] => isSeen(entry[1])),
    );
  }

  /** Where an event went; `undefined`: it has not come before. */
  of(key: string, nowMs: number): SeenEvent | undefined {
    const event = this.#events.get(key);
    return event && nowMs - event.atMs < SEEN_MS ? event : undefined;
  }

  /** An event has come, and goes there. */
  add(key: string, event: SeenEvent): void {
    for (const [oldest, { atMs }] of this.#events) {
      if (event.atMs - atMs < SEEN_MS && this.#events.size < MOST_SEEN) break;
      this.#events.delete(oldest);
    }
    this.#events.set(key, event);
  }

  /** What a later life is to know: what did not outlive this one may come again. */
  saved(isSafe: (event: SeenEvent) => boolean): Record<string, SeenEvent> {
    return Object.fromEntries([...this.#events].filter(([, event]) => isSafe(event)));
  }
}

/** Whether it is a word for what was said in a bot's place. */
export function isMark(value: unknown): value is InteractionMark {
  return value === "deferred" || value === "answered";
}

function isSeen(value: unknown): value is SeenEvent {
  const { queueId, cursor, atMs, answered } = isRecord(value) ? value : {};
  return isCount(queueId) && isCount(cursor) && Number.isFinite(atMs) &&
    (answered === undefined || isMark(answered));
}
