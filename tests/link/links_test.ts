import assert from "node:assert/strict";
import { Hub, LINK_HELLO_DEADLINE_MS, MOST_WINDOW_BYTES } from "../../link/hub.ts";
import { silentLog } from "../../ports/log.ts";
import { EVENT_LINK_VERSION, LINK_CLOSE } from "../../protocol/event_frame.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

const HELLO = { op: "hello", v: EVENT_LINK_VERSION, clusterId: 0, windowBytes: 1000 };

function setUp() {
  const clock = createVirtualClock();
  const told: string[] = [];
  const hub = new Hub({
    clock,
    log: silentLog,
    totalShards: 4,
    stream: "stream-1",
    clusterIds: [0, 1],
    link: (clusterId, link, windowBytes) =>
      told.push(link === null ? `${clusterId} down` : `${clusterId} up ${link} ${windowBytes}`),
    acknowledged: (clusterId, link, cursors) =>
      told.push(`${clusterId} ack ${link} ${JSON.stringify(cursors)}`),
  });
  const dial = (expected?: number) => {
    const sent: unknown[] = [];
    const batches: Uint8Array[] = [];
    const closes: string[] = [];
    const events = hub.accept({
      send: (text) => sent.push(JSON.parse(text)),
      sendBytes: (bytes) => batches.push(bytes),
      close: (code, reason) => closes.push(`${code} ${reason}`),
    }, expected);
    const say = (message: unknown) => events.text(JSON.stringify(message));
    return { sent, batches, closes, say, ...events };
  };
  return { clock, hub, told, dial };
}

Deno.test("Hub welcomes a cluster that says hello, and passes its credit on", () => {
  const { hub, told, dial } = setUp();
  const { say, sent, closes } = dial();
  assert.equal(hub.isLinked(0), false);
  say(HELLO);
  assert.deepEqual(sent, [{
    op: "welcome",
    v: EVENT_LINK_VERSION,
    clusterId: 0,
    link: 1,
    totalShards: 4,
    stream: "stream-1",
  }]);
  assert.deepEqual([told, closes], [["0 up 1 1000"], []]);
  assert.equal(hub.isLinked(0), true);
  assert.deepEqual(hub.links(), [{ clusterId: 0, link: 1, windowBytes: 1000 }]);
});

Deno.test("Hub ends the link of a process that ended and left it open, after its last words", async () => {
  const { clock, hub, told, dial } = setUp();
  const first = dial();
  first.say(HELLO);
  hub.ended(0);
  hub.ended(1);
  await clock.advance(999);
  first.say({ op: "ack", cursors: { 2: 7 } });
  assert.equal(hub.isLinked(0), true);
  await clock.advance(1);
  assert.deepEqual(told, ["0 up 1 1000", '0 ack 1 {"2":7}', "0 down"]);
  assert.match(first.closes[0]!, /has ended/);

  dial().say(HELLO);
  hub.ended(0);
  const next = dial();
  next.say(HELLO);
  await clock.advance(5000);
  assert.deepEqual([hub.isLinked(0), next.closes], [true, []]);
});

Deno.test("Hub grants some credit, and never more than its own memory allows", () => {
  for (
    const [asked, granted] of [[1e12, MOST_WINDOW_BYTES], [0, 1], [-5, 1], [1000, 1000]] as const
  ) {
    const { told, dial } = setUp();
    dial().say({ ...HELLO, windowBytes: asked });
    assert.deepEqual(told, [`0 up 1 ${granted}`]);
  }
});

Deno.test("Hub refuses another version, saying which it speaks", () => {
  const { told, dial } = setUp();
  const { say, closes } = dial();
  say({ ...HELLO, v: 99 });
  assert.match(closes.join(), new RegExp(`^${LINK_CLOSE.VERSION} expected version 1, received 99`));
  assert.deepEqual(told, []);
});

Deno.test("Hub refuses a cluster that it does not run, or another than was dialled", () => {
  const { told, dial } = setUp();
  const stranger = dial();
  stranger.say({ ...HELLO, clusterId: 7 });
  assert.deepEqual(stranger.closes, [
    `${LINK_CLOSE.UNKNOWN_CLUSTER} expected cluster 0, 1, received 7`,
  ]);
  const other = dial(1);
  other.say(HELLO);
  assert.deepEqual(other.closes, [`${LINK_CLOSE.UNKNOWN_CLUSTER} expected cluster 1, received 0`]);
  assert.deepEqual(told, []);
});

