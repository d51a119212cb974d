/**
 * Whatever comes in whatever order, a GUILD_CREATE as of any cursor that somebody may go on from is what
 * Discord would have sent then: compared with plain objects, and what was not changed byte for byte.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { textOfBytes } from "../../guilds/fragments.ts";
import type { GuildExtra } from "../../guilds/kept.ts";
import { TailRoom } from "../../guilds/tail.ts";
import type { GuildsPiece } from "../../protocol/guild_pieces.ts";
import { type Random, seededRandom } from "../../ports/random.ts";
import { anyEvent, Draws, payloadOf, ready } from "./guild_events.ts";
import { GuildModel, type Json, sorted } from "./guild_model.ts";
import { MemoryLog, setStage } from "./stage.ts";

const INTENTS = 0xffff;
const TERMS = [
  { intents: INTENTS, largeThreshold: 50 },
  { intents: INTENTS, largeThreshold: 250 },
  { intents: INTENTS & ~256, largeThreshold: 50 },
  { intents: INTENTS & ~128, largeThreshold: 50 },
];

/** The raw guilds of a shard, and as many models as there are cursors. */
class Course {
  readonly draws: Draws;
  readonly #extras: readonly GuildExtra[];
  readonly #log: MemoryLog | null;
  stage;
  readonly #models: GuildModel[] = [];
  /** How an object in a list was written. */
  readonly #written = new WeakMap<object, string>();
  acknowledged = 0;

  constructor(random: Random, extras: readonly GuildExtra[]) {
    this.draws = new Draws(random);
    this.#extras = extras;
    this.#log = random() < 0.5 ? new MemoryLog() : null;
    this.stage = this.#setStage();
    this.#models.push(
      new GuildModel({
        members: extras.includes("members"),
        presences: extras.includes("presences"),
        voice: extras.includes("voice"),
      }),
    );
    this.#take(ready(this.draws));
  }

  get newest(): number {
    return this.#models.length - 1;
  }

  event(): void {
    this.#take(anyEvent(this.draws));
  }

  /** What is kept goes on in another life, or everything does without it. */
  async restart(): Promise<void> {
    if (!this.#log) return;
    const base = await this.stage.got(this.stage.guilds.base());
    // It stays as it was, whatever comes.
    for (let i = 0; i < 3; i++) this.event();
    if (this.draws.random() < 0.5) this.acknowledge();
    await this.stage.clock.slices();
    assert.deepEqual(this.stage.lost, []);
    this.stage = this.#setStage();
    this.stage.guilds.load({ ...base!, newest: this.newest });
    this.stage.guilds.acknowledged(this.acknowledged);
    this.stage.guilds.goesOnAfter(this.newest);
  }

  #setStage() {
    const limitBytes = this.#log ? this.draws.any([1, 10_000, 1 << 24]) : 1 << 24;
    return setStage({
      extras: this.#extras,
      intents: () => INTENTS,
      log: this.#log,
      room: new TailRoom(limitBytes),
      warmBytes: this.draws.any([0, 1000, 1 << 20]),
    });
  }

  acknowledge(): void {
    const ahead = this.newest - this.acknowledged;
    this.acknowledged += Math.floor(this.draws.random() * (ahead + 1));
    this.stage.guilds.acknowledged(this.acknowledged);
  }

  /** Looks at the guilds as of some cursor. */
  async check(): Promise<void> {
    const ahead = this.newest - this.acknowledged;
    const cursor = this.acknowledged + Math.floor(this.draws.random() * (ahead + 1));
    if (cursor === 0) return;
    const terms = this.draws.any(TERMS);
    const limitBytes = this.draws.any([1, 100_000]);
    const pieces: GuildsPiece[] = [];
    const bodies: Uint8Array[] = [];
    do {
      const question = { shardId: 0, cursor, terms, after: bodies.length, limitBytes };
      const piece = await this.stage.got(this.stage.guilds.piece(question));
      assert.ok(piece, `the guilds as of ${cursor} are known`);
      pieces.push(piece);
      bodies.push(...piece.bodies);
      // What comes meanwhile changes nothing.
      if (this.draws.random() < 0.2) this.event();
    } while (bodies.length < pieces[0]!.available);
    this.#compare(this.#models[cursor]!, pieces, bodies, terms);
  }

  #compare(
    model: GuildModel,
    pieces: readonly GuildsPiece[],
    bodies: readonly Uint8Array[],
    terms: typeof TERMS[number],
  ): void {
    const [{ guildIds, available }] = pieces as [GuildsPiece];
    assert.deepEqual(guildIds.toSorted(), [...model.guilds.keys()].toSorted());
    for (const piece of pieces) {
      assert.deepEqual([piece.guildIds, piece.available], [guildIds, available]);
    }
    for (const [i, id] of guildIds.entries()) {
      const expected = model.body(id, terms);
      if (i >= available) assert.equal(expected, null);
      else {
        const text = textOfBytes(bodies[i]!);
        assert.deepEqual(sorted(JSON.parse(new TextDecoder().decode(bodies[i]))), expected);
        for (const list of Object.values(expected)) {
          if (Array.isArray(list)) this.#wereWritten(list, text);
        }
      }
    }
  }

  #wereWritten(list: readonly Json[], text: string): void {
    for (const each of list) {
      const written = typeof each === "object" ? this.#written.get(each) : undefined;
      assert.ok(written === undefined || text.includes(written), `not as it was: ${written}`);
    }
  }

  #take([t, d]: [string, Json]): void {
    const model = this.#models.at(-1)!.copy();
    const cursor = this.#models.push(model) - 1;
    const payload = payloadOf(this.draws, t, d, cursor, (element, text) => {
      if (typeof element !== "object") return;
      // As bytes, as the raw guilds have it.
      this.#written.set(element, textOfBytes(new TextEncoder().encode(text)));
    });
    model.take(t, d);
    this.stage.guilds.see(cursor, t, payload);
  }
}

const EXTRAS: GuildExtra[][] = [
  [],
  ["members"],
  ["presences"],
  ["voice"],
  ["members", "presences", "voice"],
];

Deno.test("whatever comes, the guilds as of any cursor are what Discord would have sent then", async () => {
  const course = fc.tuple(fc.integer({ min: 1, max: 2 ** 31 }), fc.constantFrom(...EXTRAS));
  await fc.assert(
    fc.asyncProperty(course, async ([seed, extras]) => {
      const course = new Course(seededRandom(seed), extras);
      for (let step = 0; step < 60; step++) {
        course.event();
        if (course.draws.random() < 0.3) course.acknowledge();
        if (course.draws.random() < 0.3) await course.stage.clock.slices(2);
        if (course.draws.random() < 0.3) await course.check();
        if (course.draws.random() < 0.05) await course.restart();
      }
      assert.deepEqual(course.stage.lost, []);
    }),
    { numRuns: 100 },
  );
});
