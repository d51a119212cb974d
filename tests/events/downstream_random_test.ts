/**
 * Whatever happens, in whatever order, a client that resumes sees each event once and in order when it
 * drops the numbers that it has seen.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type FakeShard,
  type Payload,
  ScriptedConsumer,
  type Stage,
  stage,
} from "./downstream_stage.ts";

/** What may happen; the number says how much of it. */
const ACTION = fc.oneof(
  ...["event", "gap", "upstream ready", "flush", "read", "beat", "cut", "resume", "rewind", "kill"]
    .map((kind) => fc.tuple(fc.constant(kind), fc.integer({ min: 1, max: 4 }))),
);

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

async function play(actions: readonly [string, number][]): Promise<void> {
  let now = stage();
  const shard = now.events.shard();
  shard.eager = false;
  const client = new SlowClient();
  client.connect(now, true);
  await now.clock.advance(0);
  client.read();
  const happened: [string, number][] = [];
  for (const [kind, count] of actions) {
    now = act(now, shard, client, happened, kind, count);
    await now.clock.advance(0);
  }
  if (!client.isConnected) client.connect(now, false);
  await now.clock.advance(0);
  shard.flush();
  client.read();
  assert.deepEqual(client.seen, expected(happened));
}

function act(
  now: Stage,
  shard: FakeShard,
  client: SlowClient,
  happened: [string, number][],
  kind: string,
  count: number,
): Stage {
  if (kind === "event") {
    for (let i = 0; i < count; i++) {
      const cursor = shard.event();
      happened.push([`EVENT_${cursor}`, cursor]);
    }
  } else if (kind === "gap") {
    const from = shard.last + 1;
    happened.push(["GATEHOUSE_GAP", shard.gap({ from, to: shard.last + count, reason: "x" })]);
  } else if (kind === "upstream ready") happened.push(["READY", shard.event("READY")]);
  else if (kind === "flush") shard.flush(count);
  else if (kind === "rewind") shard.rewind();
  else if (kind === "read") client.read(count);
  else if (kind === "beat") client.beat();
  else if (kind === "cut") client.cut();
  else if (kind === "resume" && !client.isConnected) client.connect(now, false);
  else if (kind === "kill") {
    client.abandon();
    return now.restart();
  }
  return now;
}

Deno.test("A client that resumes sees each event once and in order, whatever happens between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ACTION, { maxLength: 60 }), (actions) => play(actions)),
    { numRuns: 300 },
  );
});