Deno.test("Hub closes on what it cannot read or did not expect", () => {
  const { dial } = setUp();
  const linked = dial();
  linked.say(HELLO);
  for (
    const [text, reason] of [
      ["{", /not JSON/],
      ['{"op":"hello","v":1}', /clusterId/],
      [JSON.stringify(HELLO), /hello has no place here/],
      ['{"op":"bye","reason":""}', /bye has no place here/],
    ] as const
  ) {
    linked.text(text);
    assert.match(linked.closes.pop()!, new RegExp(`^${LINK_CLOSE.BAD_MESSAGE} .*${reason.source}`));
  }
  const early = dial();
  early.say({ op: "ack", cursors: { 0: 1 } });
  assert.match(early.closes[0]!, /ack has no place here/);
});

Deno.test("Hub keeps a reason short enough for a close frame", () => {
  const { dial } = setUp();
  const { text, closes } = dial();
  text(JSON.stringify({ op: "x".repeat(1_000) }));
  assert.ok(new TextEncoder().encode(closes[0]!).length <= 123 + 5);
});

Deno.test("Hub waits so long for a hello, and no longer", async () => {
  const { clock, dial } = setUp();
  const silent = dial();
  const greets = dial();
  const gone = dial();
  greets.say(HELLO);
  gone.closed();
  await clock.advance(LINK_HELLO_DEADLINE_MS - 1);
  assert.deepEqual(silent.closes, []);
  await clock.advance(1);
  assert.match(silent.closes[0]!, /no hello after 10000 ms/);
  assert.deepEqual([greets.closes, gone.closes], [[], []]);
});

Deno.test("Hub passes acknowledgements on with the number of their link", () => {
  const { told, dial } = setUp();
  const { say } = dial();
  say(HELLO);
  say({ op: "ack", cursors: { 2: 77 } });
  assert.equal(told.at(-1), '0 ack 1 {"2":77}');
});

Deno.test("Hub lets a newer link take over; the older one's end is no news", () => {
  const { hub, told, dial } = setUp();
  const older = dial();
  const newer = dial();
  older.say(HELLO);
  newer.say({ ...HELLO, windowBytes: 5 });
  assert.match(older.closes[0]!, new RegExp(`^${LINK_CLOSE.TAKEN_OVER} `));
  older.closed();
  assert.deepEqual(told, ["0 up 1 1000", "0 up 2 5"]);
  assert.equal(hub.isLinked(0), true);
  newer.closed();
  assert.deepEqual(told.slice(2), ["0 down"]);
  assert.equal(hub.isLinked(0), false);
});

Deno.test("Hub delivers a batch to the link that it was made for, to no other", () => {
  const { hub, dial } = setUp();
  const older = dial();
  const newer = dial();
  older.say(HELLO);
  newer.say(HELLO);
  hub.deliver(0, 1, Uint8Array.of(1));
  hub.deliver(0, 2, Uint8Array.of(2));
  hub.deliver(1, 2, Uint8Array.of(3));
  assert.deepEqual(older.batches, []);
  assert.deepEqual(newer.batches, [Uint8Array.of(2)]);
});

Deno.test("Hub keeps clusters apart", () => {
  const { hub, told, dial } = setUp();
  const first = dial();
  const second = dial(1);
  first.say(HELLO);
  second.say({ ...HELLO, clusterId: 1 });
  first.closed();
  assert.deepEqual(told, ["0 up 1 1000", "1 up 2 1000", "0 down"]);
  assert.deepEqual(hub.links().map(({ clusterId }) => clusterId), [1]);
});

Deno.test("Hub says bye to every cluster when it stops", () => {
  const { hub, told, dial } = setUp();
  const { say, sent, closes, closed } = dial();
  say(HELLO);
  hub.stop("the unit stops");
  assert.deepEqual(sent.at(-1), { op: "bye", reason: "the unit stops" });
  assert.deepEqual(closes, [`${LINK_CLOSE.GOING_AWAY} the unit stops`]);
  closed();
  assert.deepEqual([hub.links(), told], [[], ["0 up 1 1000"]]);
});
