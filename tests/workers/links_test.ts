import assert from "node:assert/strict";
import type { HttpPost, PostRequest } from "../../ports/http/post.ts";
import { silentLog } from "../../ports/log.ts";
import { EVENT_LINK_VERSION, LINK_CLOSE } from "../../protocol/event_frame.ts";
import { type PeerKey, peerText } from "../../protocol/peer.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { WorkerLinks } from "../../workers/links.ts";
import { fakeSockets } from "../support/fake_sockets.ts";
import { cluster } from "../support/peers.ts";

const PEER = cluster(1);
const HELLO = { op: "hello", v: EVENT_LINK_VERSION, clusterId: 1, windowBytes: 1001 };

/** The links of worker 3, over sockets whose peer is the test. */
function setUp(unit?: string, post?: HttpPost) {
  const clock = createVirtualClock();
  const { connect, sockets } = fakeSockets();
  const told: string[] = [];
  const links = new WorkerLinks({
    worker: {
      workerId: 3,
      totalShards: 4,
      stream: "a",
      posts: { waitMs: 0, answerMs: 10_000 },
      ...(unit !== undefined && { unit }),
    },
    queue: {
      link: (peer, link, windowBytes) =>
        void told.push(`queue: ${peerText(peer)} ${link} ${windowBytes}`),
      acknowledge: (peer, link, cursors) =>
        void told.push(`queue: ${peerText(peer)} ack ${link} ${JSON.stringify(cursors)}`),
    },
    clock,
    random: () => 1,
    connect,
    log: silentLog,
    post,
    linked: (peer, isUp) => void told.push(`linked: ${peerText(peer)} ${isUp}`),
  });
  const dialAt = (url: string, secretKey = "key", workers = 1, peer: PeerKey = PEER) =>
    links.dial({ type: "DIAL", peer, url, secretKey, workers });
  const dial = (port: number, { workers = 1, peer = PEER as PeerKey } = {}) => {
    dialAt(`ws://127.0.0.1:${port}/`, `key of ${port}`, workers, peer);
    return sockets.at(-1)!;
  };
  /** Dials, and the cluster answers. */
  const link = (port: number, workers = 1) => {
    const socket = dial(port, { workers });
    socket.events.open();
    socket.say(HELLO);
    return socket;
  };
  return { clock, links, sockets, told, dial, dialAt, link };
}

Deno.test("WorkerLinks dials with the secret and the worker's number, and welcomes who listens", () => {
  const { told, dial } = setUp();
  const socket = dial(8001);
  assert.equal(socket.url, "ws://127.0.0.1:8001/");
  assert.deepEqual(socket.headers, { authorization: "key of 8001", "gatehouse-worker": "3" });
  assert.deepEqual(setUp("left").dial(8001).headers, {
    authorization: "key of 8001",
    "gatehouse-worker": "3",
    "gatehouse-unit": "left",
  });
  socket.events.open();
  assert.deepEqual([socket.sent, told], [[], []]);
  socket.say(HELLO);
  assert.deepEqual(socket.sent.map((text) => JSON.parse(text)), [
    { op: "welcome", v: EVENT_LINK_VERSION, link: 1, totalShards: 4, stream: "a" },
  ]);
  assert.deepEqual(told, ["queue: cluster 1 1 1001", "linked: cluster 1 true"]);
});

Deno.test("WorkerLinks gives a cluster this worker's share of its credit", () => {
  const { told, link } = setUp();
  link(8001, 4);
  assert.equal(told[0], "queue: cluster 1 1 251");
});

Deno.test("WorkerLinks refuses who answers at the address and is somebody else", () => {
  const { told, dial } = setUp();
  const socket = dial(8001);
  socket.events.open();
  socket.say({ ...HELLO, clusterId: 0 });
  assert.deepEqual([socket.closes, told], [[LINK_CLOSE.UNKNOWN_CLUSTER], []]);
});

Deno.test("WorkerLinks brings a batch over the socket, and says where it has none", () => {
  const { links, link } = setUp();
  const batch = Uint8Array.of(1, 2);
  assert.equal(links.deliver(PEER, 1, batch), false);
  const socket = link(8001);
  assert.equal(links.deliver(PEER, 1, batch), true);
  assert.equal(links.deliver(PEER, 9, batch), true, "a stale one is nobody else's business either");
  assert.equal(links.deliver(cluster(0), 1, batch), false);
  assert.deepEqual(socket.sentBytes, [batch]);
});

Deno.test("WorkerLinks hands acknowledgements to the queue", () => {
  const { told, link } = setUp();
  link(8001).say({ op: "ack", totalShards: 4, cursors: { 2: 7 } });
  assert.equal(told.at(-1), 'queue: cluster 1 ack 1 {"2":7}');
});

