import assert from "node:assert/strict";
import { FramedSocket } from "../../../ports/websocket/framed_socket.ts";
import { watchSilence } from "../../../ports/websocket/silence.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

/** A socket of a server that is watched; what it writes, and how it ended. */
function watched() {
  const clock = createVirtualClock();
  const written: number[][] = [];
  const ended: unknown[] = [];
  const stream = {
    write(bytes: Uint8Array, taken: () => void) {
      written.push([...bytes]);
      taken();
    },
    destroy() {},
  };
  const events = {
    message() {},
    closed: (code: number, why: string) => void ended.push([code, why]),
  };
  const options = { end: "server", clock, maxMessageBytes: 100 } as const;
  const socket = new FramedSocket(stream, () => events, options);
  return { clock, written, ended, watch: watchSilence(clock, socket, 1_000) };
}

const PING = [0x89, 0];

Deno.test("watchSilence() pings a silent peer, and ends it when that brings nothing", async () => {
  const { clock, written, ended } = watched();
  await clock.advance(2_000);
  assert.deepEqual([written, ended], [[PING], []]);
  await clock.advance(1_000);
  assert.deepEqual(ended, [[1006, "silent for 2000 ms"]]);
});

Deno.test("watchSilence() leaves a peer alone that says something", async () => {
  const { clock, written, ended, watch } = watched();
  for (let i = 0; i < 10; i++) {
    await clock.advance(600);
    watch.heard();
  }
  assert.deepEqual([written, ended], [[], []]);
});

Deno.test("watchSilence() asks again after each answer, and stops when it is told to", async () => {
  const { clock, written, ended, watch } = watched();
  for (let i = 0; i < 3; i++) {
    await clock.advance(2_000);
    watch.heard();
  }
  assert.ok(written.length >= 2);
  watch.stop();
  const { length } = written;
  await clock.advance(10_000);
  assert.deepEqual([written.length, ended], [length, []]);
});
