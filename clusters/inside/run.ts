/**
 * A cluster from the inside: a bot joined with the event link, with its context, its consumer, its
 * orderly end. Where a built-in one has its link from, in a process or a thread alike.
 *
 * @module
 */

import type { Bot, BotContext } from "../../bot/bot.ts";
import { BotCalls } from "../../bot/bot_calls.ts";
import { createRest } from "../../bot/rest.ts";
import { EventConsumer } from "../../bot/link/consumer.ts";
import type { ConsumerOptions } from "../../bot/link/consumer_world.ts";
import { dialEvents } from "../../bot/link/dial.ts";
import { type LinkServer, serveLink } from "../../bot/link/serve.ts";
import { systemClock, within } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { systemRandom } from "../../ports/random.ts";
import { eventTraceParent } from "../../ports/telemetry/event_trace.ts";
import { webSocketConnect } from "../../ports/websocket/client.ts";
import type { World } from "../../ports/world.ts";

/** How long handlers under way may take when a bot stops. */
const DRAIN_MS = 5_000;

/** What a unit tells a cluster that it starts. Holds no token. */
export interface ClusterSettings extends Pick<ConsumerOptions, "peer"> {
  /** `http://host:port` of the unit. */
  readonly unitUrl: string;
  /** Opens the unit's `/events` and `/api`, as long as this cluster lives. */
  readonly credential: string;
  /** Address of the bot's module. */
  readonly botModule: string;
}

/** Starts the bot and dials the unit. The function returned stops both. Rejects with what `start()` throws. */
export async function runCluster(
  settings: ClusterSettings,
  bot: Bot,
  log: Log,
  figures: () => object,
): Promise<() => Promise<void>> {
  const { unitUrl, credential } = settings;
  const world = { clock: systemClock, log };
  const { consumer, stop } = await runBot({ ...settings, ...world, bot, fetch, figures });
  const server = settings.peer.kind === "cluster" ? listen(consumer, credential, world) : null;
  const hangUp = dialEvents({
    units: [{ url: `${unitUrl.replace(/^http/, "ws")}/events` }],
    authorization: credential,
    consumer,
    connect: webSocketConnect(),
    random: systemRandom,
    ...world,
  });
  return () => stop().finally(() => server?.stop()).finally(hangUp);
}

/** Opens a port of this machine for the unit's workers, who bring the events themselves. */
function listen(
  consumer: EventConsumer,
  secretKey: string,
  world: Pick<World, "clock" | "log">,
): LinkServer {
  const server = serveLink({ hostname: "127.0.0.1", port: 0, secretKey, consumer, ...world });
  consumer.listensAt(server.port);
  return server;
}

/** What a bot runs with. */
export interface BotRunOptions extends Omit<ConsumerOptions, "receiver" | "calls"> {
  readonly bot: Bot;
  /** Reaches the unit. */
  readonly fetch: typeof fetch;
  /** What the process says of itself in `stats`. */
  readonly figures: () => object;
  /** `http://host:port` of the unit, whose `/api` is the bot's REST. */
  readonly unitUrl: string;
  /** What that unit's `/api` takes. */
  readonly credential: string;
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
      receive: (dispatch, shardId, totalShards, event) =>
        bot.handle(dispatch, {
          ...context,
          shardId,
          totalShards,
          traceparent: () =>
            event ? eventTraceParent({ ...event.source, cursor: event.cursor }) : null,
        }),
    },
  });
  return { consumer, stop: () => stop(consumer, options) };
}

async function stop(consumer: EventConsumer, { bot, clock, log }: BotRunOptions): Promise<void> {
  await within(clock, DRAIN_MS, consumer.stop());
  const { unsettled } = consumer.counters();
  if (unsettled > 0) log.warn("stopping while handlers are at work", { handlers: unsettled });
  await bot.shutdown?.();
}
