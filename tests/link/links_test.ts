import assert from "node:assert/strict";
import { LINK_HELLO_DEADLINE_MS, Links, MOST_WINDOW_BYTES } from "../../link/links.ts";
import { type PeerKey, peerText } from "../../protocol/peer.ts";
import { EVENT_LINK_VERSION, LINK_CLOSE } from "../../protocol/event_frame.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { cluster, consumer, service } from "../support/peers.ts";

const HELLO = { op: "hello", v: EVENT_LINK_VERSION, clusterId: 0, windowBytes: 1000 };

function setUp() {
  const clock = createVirtualClock();
  const told: string[] = [];
  const links = new Links({
    clock,
    totalShards: 4,
    stream: "stream-1",
    peers: () => [cluster(0), cluster(1), service("api")],
    link: (peer, link, { windowBytes, port, isDialled }) => {
      const at = (isDialled ? " dialled" : "") + (port === null ? "" : ` port ${port}`);
      const how = link === null ? "down" : `up ${link} ${windowBytes}${at}`;
      told.push(`${peerText(peer)} ${how}`);
    },
    acknowledged: (peer, link, { totalShards, cursors }) =>
      told.push(`${peerText(peer)} ack ${link} ${totalShards} ${JSON.stringify(cursors)}`),
  });
  const dial = (expected?: PeerKey, isDialled?: boolean) => {
    const sent: unknown[] = [];
    const batches: Uint8Array[] = [];
    const closes: string[] = [];
    const events = links.accept(
      {
        send: (text) => sent.push(JSON.parse(text)),
        sendBytes: (bytes) => batches.push(bytes),
        close: (code, reason) => closes.push(`${code} ${reason}`),
      },
      expected,
      isDialled,
    );
    const say = (message: unknown) => events.text(JSON.stringify(message));
    return { sent, batches, closes, say, ...events };
  };
  return { clock, links, told, dial };
}

Deno.test("Links welcomes a cluster that says hello, and passes its credit on", () => {
  const { links, told, dial } = setUp();
  const { say, sent, closes } = dial();
  assert.equal(links.of(cluster(0)), undefined);
  say(HELLO);
  assert.deepEqual(sent, [{
    op: "welcome",
    v: EVENT_LINK_VERSION,
    link: 1,
    totalShards: 4,
    stream: "stream-1",
  }]);
  assert.deepEqual([told, closes], [["cluster 0 up 1 1000"], []]);
  assert.equal(links.of(cluster(0)), 1);
  assert.deepEqual(links.all(), [{ peer: cluster(0), link: 1, windowBytes: 1000 }]);
});

Deno.test("Links welcomes those who are linked again when the number of shards has changed, and others with it", () => {
  const { links, told, dial } = setUp();
  const [linked, other] = [dial(), dial()];
  linked.say(HELLO);
  links.open(consumer(2), 10, { sendBytes() {}, close() {} });
  links.shardsAre(4);
  links.shardsAre(8);
  other.say({ ...HELLO, clusterId: 1 });
  const welcome = (link: number, totalShards: number) => (
    { op: "welcome", v: EVENT_LINK_VERSION, link, totalShards, stream: "stream-1" }
  );
  assert.deepEqual(linked.sent, [welcome(1, 4), welcome(1, 8)]);
  assert.deepEqual(other.sent, [welcome(3, 8)]);
  assert.deepEqual([linked.closes, told.length], [[], 3]);
});

Deno.test("Links ends the link of a process that ended and left it open, after its last words", async () => {
  const { clock, links, told, dial } = setUp();
  const first = dial();
  first.say(HELLO);
  links.ended(cluster(0));
  links.ended(cluster(1));
  await clock.advance(999);
  first.say({ op: "ack", totalShards: 4, cursors: { 2: 7 } });
  assert.equal(links.of(cluster(0)), 1);
  await clock.advance(1);
  assert.deepEqual(told, ["cluster 0 up 1 1000", 'cluster 0 ack 1 4 {"2":7}', "cluster 0 down"]);
  assert.match(first.closes[0]!, /has ended/);

  dial().say(HELLO);
  links.ended(cluster(0));
  const next = dial();
  next.say(HELLO);
  await clock.advance(5000);
  assert.deepEqual([links.of(cluster(0)), next.closes], [3, []]);
});

