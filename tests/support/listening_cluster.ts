/**
 * A cluster that listens, in virtual time: whoever dials its address has a link with the bot that runs
 * there now. A message takes a millisecond.
 *
 * @module
 */

import type { EventConsumer } from "../../bot/link/consumer.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Connect } from "../../ports/socket.ts";
import type { Address } from "../../workers/pool.ts";
import { LINK_CLOSE, UNIT_HEADER, WORKER_HEADER } from "../../protocol/event_frame.ts";

const LATENCY_MS = 1;

/** The place of a cluster. */
export interface ListeningCluster {
  readonly address: Address;
  /** Who runs there; `null`: nobody, and who dials is refused. */
  bot: EventConsumer | null;
  /** Numbers of the workers that have a link now. */
  readonly workers: readonly number[];
  /** Batches that came from workers. */
  readonly batches: number;
  /** The connection with a worker breaks, and neither end is told. */
  cut(worker: number): void;
  /** Ends every link, as a process that stops does. */
  close(): void;
  /** Dials this cluster at its address, and leaves the others to `elsewhere`. */
  connect(elsewhere: Connect): Connect;
}

/** Makes a place, in which nobody runs; several on one clock have hosts of their own. */
export function listeningCluster(clock: Clock, host = "cluster.test"): ListeningCluster {
  const open = new Map<
    symbol,
    { worker: number | null; end(code: number, reason: string): void }
  >();
  const all = () => [...open.values()];
  let batches = 0;
  const later = (task: () => void) => void clock.after(LATENCY_MS, task);
  const place: ListeningCluster = {
    address: { url: `ws://${host}/`, secretKey: "between us" },
    bot: null,
    get workers() {
      return all().flatMap(({ worker }) => worker ?? []).sort();
    },
    get batches() {
      return batches;
    },
    cut: (worker) => all().find((link) => link.worker === worker)?.end(1006, ""),
    close: () => all().forEach(({ end }) => end(LINK_CLOSE.GOING_AWAY, "going away")),
    connect: (elsewhere) => (url, events, options) => {
      if (url !== place.address.url) return elsewhere(url, events, options);
      const { authorization, [WORKER_HEADER]: header, [UNIT_HEADER]: unit = null } =
        options?.headers ?? {};
      /** The unit itself has no number. */
      const worker = header === undefined ? null : Number(header);
      const own = Symbol();
      /** Each end by itself: what was sent before the other one closed still arrives. */
      let isDialling = true;
      let isServing = false;
      let link: ReturnType<EventConsumer["attach"]> | undefined;
      const hearing = (task: () => void) => later(() => isDialling && task());
      const serving = (task: () => void) => later(() => isServing && task());
      const end = (code: number, reason: string) => {
        if (!isServing) return;
        isServing = false;
        open.delete(own);
        link?.closed();
        hearing(() => {
          isDialling = false;
          events.closed(code, reason);
        });
      };
      hearing(() => {
        if (place.bot === null || authorization !== place.address.secretKey) {
          isDialling = false;
          return events.failed(place.bot ? "401" : "refused");
        }
        isServing = true;
        open.set(own, { worker, end });
        events.open();
        link = place.bot.attach({
          send: (text) => hearing(() => events.message(new TextEncoder().encode(text), true)),
          close: end,
        }, { unit, worker });
      });
      return {
        send: (text) => serving(() => link!.text(text)),
        sendBytes: (bytes) =>
          serving(() => {
            batches++;
            link!.batch(bytes);
          }),
        close: (code, reason) => serving(() => end(code, reason)),
        destroy() {
          isDialling = false;
          serving(() => end(1006, ""));
        },
        pause() {},
        bufferedBytes: 0,
      };
    },
  };
  return place;
}
