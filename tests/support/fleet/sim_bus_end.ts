/**
 * A unit's end of the simulated bus.
 *
 * @module
 */

import { Asks } from "../../../ports/asks.ts";
import type { Cancel } from "../../../ports/clock.ts";
import type { Answerer, Bus, Json } from "../../../ports/fleet/bus.ts";
import { GatehouseError, messageOf, unheard } from "../../../protocol/errors.ts";
import type { SimConnection } from "./sim_connection.ts";
import { type Ear, type Reply, sizeOf } from "./sim_server.ts";

/** Ears of this process: the server's and by whose connection. */
interface OwnEar {
  readonly ear: Ear;
  isOn: boolean;
}

/** The bus as one unit has it. */
export class SimBusEnd implements Bus {
  readonly #connection: SimConnection;
  readonly #ears = new Set<OwnEar>();
  readonly #asks: Asks<Reply>;
  #isClosed = false;

  constructor(connection: SimConnection) {
    this.#connection = connection;
    const { server } = connection.world;
    this.#asks = new Asks<Reply>(connection.own, {
      read(reply) {
        if ("thrown" in reply) throw copied(reply.thrown);
        return structuredClone(reply.answer);
      },
      late: (subject, deadlineMs) =>
        new GatehouseError(
          "deadline",
          "peer",
          `Cannot ask ${subject}: no answer within ${deadlineMs} ms`,
        ),
      gone: (reason, subject) =>
        new GatehouseError("away", "peer", `Cannot ask ${subject}: ${reason}`),
    });
    connection.leaves.push(() => {
      for (const { ear } of this.#ears) server.ears.delete(ear);
    });
    connection.ends.push((isUp) => {
      if (!isUp) return this.#asks.drop("the line is down");
      for (const own of this.#ears) this.#enlist(own);
    });
  }

  publish(subject: string, value: Json): void {
    if (this.#isClosed) return;
    const copy = structuredClone(value);
    const { server } = this.#connection.world;
    this.#connection.up(() => {
      server.tally.published++;
      server.tally.characters += sizeOf(copy);
      if (this.#connection.drops) return;
      for (const ear of this.#heard("subscriber", subject)) ear.take(copy, null);
    });
  }

  subscribe(subject: string, take: (value: Json) => void): Cancel {
    const { server } = this.#connection.world;
    return this.#listen("subscriber", subject, (value, isOn) => {
      if (this.#connection.drops) return;
      const copy = structuredClone(value);
      this.#connection.down(() => {
        if (!isOn()) return;
        server.tally.delivered++;
        server.tally.characters += sizeOf(copy);
        heard(() => take(copy));
      });
    });
  }

  answer(subject: string, answerer: Answerer): Cancel {
    return this.#listen("answerer", subject, (value, isOn, reply) => {
      if (this.#connection.drops) return;
      const copy = structuredClone(value);
      const back = (said: Reply) =>
        this.#connection.up(() => void (this.#connection.drops || reply!(said)));
      this.#connection.down(() => {
        if (!isOn()) return back({ thrown: away(subject) });
        Promise.resolve(copy).then(answerer).then(
          (answer) => back({ answer: structuredClone(answer) }),
          (thrown) => back({ thrown }),
        );
      });
    });
  }

  async ask(subject: string, value: Json, deadlineMs: number): Promise<Json> {
    if (this.#isClosed || !this.#connection.isUp) throw away(subject);
    const copy = structuredClone(value);
    const { server, random } = this.#connection.world;
    return await this.#asks.ask(subject, deadlineMs, (id) => {
      this.#connection.up(() => {
        server.tally.asked++;
        server.tally.characters += sizeOf(copy);
        if (this.#connection.drops) return;
        const ears = this.#heard("answerer", subject);
        const back = (reply: Reply) => {
          if (this.#connection.drops) return;
          if ("answer" in reply) server.tally.characters += sizeOf(reply.answer);
          this.#connection.down(() => this.#asks.settle(id, reply));
        };
        const ear = ears[Math.floor(random() * ears.length)];
        if (ear) ear.take(copy, back);
        else back({ thrown: away(subject) });
      });
    }) as Json;
  }

  close(): void {
    this.#isClosed = true;
    for (const own of [...this.#ears]) this.#leave(own);
    this.#asks.drop("closed");
  }

  #listen(
    kind: Ear["kind"],
    subject: string,
    take: (value: Json, isOn: () => boolean, reply: ((said: Reply) => void) | null) => void,
  ): Cancel {
    if (this.#isClosed) return () => {};
    const unit = this.#connection.name;
    const own: OwnEar = {
      ear: { unit, kind, subject, take: (value, reply) => take(value, () => own.isOn, reply) },
      isOn: true,
    };
    this.#ears.add(own);
    this.#enlist(own);
    return () => this.#leave(own);
  }

  #enlist(own: OwnEar): void {
    const { server } = this.#connection.world;
    this.#connection.up(() => void (own.isOn && server.ears.add(own.ear)));
  }

  #leave(own: OwnEar): void {
    const { server } = this.#connection.world;
    own.isOn = false;
    this.#ears.delete(own);
    this.#connection.up(() => void server.ears.delete(own.ear));
  }

  /** Who hears a subject of those that are reached; who is cut off may hear it late. */
  #heard(kind: Ear["kind"], subject: string): Ear[] {
    const { server, groupOf } = this.#connection.world;
    const group = groupOf(this.#connection.name);
    return server.earsOf(kind, subject).filter(({ unit }) => (groupOf(unit) ?? group) === group);
  }
}

/** Who throws hurts nobody else. */
function heard(take: () => unknown): void {
  try {
    Promise.resolve(take()).catch(() => {});
  } catch {
    // As above.
  }
}

function away(subject: string): GatehouseError {
  return unheard(`Cannot ask ${subject}: nobody answers there`);
}

function copied(thrown: unknown): Error {
  return thrown instanceof GatehouseError
    ? new GatehouseError(thrown.code, thrown.blame, thrown.message, thrown.data)
    : new Error(messageOf(thrown));
}
