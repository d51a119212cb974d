/**
 * A switchboard and those who call over it, in virtual time: our own bots, and strangers who speak for
 * themselves. Each is on a wire that carries texts, takes a millisecond, and can be cut.
 *
 * @module
 */

import type { Bot } from "../../bot/bot.ts";
import { parseExact, parseJson, writeExact } from "../../protocol/json.ts";
import { BotCalls } from "../../bot/bot_calls.ts";
import { Switchboard, type SwitchboardOptions } from "../../link/switchboard.ts";
import { logTo } from "../../ports/log.ts";
import {
  encodeLinkMessage,
  type LinkMessage,
  parseLinkMessage,
} from "../../protocol/event_frame.ts";
import type { LinkCall, LinkReply } from "../../protocol/link_call.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import type { WireValue } from "../../protocol/value.ts";
import type { WireError } from "../../protocol/wire_error.ts";
import { createVirtualClock, type VirtualClock } from "../../sim/wire/virtual_clock.ts";
import { botContext } from "./bot_context.ts";
import { cluster, service } from "./peers.ts";

/** The service. */
export const COUNTER = "counter";
/** A cluster by its number, or the service. */
export type Who = number | typeof COUNTER;
/** How many shards the unit says it has. */
export const TOTAL_SHARDS = 6;

/** Which end of a wire hears at once that it is cut; the other hears a second later. */
export type End = "both" | "bot" | "unit";

/** A call or a reply as a stranger reads it: any field may be missing. */
export interface Heard {
  readonly op: "call" | "reply";
  readonly id: number;
  readonly verb: string;
  readonly receptive: boolean;
  readonly value: WireValue;
  readonly error: WireError;
}

/** Clusters 0 to 2 and the service `counter`, none of them linked yet; guild 10 is of cluster 0, and so on. */
export type Exchange = ReturnType<typeof createExchange>;

/** The peer as the unit names it. */
export const peerOf = (who: Who): PeerKey => who === COUNTER ? service(who) : cluster(who);

/** A clock that knows which timers have not fired yet. */
export function countingClock(): VirtualClock & { readonly timers: ReadonlySet<unknown> } {
  const clock = createVirtualClock();
  const timers = new Set<unknown>();
  return {
    ...clock,
    timers,
    after(delayMs, task) {
      const cancel = clock.after(delayMs, () => {
        timers.delete(cancel);
        task();
      });
      timers.add(cancel);
      return () => {
        timers.delete(cancel);
        cancel();
      };
    },
  };
}

/** Builds an exchange. `unit` answers calls of the unit's methods. */
export function createExchange(unit: SwitchboardOptions["unit"] = () => null) {
  const clock = countingClock();
  const lines: string[] = [];
  const log = logTo((level, event, fields) => {
    lines.push(`${level} ${event} ${JSON.stringify(fields)}`);
  });
  const switchboard = new Switchboard({
    clock,
    log,
    unit,
    directory: {
      clusterIds: [0, 1, 2],
      clusterOfGuild: (guildId) => [0, 1, 2].find((id) => `1${id}` === guildId) ?? null,
      hasService: (name) => name === COUNTER,
    },
  });

  /** The newest wire of each peer: only its end is news. */
  const current = new Map<Who, symbol>();

  /** Lays a wire: `hear` gets what the unit says, `lost` is told of a cut. */
  function lay(
    id: Who,
    values: "json" | "clone" | null,
    hear: (message: LinkMessage) => void,
    lost: () => void,
  ) {
    const mine = Symbol();
    let isOpen = true;
    const carry = (text: string, take: (message: LinkMessage) => void) =>
      void clock.after(
        1,
        () => isOpen && take(parseLinkMessage(text, values === "json" ? parseExact : parseJson)),
      );
    const down = () => {
      if (current.get(id) !== mine) return;
      current.delete(id);
      switchboard.down(peerOf(id), "its link is down");
    };
    current.set(id, mine);
    switchboard.up({
      peer: peerOf(id),
      values,
      send: (message) => carry(encodeLinkMessage(message), hear),
    });
    return {
      say: (message: unknown) =>
        carry(writeExact(message), (it) => {
          // As the links do it: of a link that was taken over nothing counts.
          if (current.get(id) === mine) switchboard.receive(peerOf(id), it as LinkCall | LinkReply);
        }),
      cut(first: End = "both") {
        if (!isOpen) return;
        isOpen = false;
        if (first === "unit") clock.after(1000, lost);
        else lost();
        if (first === "bot") clock.after(1000, down);
        else down();
      },
    };
  }

  return {
    clock,
    lines,
    switchboard,
    /** One of our own, not linked yet. */
    bot(id: Who, definition: Partial<Bot> = {}) {
      const calls = new BotCalls({
        bot: { wants: () => false, handle() {}, ...definition },
        clock,
        log,
        figures: () => ({ memory: { rss: 1 } }),
      });
      calls.context = botContext({
        cluster: id === COUNTER ? { id: -1, service: id } : { id },
        ipc: calls.ipc,
        gateway: calls.gateway,
      });
      let wire: ReturnType<typeof lay> | undefined;
      let line: ReturnType<BotCalls["up"]> | undefined;
      return {
        calls,
        ipc: calls.ipc,
        gateway: calls.gateway,
        link() {
          const own: ReturnType<typeof lay> = lay(
            id,
            "clone",
            // As the consumer does it: an earlier link is not listened to.
            (message) => wire === own && line?.receive(message as LinkCall | LinkReply),
            () => wire === own && line?.down(),
          );
          wire = own;
          line?.down();
          line = calls.up(own.say, TOTAL_SHARDS);
        },
        cut: (first?: End) => wire?.cut(first),
      };
    },
    /** A stranger, linked, who speaks by hand. */
    stranger(id: Who, values: "json" | "clone" | null) {
      const heard: Heard[] = [];
      const { say, cut } = lay(
        id,
        values,
        (message) => heard.push(message as unknown as Heard),
        () => {},
      );
      return { heard, say, cut };
    },
    /** What a promise comes to, as time passes. */
    async run<T>(promise: Promise<T>, limitMs = 120_000): Promise<T> {
      let isSettled = false;
      const settle = () => void (isSettled = true);
      promise.then(settle, settle);
      await clock.runUntil(() => isSettled, limitMs);
      return await promise;
    },
  };
}
