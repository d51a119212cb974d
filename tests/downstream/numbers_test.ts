import assert from "node:assert/strict";
import { DownstreamNumbers, type Numbered } from "../../downstream/numbers.ts";
import { type EventRecord, gapRecord, RECORD } from "../../protocol/event_frame.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
/** The payload that was given last, as text; `null` where none was. */
function text(given: readonly Numbered[]): string | null {
  const { payload } = given.at(-1) ?? { payload: null };
  return payload instanceof Uint8Array ? new TextDecoder().decode(payload) : payload;
}

/** Numbers of a client that sees everything; `from` is after READY unless told otherwise. */
function numbersFrom(base: number, had: number, from = base + 1): DownstreamNumbers {
  return new DownstreamNumbers({ base, from, view: null, seesGuilds: true }, had);
}

function event(cursor: number, t = "X"): EventRecord {
  const body = bytes(`{"t":"${t}","s":3,"op":0,"d":{"s":3}}`);
  return { shardId: 5, kind: RECORD.DISPATCH, cursor, body };
}

Deno.test("DownstreamNumbers counts from the session's base, whatever Discord's numbers are", () => {
  const numbers = numbersFrom(99, 1);
  assert.equal(numbers.s, 1);
  assert.equal(text(numbers.take(event(101))), '{"t":"X","s":2,"op":0,"d":{"s":3}}');
  assert.equal(text(numbers.take(event(5000))), '{"t":"X","s":4901,"op":0,"d":{"s":3}}');
  assert.equal(numbers.s, 4901);
});

Deno.test("DownstreamNumbers drops what came before", () => {
  const numbers = numbersFrom(0, 10);
  assert.deepEqual(numbers.take(event(10)), []);
  assert.equal(numbers.take(event(11)).length, 1);
  assert.deepEqual(numbers.take(event(11)), []);
  assert.deepEqual(numbers.take(event(9)), []);
  assert.equal(numbers.take(event(12)).length, 1);
});

Deno.test("DownstreamNumbers does not pass on a first READY and RESUMED, nor kinds it does not know", () => {
  const numbers = numbersFrom(0, 10);
  assert.deepEqual(numbers.take(event(11, "READY")), []);
  assert.deepEqual(numbers.take(event(12, "RESUMED")), []);
  assert.deepEqual(numbers.take({ ...event(13), kind: 9 }), []);
  assert.equal(numbers.s, 10);
  assert.equal(numbers.received, 13);
});

Deno.test("DownstreamNumbers tells a gap in the client's numbers", () => {
  const numbers = numbersFrom(90, 10);
  const told = JSON.parse(
    text(numbers.take(gapRecord(5, { from: 101, to: 120, count: 9, reason: "full" })))!,
  );
  const d = { shard: 5, from: 11, to: 30, count: 9, reason: "full" };
  assert.deepEqual(told, { t: "GATEHOUSE_GAP", s: 30, op: 0, d });
  assert.equal(numbers.take(event(121)).length, 1);
  assert.equal(numbers.s, 31);
});

Deno.test("DownstreamNumbers tells null where nobody knows how many are missing", () => {
  const told = text(
    numbersFrom(90, 10).take(
      gapRecord(5, { from: null, to: 120, count: null, reason: "x" }),
    ),
  );
  const { from, to, count } = JSON.parse(told!).d;
  assert.deepEqual([from, to, count], [null, 30, null]);
});

Deno.test("DownstreamNumbers has a GAP for a record that it cannot read", () => {
  const numbers = numbersFrom(90, 10);
  const poison = { ...event(105), body: Uint8Array.of(0xff) };
  assert.throws(() => numbers.take(poison), SyntaxError);
  const { from, to, count } = JSON.parse(text(numbers.missing(poison))!).d;
  assert.deepEqual([from, to, count], [15, 15, 1]);
  assert.equal(numbers.cursorOf(15), 105);
  assert.deepEqual(numbers.take(poison), [], "it came already");
});

Deno.test("DownstreamNumbers does not tell as missing what the client has", () => {
  const numbers = numbersFrom(90, 10);
  numbers.take(event(105));
  const told = text(numbers.take(gapRecord(5, { from: 101, to: 120, count: 9, reason: "full" })));
  const { from, to, count } = JSON.parse(told!).d;
  assert.deepEqual([from, to, count], [16, 30, null]);
});

