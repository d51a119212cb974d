import assert from "node:assert/strict";
import { Connection } from "../../gateway/connection.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { fakeSockets } from "../support/fake_sockets.ts";

Deno.test("Connection answers a flood of op 1 within the send limit, and the last one in the end", async () => {
  const clock = createVirtualClock();
  const { connect, sockets } = fakeSockets();
  const nothing = () => {};
  const events = { input: nothing, note: nothing, dispatch: nothing, answered: nothing };
  new Connection("wss://gateway.test", "none", { clock, connect, random: () => 0.5 }, {
    ...events,
    lastSeq: () => 7,
    due: (send) => send(),
  });
  const socket = sockets[0]!;
  const [op1, ack] = [OP.HEARTBEAT, OP.HEARTBEAT_ACK].map((op) => ({
    t: null,
    s: null,
    op,
    d: null,
  }));
  const hello = { ...op1, op: OP.HELLO, d: { heartbeat_interval: 40_000 } };
  const beats = () => socket.sent.filter((text) => JSON.parse(text).op === OP.HEARTBEAT).length;
  socket.say(op1);
  assert.equal(beats(), 0, "nobody beats before HELLO");
  socket.say(hello);
  socket.say(op1);
  assert.equal(beats(), 1);
  for (let i = 0; i < 500; i++) socket.say(op1);
  assert.ok(beats() > 100 && beats() < 120, `${beats()} heartbeats at once`);
  const before = beats();
  await clock.advance(19_000);
  assert.equal(beats(), before);
  socket.say(ack);
  await clock.advance(41_000);
  // One of its own, and one for all that were asked for.
  assert.equal(beats(), before + 2);
});
