import assert from "node:assert/strict";
import { acknowledged, beat, type Heartbeat, newHeartbeat } from "../../gateway/heartbeat.ts";

/** Beats, and says that the connection is well. */
function wellBeat(heartbeat: Heartbeat, nowMs: number): Heartbeat {
  const next = beat(heartbeat, nowMs);
  assert.notEqual(next, "zombie");
  return next as Heartbeat;
}

function heard(heartbeat: Heartbeat): Heartbeat {
  return { ...heartbeat, heard: true };
}

Deno.test("beat() goes on for as long as each beat is answered", () => {
  let heartbeat = newHeartbeat(41_250);
  for (let i = 1; i <= 20; i++) {
    heartbeat = acknowledged(wellBeat(heartbeat, i * 41_250), i * 41_250 + 30);
  }
  assert.equal(heartbeat.unanswered, 0);
  assert.equal(heartbeat.intervalMs, 41_250);
});

Deno.test("beat() calls a connection dead when a beat was met with silence", () => {
  const silent = wellBeat(newHeartbeat(1000), 500);
  assert.equal(beat(silent, 1500), "zombie");
});

Deno.test("beat() waits for an ACK behind a flood of events, but for three beats only", () => {
  let heartbeat = newHeartbeat(1000);
  for (const nowMs of [1000, 2000, 3000]) heartbeat = heard(wellBeat(heartbeat, nowMs));
  assert.equal(heartbeat.unanswered, 3);
  assert.equal(beat(heartbeat, 4000), "zombie");
});

Deno.test("beat() calls a connection dead at the first silence, whatever came before", () => {
  const flooded = heard(wellBeat(newHeartbeat(1000), 1000));
  const silent = wellBeat(flooded, 2000);
  assert.equal(beat(silent, 3000), "zombie");
});

Deno.test("acknowledged() forgives every beat before it", () => {
  let heartbeat = newHeartbeat(1000);
  for (const nowMs of [1000, 2000, 3000]) heartbeat = heard(wellBeat(heartbeat, nowMs));
  heartbeat = acknowledged(heartbeat, 3001);
  assert.equal(wellBeat(heartbeat, 4000).unanswered, 1);
});

Deno.test("acknowledged() measures the round trip of the last beat", () => {
  const first = acknowledged(wellBeat(newHeartbeat(1000), 100), 142);
  assert.equal(first.latencyMs, 42);
  const second = wellBeat(first, 1100);
  assert.equal(second.latencyMs, 42, "the latency stands until the next ACK");
  assert.equal(acknowledged(second, 1107).latencyMs, 7);
});

Deno.test("acknowledged() measures nothing by an ACK that nobody asked for", () => {
  assert.equal(acknowledged(newHeartbeat(1000), 50).latencyMs, null);
  const answered = acknowledged(wellBeat(newHeartbeat(1000), 100), 142);
  assert.equal(acknowledged(answered, 900).latencyMs, 42);
});

Deno.test("a ledger is replaced, never changed", () => {
  const ledger = Object.freeze(newHeartbeat(1000));
  const sent = Object.freeze(wellBeat(ledger, 1));
  acknowledged(sent, 2);
  assert.deepEqual(ledger, {
    intervalMs: 1000,
    sentMs: null,
    unanswered: 0,
    heard: true,
    latencyMs: null,
  });
});
