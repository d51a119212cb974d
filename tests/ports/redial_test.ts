import assert from "node:assert/strict";
import { type Line, redial, redialDelayMs } from "../../ports/redial.ts";
import type { Socket } from "../../ports/socket.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { fakeSockets } from "../support/fake_sockets.ts";

/** How two ends of the event link dial, is in their tests: `callOut()` and `dialEvents()`. */
function setUp(batch?: (bytes: Uint8Array) => void) {
  const clock = createVirtualClock();
  const { connect, sockets } = fakeSockets();
  const lost: unknown[] = [];
  const heard: string[] = [];
  const attached: Pick<Socket, "send" | "sendBytes" | "close">[] = [];
  const hangUp = redial<Line>({
    url: "ws://far.test",
    headers: {},
    connect,
    clock,
    random: () => 1,
    attach(socket) {
      attached.push(socket);
      return {
        text: (text) => heard.push(text),
        closed: () => heard.push("closed"),
        ...(batch && { batch }),
      };
    },
    isUp: (line) => line !== undefined,
    didWork: () => false,
    lost: (...what) => lost.push(what),
  });
  return { clock, sockets, lost, heard, attached, hangUp };
}

Deno.test("redialDelayMs() keeps at least half of the delay", () => {
  assert.equal(redialDelayMs(1, () => 0), 125);
  assert.equal(redialDelayMs(99, () => 0), 5000);
});

Deno.test("redial() takes bytes for text where nobody takes bytes", () => {
  const bytes = new TextEncoder().encode("{}");
  const batches: Uint8Array[] = [];
  for (const batch of [undefined, (bytes: Uint8Array) => void batches.push(bytes)]) {
    const { sockets: [socket], heard } = setUp(batch);
    socket!.events.open();
    socket!.events.message(bytes, true);
    socket!.events.message(bytes, false);
    assert.deepEqual(heard, batch ? ["{}"] : ["{}", "{}"]);
  }
  assert.deepEqual(batches, [bytes]);
});

Deno.test("redial() waits 2 s for the answer to a close, then dials again", async () => {
  const { clock, sockets, lost, heard, attached } = setUp();
  sockets[0]!.events.open();
  attached[0]!.close(4400, "enough");
  await clock.advance(1_999);
  assert.deepEqual([lost, sockets[0]!.destroyed], [[], false]);
  await clock.advance(1);
  assert.deepEqual(lost, [["we closed: enough", 250, null]]);
  assert.deepEqual([sockets[0]!.closes, sockets[0]!.destroyed], [[4400], true]);
  assert.deepEqual(heard, ["closed"]);
  // Who still holds the old one does not end the new one.
  await clock.advance(250);
  attached[0]!.close(4400, "again");
  sockets[1]!.events.open();
  await clock.advance(60_000);
  assert.deepEqual([sockets.length, sockets[1]!.destroyed, lost.length], [2, false, 1]);
});

Deno.test("what hangs up waits for no connection that is not there, and nothing is lost", async () => {
  const { clock, sockets, lost, hangUp } = setUp();
  sockets[0]!.events.failed("refused");
  await hangUp({ code: 4901, reason: "bye" });
  await clock.advance(60_000);
  assert.deepEqual([sockets.length, sockets[0]!.closes, lost.length], [1, [], 1]);
  const open = setUp();
  open.sockets[0]!.events.open();
  const over = open.hangUp({ code: 4901, reason: "bye" });
  open.sockets[0]!.events.closed(4901, "");
  await over;
  await open.clock.advance(60_000);
  assert.deepEqual([open.sockets.length, open.heard, open.lost], [1, ["closed"], []]);
});