Deno.test("Links grants some credit, and never more than its own memory allows", () => {
  for (
    const [asked, granted] of [[1e12, MOST_WINDOW_BYTES], [0, 1], [-5, 1], [1000, 1000]] as const
  ) {
    const { told, dial } = setUp();
    dial().say({ ...HELLO, windowBytes: asked });
    assert.deepEqual(told, [`cluster 0 up 1 ${granted}`]);
  }
});

Deno.test("Links refuses another version, saying which it speaks", () => {
  const { told, dial } = setUp();
  const { say, closes } = dial();
  say({ ...HELLO, v: 99 });
  assert.match(
    closes.join(),
    new RegExp(`^${LINK_CLOSE.VERSION} expected version ${EVENT_LINK_VERSION}, received 99`),
  );
  assert.deepEqual(told, []);
});

Deno.test("Links refuses a cluster that it does not run, or another than was dialled", () => {
  const { told, dial } = setUp();
  const stranger = dial();
  stranger.say({ ...HELLO, clusterId: 7 });
  assert.deepEqual(stranger.closes, [
    `${LINK_CLOSE.UNKNOWN_CLUSTER} expected cluster 0, cluster 1, service api, received cluster 7`,
  ]);
  const other = dial(cluster(1));
  other.say(HELLO);
  assert.deepEqual(other.closes, [
    `${LINK_CLOSE.UNKNOWN_CLUSTER} expected cluster 1, received cluster 0`,
  ]);
  assert.deepEqual(told, []);
});

Deno.test("Links closes on what it cannot read or did not expect", () => {
  const { dial } = setUp();
  const linked = dial();
  linked.say(HELLO);
  for (
    const [text, reason] of [
      ["{", /not JSON/],
      ['{"op":"hello","v":3,"windowBytes":1}', /clusterId/],
      [JSON.stringify(HELLO), /hello has no place here/],
      ['{"op":"bye","reason":""}', /bye has no place here/],
    ] as const
  ) {
    linked.text(text);
    assert.match(linked.closes.pop()!, new RegExp(`^${LINK_CLOSE.BAD_MESSAGE} .*${reason.source}`));
  }
  const early = dial();
  early.say({ op: "ack", totalShards: 4, cursors: { 0: 1 } });
  assert.match(early.closes[0]!, /ack has no place here/);
});

Deno.test("Links keeps a reason short enough for a close frame", () => {
  const { dial } = setUp();
  const { text, closes } = dial();
  text(JSON.stringify({ op: "x".repeat(1_000) }));
  assert.ok(new TextEncoder().encode(closes[0]!).length <= 123 + 5);
});

