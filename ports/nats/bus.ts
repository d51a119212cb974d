/**
 * The bus of a fleet over NATS: a subject each, a queue of those who answer, and questions with an inbox of
 * our own, which NATS itself says that nobody answers.
 *
 * @module
 */

import type { Msg, NatsConnection } from "../../deps.ts";
import { GatehouseError, messageOf, unheard } from "../../protocol/errors.ts";
import { decodeError, encodeError, type WireError } from "../../protocol/wire_error.ts";
import { answer, Asks } from "../asks.ts";
import type { Cancel } from "../clock.ts";
import type { Answerer, Bus, Json } from "../fleet/bus.ts";
import type { World } from "../world.ts";
import { refuseLarge } from "./dial.ts";

/** What comes back to a question. */
type Reply = { readonly value: Json } | { readonly error: WireError };

/** Somebody who listens, on whatever connection there is. */
interface Listening {
  readonly subject: string;
  readonly queue?: string;
  readonly take: (message: Msg) => void;
  /** Ends it on the connection that there is now. */
  end: Cancel;
}

/** Of those who answer a subject NATS asks one. */
const QUEUE = "answer";
const NOBODY_ANSWERS = 503;

/** What a {@linkcode NatsBus} needs. */
export interface NatsBusOptions extends Pick<World, "clock" | "log"> {
  /** What all subjects stand under. */
  readonly root: string;
  /** Where answers come in; of this unit alone. */
  readonly inbox: string;
}

/** A {@linkcode Bus} on one connection after the other. While there is none it is away. */
export class NatsBus implements Bus {
  readonly #options: NatsBusOptions;
  readonly #listening = new Set<Listening>();
  readonly #asks: Asks<Reply>;
  #connection: NatsConnection | null = null;
  #isClosed = false;

  constructor(options: NatsBusOptions) {
    this.#options = options;
    const take = (message: Msg) => this.#takeReply(message);
    this.#listening.add({ subject: `${options.inbox}.>`, take, end: () => {} });
    this.#asks = new Asks<Reply>(options.clock, {
      read(reply) {
        if ("error" in reply) throw errorOf(reply.error);
        return reply.value;
      },
      late(subject, deadlineMs) {
        const text = `Cannot ask ${subject}: no answer within ${deadlineMs} ms`;
        return new GatehouseError("deadline", "peer", text, { deadlineMs });
      },
      gone: (reason, subject) => away(subject, reason),
    });
  }

  /** Goes on with a connection: all who listen do so there. */
  attach(connection: NatsConnection): void {
    if (this.#isClosed) return;
    this.#connection = connection;
    for (const each of this.#listening) this.#begin(each);
  }

  /** The connection is gone; what was asked there will not be answered. */
  detach(reason: string): void {
    this.#connection = null;
    for (const each of this.#listening) each.end = () => {};
    this.#asks.drop(reason);
  }

  publish(subject: string, value: Json): void {
    try {
      this.#send(this.#told(subject), JSON.stringify(value));
    } catch (error) {
      this.#options.log.error("NATS cannot carry what is published", {
        subject,
        error: messageOf(error),
      });
    }
  }

  subscribe(subject: string, take: (value: Json) => void): Cancel {
    const failed = (error: unknown) =>
      this.#options.log.error("subscriber of the bus failed", { subject, error: messageOf(error) });
    return this.#listen(this.#told(subject), {
      take: (message) => void calling(() => take(message.json<Json>())).catch(failed),
    });
  }

  answer(subject: string, answerer: Answerer): Cancel {
    return this.#listen(this.#asked(subject), {
      queue: QUEUE,
      take: ({ reply, data }) => void this.#answer(answerer, data, reply),
    });
  }

  ask(subject: string, value: Json, deadlineMs: number): Promise<Json> {
    return this.#asks.ask(subject, deadlineMs, (id) => {
      if (this.#connection === null) {
        throw unheard(`Cannot ask ${subject}: there is no connection to NATS`);
      }
      this.#send(
        this.#asked(subject),
        JSON.stringify(value),
        `${this.#options.inbox}.${id}.${subject}`,
      );
    }) as Promise<Json>;
  }

  close(): void {
    this.#isClosed = true;
    for (const { end } of this.#listening) end();
    this.#listening.clear();
    this.#connection = null;
    this.#asks.drop("it is closed");
  }

  async #answer(answerer: Answerer, data: Uint8Array, reply?: string): Promise<void> {
    // A stranger published here: nobody waits.
    if (!reply) return;
    await answer<Reply>(
      async () => ({ value: await answerer(JSON.parse(new TextDecoder().decode(data))) }),
      (thrown) => ({ error: encodeError(thrown) }),
      (text) => this.#send(reply, JSON.stringify(text)),
    ).catch((error) =>
      this.#options.log.error("NATS cannot carry an answer", { error: messageOf(error) })
    );
  }

  #takeReply({ subject, headers, data }: Msg): void {
    const [id = "", ...asked] = subject.slice(this.#options.inbox.length + 1).split(".");
    if (headers?.code === NOBODY_ANSWERS) {
      const text = `Cannot ask ${asked.join(".")}: nobody answers there`;
      return this.#asks.fail(Number(id), unheard(text));
    }
    try {
      this.#asks.settle(Number(id), JSON.parse(new TextDecoder().decode(data)));
    } catch (error) {
      this.#asks.fail(Number(id), error);
    }
  }

  #listen(subject: string, how: Pick<Listening, "take" | "queue">): Cancel {
    if (this.#isClosed) return () => {};
    const listening: Listening = { ...how, subject, end: () => {} };
    this.#listening.add(listening);
    this.#begin(listening);
    return () => {
      if (this.#listening.delete(listening)) listening.end();
    };
  }

  #begin(listening: Listening): void {
    const { subject, queue, take } = listening;
    if (this.#connection === null) return;
    const subscription = this.#connection.subscribe(subject, {
      ...queue !== undefined && { queue },
      // What is refused is told to the whole connection, too.
      callback: (refused, message) => {
        if (refused === null && this.#listening.has(listening)) take(message);
      },
    });
    listening.end = () => subscription.unsubscribe();
  }

  #told(subject: string): string {
    return `${this.#options.root}.tell.${subject}`;
  }

  /** Not where it is told: to NATS who listens there would be one who answers. */
  #asked(subject: string): string {
    return `${this.#options.root}.ask.${subject}`;
  }

  /** Sends nothing while there is no connection. */
  #send(subject: string, text: string, reply?: string): void {
    const connection = this.#connection;
    if (connection === null || connection.isClosed()) return;
    const bytes = new TextEncoder().encode(text);
    refuseLarge(connection, `send to ${subject}`, bytes);
    connection.publish(subject, bytes, reply === undefined ? {} : { reply });
  }
}

/** Runs in a turn of its own: what is thrown in the connection's would end it. */
async function calling(task: () => unknown): Promise<void> {
  await task();
}

function away(subject: string, why: string): GatehouseError {
  return new GatehouseError("away", "peer", `Cannot ask ${subject}: ${why}`);
}

/** One of ours again is one of ours. */
function errorOf(wire: WireError): Error {
  const error = decodeError(wire) as Error & Partial<GatehouseError>;
  if (error.name !== "GatehouseError" || error.code === undefined) return error;
  return new GatehouseError(error.code, error.blame ?? "peer", error.message, error.data ?? {});
}
