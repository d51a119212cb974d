/**
 * What the units of a fleet say to each other, by subject. A unit by itself has nobody to talk to:
 * its bus stays in the process.
 *
 * @module
 */

import { GatehouseError, messageOf, unheard } from "../../protocol/errors.ts";
import { Asks } from "../asks.ts";
import type { Cancel, Clock } from "../clock.ts";
import type { Log } from "../log.ts";

/** What `JSON.stringify` carries whole. A shard is named by its `ShardKey`. */
export type Json = Plain | readonly Json[] | { readonly [name: string]: Json };
type Plain = null | boolean | number | string;

/** Says what is asked for; what it throws is the answer, too. */
export type Answerer = (value: Json) => Json | Promise<Json>;

/**
 * A bus. Nothing is called within the call that causes it, and who throws hurts nobody else.
 *
 * What is published is heard by who listens just then, in the order of one publisher on one subject;
 * it can be lost on the way: what must not be lost has to be asked. Values arrive as copies.
 */
export interface Bus {
  /** Tells all who have subscribed. */
  publish(subject: string, value: Json): void;
  /** Has `take` called for each value from now on, until cancelled. */
  subscribe(subject: string, take: (value: Json) => void): Cancel;
  /** Answers what is asked on a subject, until cancelled. Where several do, one of them is asked. */
  answer(subject: string, answerer: Answerer): Cancel;
  /**
   * Asks for an answer.
   *
   * @throws {GatehouseError} `away` when nobody answers there (`isUnheard`), or the bus is closed meanwhile;
   * `deadline` after `deadlineMs`; what the answerer threw, at least its code and message.
   */
  ask(subject: string, value: Json, deadlineMs: number): Promise<Json>;
  /** Hears and says nothing any more; every open question is `away`. */
  close(): void;
}

/** A bus within one process. What a subscriber throws is logged. */
export function localBus({ clock, log }: { readonly clock: Clock; readonly log: Log }): Bus {
  const subscribers = new Map<string, Set<{ readonly take: (value: Json) => void }>>();
  const answerers = new Map<string, Set<{ readonly answerer: Answerer }>>();
  const asks = new Asks<Json>(clock, {
    read: (answer) => structuredClone(answer),
    late(subject, deadlineMs) {
      const text = `Cannot ask ${subject}: no answer within ${deadlineMs} ms`;
      return new GatehouseError("deadline", "peer", text, { deadlineMs });
    },
    gone: (reason, subject) =>
      new GatehouseError("away", "peer", `Cannot ask ${subject}: the bus is ${reason}`),
  });
  let isClosed = false;
  return {
    publish(subject, value) {
      const failed = (error: unknown) =>
        log.error("subscriber of the bus failed", { subject, error: messageOf(error) });
      for (const one of subscribers.get(subject) ?? []) {
        Promise.resolve(structuredClone(value))
          .then((copy) => subscribers.get(subject)?.has(one) ? one.take(copy) : undefined)
          .catch(failed);
      }
    },
    subscribe: (subject, take) => isClosed ? () => {} : join(subscribers, subject, { take }),
    answer: (subject, answerer) => isClosed ? () => {} : join(answerers, subject, { answerer }),
    async ask(subject, value, deadlineMs) {
      const [one] = answerers.get(subject) ?? [];
      if (!one) throw away(subject);
      return await asks.ask(subject, deadlineMs, (id) => {
        Promise.resolve(structuredClone(value)).then(one.answerer)
          .then((answer) => asks.settle(id, answer), (error) => asks.fail(id, error));
      }) as Json;
    },
    close() {
      isClosed = true;
      subscribers.clear();
      answerers.clear();
      asks.drop("closed");
    },
  };
}

function join<One>(all: Map<string, Set<One>>, subject: string, one: One): Cancel {
  const ones = all.get(subject) ?? new Set();
  all.set(subject, ones.add(one));
  return () => {
    ones.delete(one);
    if (ones.size === 0 && all.get(subject) === ones) all.delete(subject);
  };
}

function away(subject: string): GatehouseError {
  return unheard(`Cannot ask ${subject}: nobody answers there`);
}
