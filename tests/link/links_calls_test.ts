/** Calls over event links: who may call, and whose words count. */

import assert from "node:assert/strict";
import { type CallDesk, Links } from "../../link/links.ts";
import { EVENT_LINK_VERSION, LINK_CLOSE } from "../../protocol/event_frame.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { peerText } from "../../protocol/peer.ts";
import { cluster } from "../support/peers.ts";

const HELLO = { op: "hello", v: EVENT_LINK_VERSION, clusterId: 0, windowBytes: 1000 };
const CALL = { op: "call", id: 1, verb: "command", receptive: true, value: { json: 1 } };
const REPLY = { op: "reply", id: 1, value: { json: 1 } };

function setUp(withCalls = true) {
  const told: unknown[] = [];
  const peers: Parameters<CallDesk["up"]>[0][] = [];
  const calls: CallDesk = {
    up(peer) {
      peers.push(peer);
      told.push(["up", peerText(peer.peer), peer.values]);
    },
    down: (peer, reason) => void told.push(["down", peerText(peer), reason]),
    receive: (peer, message) => void told.push(["receive", peerText(peer), message]),
  };
  const links = new Links({
    clock: createVirtualClock(),
    totalShards: 4,
    stream: "stream-1",
    peers: () => [cluster(0), cluster(1)],
    ...(withCalls && { calls }),
    link: (peer, link) => void told.push(["link", peerText(peer), link]),
    acknowledged() {},
  });
  const dial = () => {
    const sent: unknown[] = [];
    const closes: string[] = [];
    const events = links.accept({
      send: (text) => sent.push(JSON.parse(text)),
      sendBytes() {},
      close: (code, reason) => closes.push(`${code} ${reason}`),
    });
    const say = (message: unknown) => events.text(JSON.stringify(message));
    return { sent, closes, say, ...events };
  };
  return { links, told, peers, dial };
}

Deno.test("Links tells the desk of each link what values it takes", () => {
  for (const values of ["json", "clone", undefined]) {
    const { told, dial } = setUp();
    dial().say({ ...HELLO, values });
    assert.deepEqual(told, [["link", "cluster 0", 1], ["up", "cluster 0", values ?? null]]);
  }
});

Deno.test("Links closes a link that takes values of another kind, and says which there are", () => {
  const { told, dial } = setUp();
  const { say, closes } = dial();
  say({ ...HELLO, values: "xml" });
  assert.match(closes[0]!, /^4400 .*has values "xml", expected json, clone or none/);
  assert.deepEqual(told, []);
});

Deno.test("Links welcomes before the desk can say anything, and sends what it says as text", () => {
  const { peers, dial } = setUp();
  const { say, sent } = dial();
  say({ ...HELLO, values: "json" });
  peers[0]!.send(CALL as never);
  assert.deepEqual(sent.map((it) => (it as { op: string }).op), ["welcome", "call"]);
  assert.deepEqual(sent[1], CALL);
});

Deno.test("Links passes calls and replies on with whose they are", () => {
  const { told, dial } = setUp();
  const { say, closes } = dial();
  say({ ...HELLO, clusterId: 1, values: "json" });
  told.length = 0;
  say(CALL);
  say(REPLY);
  assert.deepEqual(told, [["receive", "cluster 1", CALL], ["receive", "cluster 1", REPLY]]);
  assert.deepEqual(closes, []);
});

Deno.test("Links closes on a call before hello, and on one that it cannot read", () => {
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

Deno.test("Links tells the desk of the end of a link, and why", () => {
  const { told, dial, links } = setUp();
  const first = dial();
  first.say({ ...HELLO, values: "json" });
  told.length = 0;
  first.closed();
  assert.deepEqual(told, [["link", "cluster 0", null], ["down", "cluster 0", "its link is down"]]);
  const second = dial();
  second.say({ ...HELLO, values: "json" });
  told.length = 0;
  links.stop("the unit stops");
  second.closed();
  assert.deepEqual(told, [["down", "cluster 0", "the unit stops"]]);
});

Deno.test("Links does not listen to a link that was taken over, nor tell of its end", () => {
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
  assert.deepEqual(told, [["receive", "cluster 0", REPLY]]);
});

Deno.test("Links without a desk drops calls, and keeps the link", () => {
  const { told, dial } = setUp(false);
  const { say, closes } = dial();
  say({ ...HELLO, values: "json" });
  say(CALL);
  say(REPLY);
  assert.deepEqual([told, closes], [[["link", "cluster 0", 1]], []]);
});
