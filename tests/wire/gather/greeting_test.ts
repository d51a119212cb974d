/** Connections to gateways that greet, or do not. */

import assert from "node:assert/strict";
import { greeting } from "../../../app/doctor/gather/greeting.ts";
import { seededRandom } from "../../../ports/random.ts";
import type { SocketEvents } from "../../../ports/socket.ts";
import { createVirtualClock } from "../../../sim/mod.ts";

/** A gateway in virtual time that does what a test says, and what it heard. */
function gateway(does: (events: SocketEvents) => void) {
  const clock = createVirtualClock();
  const heard: string[] = [];
  const connect = (url: string, events: SocketEvents) => {
    heard.push(url);
    clock.after(5, () => does(events));
    return {
      send: (text: string) => void heard.push(text),
      sendBytes() {},
      close: (code: number) => void heard.push(`close ${code}`),
      destroy() {},
      pause() {},
      bufferedBytes: 0,
    };
  };
  const asked = greeting("wss://gateway.test/", "none", {
    clock,
    random: seededRandom(1),
    connect,
  });
  return { asked, clock, heard };
}

const HELLO = new TextEncoder().encode('{"op":10,"d":{"heartbeat_interval":41250}}');

Deno.test("a gateway that greets is left at once; it is told nothing", async () => {
  const { asked, clock, heard } = gateway((events) => {
    events.open();
    events.message(HELLO, true);
  });
  await clock.advance(10);
  assert.deepEqual(await asked, { is: { host: "gateway.test", tookMs: 5, compression: "none" } });
  assert.deepEqual(heard.slice(1), ["close 1000"]);
});

const FAILURES: Readonly<Record<string, [does: (events: SocketEvents) => void, told: RegExp]>> = {
  "cannot be reached": [
    (events) => events.failed("no way"),
    /^gateway\.test cannot be reached: no way$/,
  ],
  "closes at once": [
    (events) => {
      events.open();
      events.closed(4000, "");
    },
    /closed with 4000 before its HELLO/,
  ],
  "says nothing": [(events) => events.open(), /said no HELLO within 10 s/],
  "does not answer": [() => {}, /could not be reached within 10 s/],
  "says what is no JSON": [
    (events) => {
      events.open();
      events.message(new TextEncoder().encode("<html>"), true);
    },
    /says what cannot be read/,
  ],
};

for (const [what, [does, expected]] of Object.entries(FAILURES)) {
  Deno.test(`a gateway that ${what} is told`, async () => {
    const { asked, clock } = gateway(does);
    await clock.advance(11_000);
    assert.match((await asked as { failed: string }).failed, expected);
  });
}
