/**
 * A consumer that dials the unit: connects, greets, and connects again for ever.
 *
 * @module
 */

import { LINK_CLOSE } from "../../protocol/event_frame.ts";
import { redial, type RedialOptions } from "../../ports/redial.ts";
import type { World } from "../../ports/world.ts";
import type { ConsumerLink, EventConsumer } from "./consumer.ts";

/** What dialling needs. `url` is the unit's `/events`, `ws:` or `wss:`. */
export interface DialOptions
  extends
    Pick<RedialOptions<ConsumerLink>, "url" | "connect" | "clock" | "random">,
    Pick<World, "log"> {
  /** Sent as `Authorization`. */
  readonly authorization: string;
  readonly consumer: EventConsumer;
}

/**
 * Dials at once, and again whenever the link is lost. The function returned ends it, and resolves when
 * what was sent has arrived: a process that exits before then takes its last acknowledgement along.
 */
export function dialEvents(options: DialOptions): () => Promise<void> {
  const { authorization, consumer, log } = options;
  const hangUp = redial<ConsumerLink>({
    ...options,
    headers: { authorization },
    attach: (socket) => consumer.attach(socket),
    isUp: (link) => link?.welcomed ?? false,
    // Two processes that run as one cluster would throw each other out without a pause.
    didWork: ({ welcomed }, code) => welcomed && code !== LINK_CLOSE.TAKEN_OVER,
    lost: (reason, redialInMs) => log.warn("event link is down", { reason, redialInMs }),
  });
  return () => hangUp({ code: LINK_CLOSE.GOING_AWAY, reason: "the cluster is going away" });
}
