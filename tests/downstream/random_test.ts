/**
 * Whatever happens, in whatever order, a client that resumes sees each event once and in order when it
 * drops the numbers that it has seen.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { SavedDownstreamSessions } from "../../downstream/sessions.ts";
import { type FakeShard, type Payload, type ScriptedConsumer, type Stage, stage } from "./stage.ts";

/** A client whose messages are under way until it reads them, and which is cut off with them. */
class SlowClient {
  /** What it was given, without what it has seen: `t` and number. */
  readonly seen: [string, number][] = [];
  sessionId = "";
  #s = 0;
  #read = 0;
  #connection: ScriptedConsumer | null = null;

  get isConnected(): boolean {
    return this.#connection !== null && this.#connection.closedWith === null;
  }

  connect(stage: Stage, first: boolean): void {
    this.#connection = stage.connect();
    this.#read = 0;
    if (first) this.#connection.identify();
    else this.#connection.resume(this.sessionId, this.#s);
  }

  read(count = Infinity): void {
    const payloads = this.#connection?.payloads ?? [];
    for (; count > 0 && this.#read < payloads.length; count--) this.#take(payloads[this.#read++]!);
  }

  beat(): void {
    this.#connection?.beat(this.#s || null);
  }

  cut(): void {
    this.#connection?.close(1006);
    this.#connection = null;
  }

  /** Loses the connection without the other side's knowing: that side is dead. */
  abandon(): void {
    this.#connection = null;
  }

  #take({ op, t, s, d }: Payload): void {
    assert.notEqual(op, 9, "the session is lost");
    if (op !== 0) return;
    if (t === "READY") this.sessionId = d.session_id;
    if (s! <= this.#s) return assert.equal(t, "RESUMED");
    this.#s = s!;
    if (t !== "READY") this.seen.push([t!, s!]);
  }
}

/** What the client must have seen in the end. */
function expected(happened: readonly [string, number][]): [string, number][] {
  return happened.filter(([t]) => t !== "READY").map(([t, cursor]) => [t, cursor + 1]);
}

/** One course of things, as it goes. */
interface Course {
  now: Stage;
  readonly shard: FakeShard;
  readonly client: SlowClient;
  /** What was written down when the session began. */
  readonly firstSaved: SavedDownstreamSessions;
  /** Every record that there was: `t` and cursor. */
  readonly happened: [string, number][];
}

const ACTS: Record<string, (course: Course, count: number) => void> = {
  "event": ({ shard, happened }, count) => {
    for (let i = 0; i < count; i++) happened.push([`EVENT_${shard.last + 1}`, shard.event()]);
  },
  "gap": ({ shard, happened }, count) => {
    const [from, to] = [shard.last + 1, shard.last + count];
    happened.push(["GATEHOUSE_GAP", shard.gap({ from, to, count, reason: "x" })]);
  },
  "upstream ready": ({ shard, happened }) => happened.push(["READY", shard.event("READY")]),
  "flush": ({ shard }, count) => shard.flush(count),
  "rewind": ({ shard }) => shard.rewind(),
  "read": ({ client }, count) => client.read(count),
  "beat": ({ client }) => client.beat(),
  "cut": ({ client }) => client.cut(),
  "resume": ({ client, now }) => {
    if (!client.isConnected) client.connect(now, false);
  },
  "take over": ({ client, now }) => {
    client.abandon();
    client.connect(now, false);
  },
  "kill": (course) => {
    course.client.abandon();
    course.now = course.now.restart();
  },
  "kill before saving": (course) => {
    course.client.abandon();
    course.now = course.now.restart(course.firstSaved);
  },
};

const ACTION = fc.tuple(fc.constantFrom(...Object.keys(ACTS)), fc.integer({ min: 1, max: 4 }));

async function play(actions: readonly [string, number][]): Promise<void> {
  const now = stage();
  const shard = now.events.shard();
  shard.eager = false;
  const client = new SlowClient();
  client.connect(now, true);
  await now.clock.advance(0);
  client.read();
  const firstSaved = now.gateway.sessions.save();
  const course: Course = { now, shard, client, firstSaved, happened: [] };
  for (const [kind, count] of actions) {
    ACTS[kind]!(course, count);
    await now.clock.advance(0);
  }
  if (!client.isConnected) client.connect(course.now, false);
  await now.clock.advance(0);
  shard.flush();
  client.read();
  assert.deepEqual(client.seen, expected(course.happened));
}

Deno.test("A client that resumes sees each event once and in order, whatever happens between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ACTION, { minLength: 5, maxLength: 80 }), (actions) => play(actions)),
    { numRuns: 300 },
  );
});
