import assert from "node:assert/strict";
import {
  ASK_EVERY_MS,
  ASK_SOON_MS,
  ASKS_IN_A_ROW,
  Beats,
  HEARTBEAT_PATIENCE_MS,
} from "../../downstream/beats.ts";
import { createVirtualClock } from "../../sim/mod.ts";

function beats(windowBytes = 16 * 1024 * 1024) {
  const clock = createVirtualClock();
  const told: string[] = [];
  const options = {
    clock,
    intervalMs: 10_000,
    windowBytes,
    ask: () => void told.push("ask"),
    silent: () => void told.push("silent"),
  };
  return { clock, told, beats: new Beats(options) };
}

Deno.test("Beats tells of silence once the interval and our patience are over", async () => {
  const { clock, told } = beats();
  await clock.advance(10_000 + HEARTBEAT_PATIENCE_MS - 1);
  assert.deepEqual(told, []);
  await clock.advance(1);
  assert.deepEqual(told, ["silent"]);
});

Deno.test("Beats waits anew after each heartbeat, and not at all once stopped", async () => {
  const { clock, told, beats: them } = beats();
  await clock.advance(40_000);
  them.beat();
  await clock.advance(44_999);
  assert.deepEqual(told, []);
  them.stop();
  await clock.advance(60_000);
  assert.deepEqual(told, []);
});

Deno.test("Beats asks for a heartbeat soon after the first event, and knows the answer", async () => {
  const { clock, told, beats: them } = beats();
  await clock.advance(5_000);
  them.sent(1);
  assert.deepEqual(told, []);
  await clock.advance(ASK_SOON_MS - 1);
  them.sent(1);
  assert.equal(them.beat(), false);
  assert.deepEqual(told, []);
  await clock.advance(1);
  assert.deepEqual(told, ["ask"], "those that came together are asked for together");
  assert.equal(them.beat(), true);
  assert.equal(them.beat(), false);
  await clock.advance(30_000);
  assert.deepEqual(told, ["ask"], "there is nothing to ask for");
});

Deno.test("Beats asks no more than once a second, yet asks even when nothing more is sent", async () => {
  const { clock, told, beats: them } = beats();
  them.sent(1);
  await clock.advance(ASK_SOON_MS);
  them.beat();
  await clock.advance(300);
  them.sent(1);
  await clock.advance(ASK_EVERY_MS - 301);
  assert.deepEqual(told, ["ask"]);
  await clock.advance(1);
  assert.deepEqual(told, ["ask", "ask"]);
});

Deno.test("Beats asks again for what was sent after the question", async () => {
  const { clock, told, beats: them } = beats();
  them.sent(1);
  await clock.advance(ASK_SOON_MS);
  them.sent(1);
  them.beat();
  await clock.advance(ASK_EVERY_MS);
  assert.deepEqual(told, ["ask", "ask"]);
});

Deno.test("Beats asks at once when it is told to", async () => {
  const { clock, told, beats: them } = beats();
  them.sent(1);
  them.ask();
  them.ask();
  assert.deepEqual(told, ["ask", "ask"]);
  assert.equal(them.beat(), true);
  await clock.advance(5_000);
  assert.deepEqual(told, ["ask", "ask"]);
});

Deno.test("Beats asks at once when half of the window is used, and oftener while it is", async () => {
  const { clock, told, beats: them } = beats(1_000);
  them.sent(499);
  assert.deepEqual(told, []);
  them.sent(1);
  assert.deepEqual(told, ["ask"]);
  for (let beat = 0; beat < 4; beat++) {
    them.beat();
    them.sent(600);
    await clock.advance(ASK_SOON_MS);
  }
  assert.equal(told.length, 5);
  // Nobody is asked again before he has answered.
  them.sent(600);
  await clock.advance(2_000);
  assert.equal(told.length, 5);
});

Deno.test("Beats does not wait out its second when half of the window is used meanwhile", async () => {
  const { clock, told, beats: them } = beats(1_000);
  them.sent(1);
  await clock.advance(ASK_SOON_MS);
  them.beat();
  await clock.advance(ASK_SOON_MS);
  them.sent(499);
  assert.deepEqual(told, ["ask"]);
  them.sent(1);
  assert.deepEqual(told, ["ask", "ask"]);
  them.beat();
  them.stop();
  await clock.advance(2_000);
  assert.deepEqual(told, ["ask", "ask"]);
});

Deno.test("Beats asks again by itself where the answer leaves half of the window used", async () => {
  const { clock, told, beats: them } = beats(1_000);
  them.sent(500);
  // Behind the question; and then the window is full.
  them.sent(500);
  them.beat();
  await clock.advance(ASK_SOON_MS);
  assert.deepEqual(told, ["ask", "ask"]);
  them.beat();
  await clock.advance(5_000);
  assert.deepEqual(told, ["ask", "ask"], "everything is acknowledged");
});

Deno.test("Beats takes a heartbeat that nobody asked for as no answer for what may be on its way", () => {
  const { told, beats: them } = beats(1_000);
  them.sent(499);
  them.beat();
  them.sent(1);
  assert.deepEqual(told, ["ask"]);
});

Deno.test("Beats asks no more than 90 times a minute, however full the window is", async () => {
  const { clock, told, beats: them } = beats(1_000);
  for (let minute = 1; minute <= 3; minute++) {
    const before = told.length;
    for (let ms = 0; ms < 60_000; ms += 50) {
      them.sent(600);
      them.beat();
      await clock.advance(50);
    }
    assert.ok(told.length - before <= ASKS_IN_A_ROW + 61, `${told.length - before} in a minute`);
  }
  assert.ok(told.length >= 180);
});
