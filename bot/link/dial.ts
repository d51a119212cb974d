/**
 * A consumer that dials units: connects to each, greets, and connects again for ever.
 *
 * @module
 */

import { LINK_CLOSE } from "../../protocol/event_frame.ts";
import { type HangUp, redial, type RedialOptions } from "../../ports/redial.ts";
import type { World } from "../../ports/world.ts";
import type { EventConsumer } from "./consumer.ts";
import type { ConsumerLink } from "./consumer_world.ts";

/** A unit that is dialled. */
export interface DialledUnit {
  /** Its `/events`, `ws:` or `wss:`. */
  readonly url: string;
  /** As which of its clusters, where that is not what the consumer is anyway. */
  readonly clusterId?: number;
}

/** What dialling needs. */
export interface DialOptions
  extends Pick<RedialOptions<ConsumerLink>, "connect" | "clock" | "random">, Pick<World, "log"> {
  /** One unit, or those of a fleet. */
  readonly units: readonly DialledUnit[];
  /** Sent as `Authorization`. */
  readonly authorization: string;
  readonly consumer: EventConsumer;
}

/**
 * Dials at once, and again whenever a link is lost, whatever becomes of the others. The function returned ends it,
 * and resolves when what was sent has arrived: a process that exits before then takes its last acknowledgement
 * along.
 */
export function dialEvents(options: DialOptions): () => Promise<void> {
  const { units } = options;
  const hangUps = units.map((unit) =>
    dialUnit(options, unit, units.length > 1 ? new URL(unit.url).host : null)
  );
  const close = { code: LINK_CLOSE.GOING_AWAY, reason: "the cluster is going away" };
  return async () => void await Promise.all(hangUps.map((hangUp) => hangUp(close)));
}

function dialUnit(
  options: DialOptions,
  { url, clusterId }: DialledUnit,
  unit: string | null,
): HangUp {
  const { authorization, consumer, log } = options;
  const from = { unit, worker: null };
  return redial<ConsumerLink>({
    ...options,
    url,
    headers: { authorization },
    attach: (socket) => consumer.attach(socket, from, clusterId),
    isUp: (link) => link?.welcomed ?? false,
    // Two processes that run as one cluster would throw each other out without a pause.
    didWork: ({ welcomed }, code) => welcomed && code !== LINK_CLOSE.TAKEN_OVER,
    lost: (reason, redialInMs) =>
      log.warn("event link is down", { ...(unit !== null && { unit }), reason, redialInMs }),
  });
}
