import assert from "node:assert/strict";
import { callOut } from "../../link/call_out.ts";
import type { LinkSocket } from "../../link/links.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import { logTo } from "../../ports/log.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { fakeSockets } from "../support/fake_sockets.ts";
import { cluster } from "../support/peers.ts";

function setUp(secretKey: string | null = "the-secret", worker?: number, unit?: string) {
  const clock = createVirtualClock();
  const { connect, sockets } = fakeSockets();
  const lines: string[] = [];
  const accepted: { socket: LinkSocket; peer: PeerKey | undefined }[] = [];
  const heard: string[] = [];
  const call = callOut({
    peer: cluster(4),
    url: "wss://user:pass@bot.test/events?key=hidden",
    secretKey,
    ...(worker !== undefined && { worker }),
    ...(unit !== undefined && { unit }),
    posts: { waitMs: 0, answerMs: 10_000 },
    links: {
      stream: "a",
      acknowledge() {},
      accept(socket, peer) {
        accepted.push({ socket, peer });
        return { text: (text) => heard.push(text), closed: () => heard.push("closed") };
      },
    },
    connect,
    clock,
    random: () => 1,
    log: logTo((_, event, fields) => lines.push(`${event} ${JSON.stringify(fields)}`)),
  });
  return { clock, sockets, lines, accepted, heard, end: call.hangUp };
}

Deno.test("callOut() dials with the secret, and without one where there is none", () => {
  assert.deepEqual(setUp().sockets[0]!.headers, { authorization: "the-secret" });
  assert.deepEqual(setUp(null).sockets[0]!.headers, {});
});

Deno.test("callOut() says which worker dials, also the first", () => {
  assert.deepEqual(setUp("key", 0).sockets[0]!.headers, {
    authorization: "key",
    "gatehouse-worker": "0",
  });
  assert.deepEqual(setUp(null, 12).sockets[0]!.headers, { "gatehouse-worker": "12" });
});

Deno.test("callOut() says which unit dials, where that has a name", () => {
  assert.deepEqual(setUp(null, 1, "left").sockets[0]!.headers, {
    "gatehouse-worker": "1",
    "gatehouse-unit": "left",
  });
});

Deno.test("callOut() gives an open socket to the links, as the cluster that it dialled", () => {
  const { sockets: [socket], accepted, heard } = setUp();
  assert.equal(accepted.length, 0);
  socket!.events.open();
  assert.deepEqual(accepted[0]!.peer, cluster(4));
  socket!.say({ op: "hello" });
  assert.deepEqual(heard, ['{"op":"hello"}']);
  const link = accepted[0]!.socket;
  link.send("welcome");
  link.sendBytes(Uint8Array.of(1));
  link.close(4409, "taken over");
  assert.deepEqual([socket!.sent, socket!.sentBytes, socket!.closes], [
    ["welcome"],
    [Uint8Array.of(1)],
    [4409],
  ]);
});

Deno.test("callOut() dials again for ever, with growing delays", async () => {
  const { clock, sockets } = setUp();
  for (const delayMs of [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]) {
    const dialled = sockets.length;
    sockets.at(-1)!.events.failed("refused");
    await clock.advance(delayMs - 1);
    assert.equal(sockets.length, dialled);
    await clock.advance(1);
    assert.equal(sockets.length, dialled + 1);
  }
});

Deno.test("callOut() tells the links that one is lost, and hands it the next one", async () => {
  const { clock, sockets, accepted, heard } = setUp();
  sockets[0]!.events.open();
  sockets[0]!.events.closed(1006, "");
  assert.deepEqual(heard, ["closed"]);
  await clock.advance(250);
  sockets[1]!.events.open();
  assert.equal(accepted.length, 2);
  accepted[1]!.socket.send("to the new one");
  assert.deepEqual([sockets[0]!.sent, sockets[1]!.sent], [[], ["to the new one"]]);
});

Deno.test("callOut() gives up on a peer that takes the connection and says nothing", async () => {
  const { clock, sockets, lines } = setUp();
  await clock.advance(10_000);
  assert.equal(sockets[0]!.destroyed, true);
  assert.match(lines[0]!, /no connection after 10000 ms/);
  await clock.advance(250);
  assert.equal(sockets.length, 2);
  sockets[1]!.events.open();
  await clock.advance(60_000);
  assert.equal(sockets[1]!.destroyed, false);
});

Deno.test("callOut() backs off from a peer that hangs up at once, not after a link that lasted", async () => {
  const { clock, sockets } = setUp();
  for (const delayMs of [250, 500, 1000]) {
    sockets.at(-1)!.events.open();
    sockets.at(-1)!.events.closed(4406, "other version");
    const dialled = sockets.length;
    await clock.advance(delayMs - 1);
    assert.equal(sockets.length, dialled);
    await clock.advance(1);
  }
  sockets.at(-1)!.events.open();
  await clock.advance(60_000);
  sockets.at(-1)!.events.closed(1006, "");
  await clock.advance(250);
  assert.equal(sockets.length, 5);
});

Deno.test("callOut() says why a cluster cannot be reached, and nothing that is secret", () => {
  const { sockets: [socket], lines } = setUp();
  socket!.events.open();
  socket!.events.closed(4401, "wrong key");
  assert.match(lines[0]!, /"clusterId":4,"url":"wss:\/\/bot\.test\/events".*4401: wrong key/);
  for (const secret of ["the-secret", "pass", "hidden"]) assert.ok(!lines[0]!.includes(secret));
});

Deno.test("what ends callOut() destroys the socket and dials no more", async () => {
  const open = setUp();
  open.sockets[0]!.events.open();
  open.end();
  assert.equal(open.sockets[0]!.destroyed, true);
  const waits = setUp();
  waits.sockets[0]!.events.failed("refused");
  waits.end();
  for (const { clock, sockets } of [open, waits]) {
    await clock.advance(60_000);
    assert.equal(sockets.length, 1);
  }
});
