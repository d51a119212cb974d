/**
 * A bot joined with the event link: its context, its consumer, its orderly end. Where the link comes
 * from is not decided here.
 *
 * @module
 */

import type { ClusterKey, ServiceKey } from "../../protocol/peer.ts";
import type { Bot, BotContext } from "../../bot/bot.ts";
import { BotCalls } from "../../bot/bot_calls.ts";
import { createRest } from "../../bot/rest.ts";
import { EventConsumer } from "../../bot/link/consumer.ts";
import { type Clock, sleep } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { World } from "../../ports/world.ts";

/** How long handlers under way may take when a bot stops. */
const DRAIN_MS = 5_000;

/** What a bot runs with. */
export interface BotRunOptions extends Pick<World, "clock" | "log" | "fetch"> {
  readonly bot: Bot;
  readonly peer: ClusterKey | ServiceKey;
  /** What the process says of itself in `stats`. */
  readonly figures: () => object;
  /** `http://host:port` of the unit, whose `/api` is the bot's REST. */
  readonly unitUrl: string;
  /** What that unit's `/api` takes. */
  readonly credential: string;
  /** Bytes of events that may be under way unacknowledged; 4 MiB by default. */
  readonly windowBytes?: number;
  /** After this long an event counts as dealt with although its handler has not; 60 s by default. */
  readonly handlerDeadlineMs?: number;
}

/** A bot that has started. */
export interface BotRun {
  /** Attach links to it. */
  readonly consumer: EventConsumer;
  /**
   * Takes no more events, gives the handlers under way 5 s, then calls the bot's `shutdown()`.
   * Rejects with what that throws.
   */
  stop(): Promise<void>;
}

/** Starts a bot. Rejects with what its `start()` throws. */
export async function runBot(options: BotRunOptions): Promise<BotRun> {
  const { bot, peer, figures, clock, log } = options;
  const calls = new BotCalls({ bot, clock, log, figures });
  const context: BotContext = {
    rest: createRest(options.unitUrl, options.credential, options.fetch),
    cluster: peer.kind === "cluster" ? { id: peer.id } : { id: -1, service: peer.name },
    ipc: calls.ipc,
    gateway: calls.gateway,
    log,
  };
  calls.context = context;
  await bot.start?.(context);
  const consumer = new EventConsumer({
    ...options,
    calls,
    receiver: {
      wants: (name) => bot.wants(name),
      receive: (dispatch, shardId) => bot.handle(dispatch, { ...context, shardId }),
    },
  });
  return { consumer, stop: () => stop(bot, consumer, clock, log) };
}

async function stop(bot: Bot, consumer: EventConsumer, clock: Clock, log: Log): Promise<void> {
  const drained = new AbortController();
  await Promise.race([
    consumer.stop().then(() => drained.abort()),
    sleep(clock, DRAIN_MS, drained.signal).catch(() => {}),
  ]);
  const { unsettled } = consumer.counters();
  if (unsettled > 0) log.warn("stopping while handlers are at work", { handlers: unsettled });
  await bot.shutdown?.();
}
