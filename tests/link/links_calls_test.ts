/** Calls over event links: who may call, and whose words count. */

import assert from "node:assert/strict";
import { type CallDesk, Hub } from "../../link/hub.ts";
import { logTo, silentLog } from "../../ports/log.ts";
import { EVENT_LINK_VERSION, LINK_CLOSE } from "../../protocol/event_frame.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

const HELLO = { op: "hello", v: EVENT_LINK_VERSION, clusterId: 0, windowBytes: 1000 };
const CALL = { op: "call", id: 1, verb: "command", receptive: true, value: { json: 1 } };
const REPLY = { op: "reply", id: 1, value: { json: 1 } };

function setUp(withCalls = true) {
  const told: unknown[] = [];
  const peers: Parameters<CallDesk["up"]>[0][] = [];
  const calls: CallDesk = {
    up(peer) {
      peers.push(peer);
      told.push(["up", peer.id, peer.values]);
    },
    down: (id, reason) => void told.push(["down", id, reason]),
    receive: (id, message) => void told.push(["receive", id, message]),
  };
  const hub = new Hub({
    clock: createVirtualClock(),
    log: silentLog,
    totalShards: 4,
    stream: "stream-1",
    clusterIds: [0, 1],
    ...(withCalls && { calls }),
    link: (clusterId, link) => void told.push(["link", clusterId, link]),
    acknowledged() {},
  });
  const dial = () => {
    const sent: unknown[] = [];
    const closes: string[] = [];
    const events = hub.accept({
      send: (text) => sent.push(JSON.parse(text)),
      sendBytes() {},
      close: (code, reason) => closes.push(`${code} ${reason}`),
    });
    const say = (message: unknown) => events.text(JSON.stringify(message));
    return { sent, closes, say, ...events };
  };
  return { hub, told, peers, dial };
}

Deno.test("Hub tells the desk of each link what values it takes", () => {
  for (const values of ["json", "clone", undefined]) {
    const { told, dial } = setUp();
    dial().say({ ...HELLO, values });
    assert.deepEqual(told, [["link", 0, 1], ["up", 0, values ?? null]]);
  }
});

Deno.test("Hub closes a link that takes values of another kind, and says which there are", () => {
  const { told, dial } = setUp();
  const { say, closes } = dial();
  say({ ...HELLO, values: "xml" });
  assert.match(closes[0]!, /^4400 .*has values "xml", expected json, clone or none/);
  assert.deepEqual(told, []);
});

Deno.test("Hub welcomes before the desk can say anything, and sends what it says as text", () => {
  const { peers, dial } = setUp();
  const { say, sent } = dial();
  say({ ...HELLO, values: "json" });
  peers[0]!.send(CALL as never);
  assert.deepEqual(sent.map((it) => (it as { op: string }).op), ["welcome", "call"]);
  assert.deepEqual(sent[1], CALL);
});

Deno.test("Hub passes calls and replies on with the number of the cluster", () => {
  const { told, dial } = setUp();
  const { say, closes } = dial();
  say({ ...HELLO, clusterId: 1, values: "json" });
  told.length = 0;
  say(CALL);
  say(REPLY);
  assert.deepEqual(told, [["receive", 1, CALL], ["receive", 1, REPLY]]);
  assert.deepEqual(closes, []);
});

Deno.test("Hub closes on a call before hello, and on one that it cannot read", () => {
  const { told, dial } = setUp();
  const early = dial();
  early.say(CALL);
  assert.deepEqual(early.closes, [`${LINK_CLOSE.BAD_MESSAGE} call has no place here`]);
  const linked = dial();
  linked.say({ ...HELLO, values: "json" });
  told.length = 0;
  linked.say({ ...CALL, value: 1 });
  assert.match(linked.closes[0]!, /^4400 .*has no value of the form/);
  assert.deepEqual(told, []);
});

Deno.test("Hub tells the desk of the end of a link, and why", () => {
  const { told, dial, hub } = setUp();
  const first = dial();
  first.say({ ...HELLO, values: "json" });
  told.length = 0;
  first.closed();
  assert.deepEqual(told, [["link", 0, null], ["down", 0, "its link is down"]]);
  const second = dial();
  second.say({ ...HELLO, values: "json" });
  told.length = 0;
  hub.stop("the unit stops");
  second.closed();
  assert.deepEqual(told, [["down", 0, "the unit stops"]]);
});

Deno.test("Hub does not listen to a link that was taken over, nor tell of its end", () => {
  const { told, dial } = setUp();
  const [older, newer] = [dial(), dial()];
  older.say({ ...HELLO, values: "json" });
  newer.say({ ...HELLO, values: "clone" });
  told.length = 0;
  older.say(CALL);
  older.say(REPLY);
  older.closed();
  assert.deepEqual(told, []);
  newer.say(REPLY);
  assert.deepEqual(told, [["receive", 0, REPLY]]);
});

Deno.test("Hub without a desk drops calls, and keeps the link", () => {
  const { told, dial } = setUp(false);
  const { say, closes } = dial();
  say({ ...HELLO, values: "json" });
  say(CALL);
  say(REPLY);
  assert.deepEqual([told, closes], [[["link", 0, 1]], []]);
});

/** The log of a hub with cluster 0 and service `api`, which come and go. */
function logOf(end: (hub: Hub) => void): unknown[] {
  const lines: unknown[] = [];
  const hub = new Hub({
    clock: createVirtualClock(),
    log: logTo((...line) => lines.push(line)),
    totalShards: 4,
    stream: "stream-1",
    clusterIds: [0, 500_000],
    calls: {
      up() {},
      down() {},
      receive() {},
      serviceOf: (id) => id === 500_000 ? "api" : null,
    },
    link() {},
    acknowledged() {},
  });
  const links = [0, 500_000].map((clusterId) => {
    const events = hub.accept({ send() {}, sendBytes() {}, close() {} });
    events.text(JSON.stringify({ ...HELLO, clusterId }));
    return events;
  });
  end(hub);
  for (const { closed } of links) closed();
  return lines;
}

const LINKED = [
  ["info", "cluster is linked", { clusterId: 0, link: 1 }],
  ["info", "service is linked", { service: "api", link: 2 }],
];

Deno.test("Hub calls a service by its name in the log, and a cluster by its number", () => {
  assert.deepEqual(logOf(() => {}), [
    ...LINKED,
    ["warn", "cluster is away, its events wait", { clusterId: 0 }],
    ["warn", "service is away, commands to it fail", { service: "api" }],
  ]);
});

Deno.test("Hub warns of nobody who goes because the unit stops", () => {
  assert.deepEqual(logOf((hub) => hub.ending()), LINKED);
});
