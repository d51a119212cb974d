import assert from "node:assert/strict";
import fc from "fast-check";
import { SEND_WINDOW_MS, SENDS_PER_WINDOW, SendWindow } from "../../gateway/send_window.ts";

const DISCORDS_INTERVAL_MS = 41_250;

/** Sends as many commands as may go at `nowMs`. */
function burst(window: SendWindow, nowMs: number): number {
  let sent = 0;
  while (window.waitMs(nowMs) === 0) {
    window.note(nowMs);
    assert.ok(++sent <= 1000, "there is no limit");
  }
  return sent;
}

Deno.test("SendWindow lets a burst go, all but what heartbeats and RESUME need", () => {
  assert.equal(burst(new SendWindow(DISCORDS_INTERVAL_MS), 0), 114);
});

Deno.test("SendWindow keeps back more where Discord asks for more beats", () => {
  assert.equal(burst(new SendWindow(5_000), 0), 120 - 13 - 3);
});

Deno.test("SendWindow never shuts commands out, however fast the heart beats", () => {
  assert.equal(burst(new SendWindow(200), 0), 1);
});

Deno.test("SendWindow says exactly when the next command may go", () => {
  const window = new SendWindow(DISCORDS_INTERVAL_MS);
  for (let i = 0; i < 114; i++) window.note(i * 10);
  assert.equal(window.waitMs(1140), SEND_WINDOW_MS - 1140);
  assert.equal(window.waitMs(SEND_WINDOW_MS - 1), 1);
  assert.equal(window.waitMs(SEND_WINDOW_MS), 0);
  window.note(SEND_WINDOW_MS);
  assert.equal(window.waitMs(SEND_WINDOW_MS), 10, "one slot came free, not the whole window");
});

Deno.test("SendWindow makes commands wait for what went past them", () => {
  const window = new SendWindow(DISCORDS_INTERVAL_MS);
  for (let i = 0; i < 114; i++) window.note(i * 10);
  window.note(1_200);
  window.note(1_300);
  assert.equal(window.waitMs(1_300), 20 + SEND_WINDOW_MS - 1_300, "three have to be over");
  assert.equal(burst(window, SEND_WINDOW_MS + 20), 1);
});

Deno.test("SendWindow leaves a part to others for who asks to, and says when that comes free", () => {
  const window = new SendWindow(DISCORDS_INTERVAL_MS);
  for (let i = 0; i < 84; i++) {
    assert.equal(window.waitMs(i * 10, 30), 0);
    window.note(i * 10);
  }
  assert.equal(window.waitMs(1_000, 30), SEND_WINDOW_MS - 1_000);
  assert.equal(window.waitMs(1_000), 0);
  assert.equal(new SendWindow(200).waitMs(0, 30), 0, "however little there is");
});

Deno.test("a connection never sends more than 120 in any 60 s, heartbeats included", () => {
  const commands = fc.array(fc.nat(2_000), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1_000, max: 60_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      commands,
      (intervalMs, jitter, pauses) => {
        const sent = simulate(intervalMs, jitter, pauses);
        for (let i = SENDS_PER_WINDOW; i < sent.length; i++) {
          const spanMs = sent[i]! - sent[i - SENDS_PER_WINDOW]!;
          assert.ok(spanMs >= SEND_WINDOW_MS, `121 sends in ${spanMs} ms`);
        }
      },
    ),
    { numRuns: 300 },
  );
});

/** When a connection sends that obeys its window: one RESUME, beats, and commands after `pauses`. */
function simulate(intervalMs: number, jitter: number, pauses: readonly number[]): number[] {
  const window = new SendWindow(intervalMs);
  const sent: number[] = [];
  let nowMs = 0;
  let beatMs = intervalMs * jitter;
  const note = (atMs: number) => {
    window.note(atMs);
    sent.push(atMs);
  };
  const pass = (untilMs: number) => {
    for (; beatMs <= untilMs; beatMs += intervalMs) note(beatMs);
    nowMs = untilMs;
  };
  note(0);
  for (const pauseMs of pauses) {
    // Mostly bursts: a pause at each command would never come near the limit.
    pass(nowMs + (pauseMs < 1_800 ? 0 : pauseMs));
    for (let waitMs; (waitMs = window.waitMs(nowMs)) > 0;) pass(nowMs + waitMs);
    note(nowMs);
  }
  return sent;
}