Deno.test("WorkerLinks takes no acknowledgement of a shard of another total for its own", () => {
  const { told, link } = setUp();
  const socket = link(8001);
  const before = [...told];
  socket.say({ op: "ack", totalShards: 8, cursors: { 2: 7 } });
  assert.deepEqual(told, before);
});

Deno.test("WorkerLinks dials again when a link is lost, and the events wait meanwhile", async () => {
  const { clock, sockets, told, link } = setUp();
  link(8001).events.closed(1006, "");
  assert.deepEqual(told.slice(2), ["queue: cluster 1 null 1001", "linked: cluster 1 false"]);
  await clock.advance(250);
  assert.equal(sockets.length, 2);
  sockets[1]!.events.open();
  sockets[1]!.say(HELLO);
  assert.deepEqual(told.slice(4), ["queue: cluster 1 2 1001", "linked: cluster 1 true"]);
});

Deno.test("WorkerLinks that hangs up ends the link and dials no more", async () => {
  const { clock, links, sockets, told, dial, link } = setUp();
  const socket = link(8001);
  links.hangUp(PEER);
  assert.equal(socket.destroyed, true);
  assert.deepEqual(told.slice(2), ["queue: cluster 1 null 1001", "linked: cluster 1 false"]);
  links.hangUp(PEER);
  const waits = dial(8002);
  waits.events.failed("refused");
  links.hangUp(PEER);
  await clock.advance(60_000);
  assert.deepEqual([sockets.length, told.length], [2, 4]);
});

Deno.test("WorkerLinks dials a cluster's new address and leaves the old one", async () => {
  const { clock, links, sockets, told, link } = setUp();
  const before = link(8001, 2);
  const after = link(8002);
  assert.equal(before.destroyed, true);
  assert.deepEqual(told, [
    "queue: cluster 1 1 501",
    "linked: cluster 1 true",
    "queue: cluster 1 null 501",
    "linked: cluster 1 false",
    "queue: cluster 1 2 1001",
    "linked: cluster 1 true",
  ]);
  await clock.advance(60_000);
  links.deliver(PEER, 2, Uint8Array.of(7));
  assert.deepEqual([sockets.length, before.sentBytes, after.sentBytes], [2, [], [
    Uint8Array.of(7),
  ]]);
});

Deno.test("WorkerLinks keeps clusters apart", () => {
  const { links, told, dial, link } = setUp();
  const one = link(8001);
  const other = dial(8002, { peer: cluster(0) });
  other.events.open();
  other.say({ ...HELLO, clusterId: 0 });
  links.hangUp(cluster(0));
  assert.deepEqual([one.destroyed, other.destroyed], [false, true]);
  assert.equal(told.at(-1), "linked: cluster 0 false");
  assert.equal(links.deliver(PEER, 1, Uint8Array.of(1)), true);
});

Deno.test("WorkerLinks says goodbye first, takes what is acknowledged then, and ends at last", async () => {
  const { clock, links, sockets, told, link } = setUp();
  const socket = link(8001);
  links.bye();
  assert.deepEqual(JSON.parse(socket.sent.at(-1)!), { op: "bye", reason: "the worker stops" });
  assert.deepEqual([socket.closes, socket.destroyed], [[], false]);
  socket.say({ op: "ack", totalShards: 4, cursors: { 2: 9 } });
  assert.equal(told.at(-1), 'queue: cluster 1 ack 1 {"2":9}');
  links.stop();
  assert.deepEqual(socket.closes, [LINK_CLOSE.GOING_AWAY]);
  await clock.advance(60_000);
  assert.equal(sockets.length, 1);
});

Deno.test("WorkerLinks POSTs to a cluster of http, says who it is, and whether an answer is waited for", async () => {
  const answer = Promise.withResolvers<void>();
  const posted: PostRequest[] = [];
  const { links, told, dialAt } = setUp("left", async (request) => {
    posted.push(request);
    await answer.promise;
    return { status: 204, retryAfter: null, text: "" };
  });
  assert.equal(links.isPosting, false);
  dialAt("https://bot.test/in");
  assert.equal(links.isPosting, true);
  const { url, headers } = posted[0]!;
  assert.deepEqual(
    [url, headers["gatehouse-worker"], headers["gatehouse-unit"], headers.authorization],
    ["https://bot.test/in", "3", "left", undefined],
  );
  assert.deepEqual(told, []);
  let isOver = false;
  const bye = links.bye().then(() => isOver = true);
  await Promise.resolve();
  assert.equal(isOver, false);
  answer.resolve();
  await bye;
  assert.equal(links.isPosting, false);
  links.stop();
});