Deno.test("Links waits so long for a hello, and no longer", async () => {
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

Deno.test("Links passes acknowledgements on with the number of their link", () => {
  const { told, dial } = setUp();
  const { say } = dial();
  say(HELLO);
  say({ op: "ack", totalShards: 4, cursors: { 2: 77 } });
  assert.equal(told.at(-1), 'cluster 0 ack 1 4 {"2":77}');
});

Deno.test("Links lets a newer link take over; the older one's end is no news", () => {
  const { links, told, dial } = setUp();
  const older = dial();
  const newer = dial();
  older.say(HELLO);
  newer.say({ ...HELLO, windowBytes: 5 });
  assert.match(older.closes[0]!, new RegExp(`^${LINK_CLOSE.TAKEN_OVER} `));
  older.closed();
  assert.deepEqual(told, ["cluster 0 up 1 1000", "cluster 0 up 2 5"]);
  assert.equal(links.of(cluster(0)), 2);
  newer.closed();
  assert.deepEqual(told.slice(2), ["cluster 0 down"]);
  assert.equal(links.of(cluster(0)), undefined);
});

Deno.test("Links delivers a batch to the link that it was made for, to no other", () => {
  const { links, dial } = setUp();
  const older = dial();
  const newer = dial();
  older.say(HELLO);
  newer.say(HELLO);
  const deliver = (id: number, link: number) =>
    links.deliver(cluster(id), link, Uint8Array.of(link));
  assert.deepEqual([deliver(0, 1), deliver(0, 2), deliver(1, 2)], [true, true, false]);
  assert.deepEqual(older.batches, []);
  assert.deepEqual(newer.batches, [Uint8Array.of(2)]);
});

Deno.test("Links keeps clusters apart", () => {
  const { links, told, dial } = setUp();
  const first = dial();
  const second = dial(cluster(1));
  first.say(HELLO);
  second.say({ ...HELLO, clusterId: 1 });
  first.closed();
  assert.deepEqual(told, ["cluster 0 up 1 1000", "cluster 1 up 2 1000 dialled", "cluster 0 down"]);
  assert.deepEqual(links.all().map(({ peer }) => peer), [cluster(1)]);
});

Deno.test("Links says bye to every cluster, and then ends its link", () => {
  const { links, told, dial } = setUp();
  const { say, sent, closes, closed } = dial();
  say(HELLO);
  links.bye("the unit stops");
  assert.deepEqual(closes, [], "what it has done with can still be told");
  links.stop("the unit stops");
  assert.deepEqual(sent.at(-1), { op: "bye", reason: "the unit stops" });
  assert.deepEqual(closes, [`${LINK_CLOSE.GOING_AWAY} the unit stops`]);
  closed();
  assert.deepEqual([links.all(), told], [[], ["cluster 0 up 1 1000"]]);
});

Deno.test("Links says where a cluster listens that has proved who it is, and whether we dialled it", () => {
  const { told, dial } = setUp();
  dial().say({ ...HELLO, port: 6666 });
  dial(cluster(0), false).say({ ...HELLO, port: 8080 });
  dial(cluster(1)).say({ ...HELLO, clusterId: 1 });
  dial().say({ op: "hello", v: EVENT_LINK_VERSION, service: "api", windowBytes: 1 });
  assert.deepEqual(told, [
    "cluster 0 up 1 1000",
    "cluster 0 up 2 1000 port 8080",
    "cluster 1 up 3 1000 dialled",
    "service api up 4 1",
  ]);
});

const done = (cursors: Record<string, number>) => ({ totalShards: 4, cursors });

Deno.test("Links opens a link to somebody in this thread: batches there, acknowledgements back", () => {
  const { links, told } = setUp();
  const peer = consumer(3);
  const batches: Uint8Array[] = [];
  const closes: number[] = [];
  links.acknowledge(peer, done({ 3: 1 }));
  links.open(peer, 50, {
    sendBytes: (bytes) => batches.push(bytes),
    close: (code) => closes.push(code),
  });
  assert.deepEqual(links.all(), [{ peer, link: 1, windowBytes: 50 }]);
  assert.equal(links.deliver(peer, 1, Uint8Array.of(7)), true);
  links.acknowledge(peer, done({ 3: 9 }));
  links.bye("it has no ears for words");
  links.close(peer);
  links.close(peer);
  links.acknowledge(peer, done({ 3: 10 }));
  assert.equal(links.deliver(peer, 1, Uint8Array.of(8)), false);
  assert.deepEqual([batches, closes], [[Uint8Array.of(7)], [LINK_CLOSE.GOING_AWAY]]);
  assert.deepEqual(told, [
    "consumer 3/4 up 1 50",
    'consumer 3/4 ack 1 4 {"3":9}',
    "consumer 3/4 down",
  ]);
});

Deno.test("Links ends a link in this thread, too, when a newer one takes over", () => {
  const { links, told } = setUp();
  const closes: number[] = [];
  const far = { sendBytes() {}, close: (code: number) => closes.push(code) };
  links.open(consumer(3), 50, far);
  links.open(consumer(3), 60, { sendBytes() {}, close() {} });
  assert.deepEqual(closes, [LINK_CLOSE.TAKEN_OVER]);
  assert.deepEqual(told, ["consumer 3/4 up 1 50", "consumer 3/4 up 2 60"]);
});