Deno.test("DownstreamNumbers knows the cursor of a number that was given out, and of no other", () => {
  const numbers = numbersFrom(99, 1);
  numbers.take(event(105));
  assert.equal(numbers.cursorOf(1), 100);
  assert.equal(numbers.cursorOf(6), 105);
  assert.equal(numbers.cursorOf(7), null);
  assert.equal(numbers.cursorOf(0), null);
});

Deno.test("DownstreamNumbers gives numbers to what comes before the events, which acknowledge none", () => {
  const numbers = numbersFrom(96, 1, 100);
  assert.deepEqual([numbers.next(), numbers.next(), numbers.next()], [2, 3, 4]);
  assert.equal(numbers.cursorOf(3), null);
  assert.equal(numbers.cursorOf(4), 100);
  assert.deepEqual(numbers.take(event(100)), [], "it is older than the session");
  assert.equal(text(numbers.take(event(101))), '{"t":"X","s":5,"op":0,"d":{"s":3}}');
});

Deno.test("DownstreamNumbers goes on in the midst of what comes before the events", () => {
  const numbers = numbersFrom(96, 2, 100);
  assert.equal(numbers.s, 2);
  assert.equal(numbers.received, 100);
  assert.deepEqual([numbers.next(), numbers.next()], [3, 4]);
});

/** A READY of the shard's session, after one with other guilds. */
function ready(cursor: number, guilds: readonly string[], note?: object): EventRecord {
  const d = { ...(note && { gatehouse: note }), v: 10, guilds: guilds.map((id) => ({ id })) };
  const body = bytes(JSON.stringify({ t: "READY", s: 1, op: 0, d }));
  return { shardId: 5, kind: RECORD.DISPATCH, cursor, body };
}

const NOTE = { left: ["1", "2"], joined: ["4"] };

Deno.test("DownstreamNumbers tells of the guilds that are lost with another session of the shard", () => {
  const numbering = { base: 99, from: 100, view: null, seesGuilds: true };
  const numbers = new DownstreamNumbers(numbering, 1, 0, true);
  numbers.take(event(105));
  const told = numbers.take(ready(110, ["3", "4"], NOTE));
  assert.deepEqual(told.map(({ payload }) => JSON.parse(payload as string)), [
    { t: "GUILD_DELETE", s: 6, op: 0, d: { id: "1" } },
    { t: "GUILD_DELETE", s: 6, op: 0, d: { id: "2" } },
    { t: "GUILD_DELETE", s: 11, op: 0, d: { id: "3", unavailable: true } },
  ]);
  assert.deepEqual(told.map(({ s }) => s), [6, 6, 11]);
  assert.deepEqual([numbers.s, numbers.cursor], [11, 110]);
});

Deno.test("DownstreamNumbers does not tell a client that waits for its guilds that they are not here", () => {
  const numbers = numbersFrom(99, 1);
  assert.equal(numbers.take(ready(101, ["3", "4"], NOTE)).length, 2);
  assert.ok(numbers.knowsGuilds);
  assert.equal(numbers.take(ready(111, ["3", "4"], { left: [], joined: [] })).length, 2);
});

Deno.test("DownstreamNumbers tells nothing of guilds to a client that sees none, nor of a first session", () => {
  const blind = new DownstreamNumbers(
    { base: 0, from: 1, view: null, seesGuilds: false },
    1,
    0,
    true,
  );
  assert.deepEqual(blind.take(ready(2, ["3"], NOTE)), []);
  const first = new DownstreamNumbers(
    { base: 0, from: 1, view: null, seesGuilds: true },
    1,
    0,
    true,
  );
  assert.deepEqual(first.take(ready(2, ["3"])), []);
});

Deno.test("DownstreamNumbers leaves out what the client does not see, and knows that it came", () => {
  const view = (payload: Uint8Array, { t }: { readonly t: string | null }) =>
    t === "X" ? null : payload;
  const numbers = new DownstreamNumbers({ base: 0, from: 1, view, seesGuilds: true }, 1, 5);
  assert.deepEqual([numbers.s, numbers.received], [1, 5]);
  assert.deepEqual(numbers.take(event(7)), []);
  assert.deepEqual([numbers.s, numbers.received], [1, 7]);
  assert.equal(text(numbers.take(event(8, "Y"))), '{"t":"Y","s":8,"op":0,"d":{"s":3}}');
});

Deno.test("DownstreamNumbers gives a guild that loads the name that libraries know", () => {
  const numbers = numbersFrom(0, 1);
  const told = text(numbers.take(event(2, "GUILD_LOADED_DD")));
  assert.equal(told, '{"t":"GUILD_CREATE","s":2,"op":0,"d":{"s":3}}');
});
