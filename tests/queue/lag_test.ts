import assert from "node:assert/strict";
import fc from "fast-check";
import { Lag } from "../../queue/lag.ts";

Deno.test("Lag tells the age of the oldest event that waits", () => {
  const lag = new Lag();
  lag.accepted(10, 1000);
  lag.accepted(20, 2000);
  assert.equal(lag.ageMs(2500), 1500);
  lag.acknowledged(10, 2600);
  assert.equal(lag.ageMs(2700), 700);
  lag.acknowledged(20, 2800);
  assert.equal(lag.ageMs(9999), 0);
});

Deno.test("Lag is the mean time until acknowledgements, of late", () => {
  const lag = new Lag();
  assert.equal(lag.lagMs, null);
  lag.accepted(1, 0);
  lag.acknowledged(1, 100);
  assert.equal(lag.lagMs, 100);
  for (let i = 2; i < 40; i++) {
    lag.accepted(i, i * 1000);
    lag.acknowledged(i, i * 1000 + 500);
  }
  assert.ok(lag.lagMs! > 490 && lag.lagMs! <= 500, `${lag.lagMs}`);
});

Deno.test("Lag takes an acknowledgement that comes again for nothing new", () => {
  const lag = new Lag();
  lag.accepted(5, 0);
  lag.acknowledged(5, 10);
  lag.acknowledged(5, 5000);
  assert.equal(lag.lagMs, 10);
  assert.equal(lag.ageMs(5000), 0);
});

Deno.test("Lag takes nothing for slow that was acknowledged while something younger waits", () => {
  const lag = new Lag();
  lag.accepted(5, 0);
  lag.accepted(6, 1000);
  lag.acknowledged(5, 10);
  lag.acknowledged(5, 5000);
  lag.acknowledged(4, 5000);
  assert.equal(lag.lagMs, 10);
  assert.equal(lag.ageMs(5000), 4000);
});

Deno.test("Lag is never off by more than what lies between two samples, however many events come", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ gapMs: fc.nat(30), done: fc.boolean() }), {
        minLength: 50,
        maxLength: 300,
        size: "max",
      }),
      (steps) => {
        const lag = new Lag();
        const atMs: number[] = [];
        let nowMs = 0;
        let done = 0;
        for (const { gapMs, done: isDone } of steps) {
          nowMs += gapMs;
          atMs.push(nowMs);
          lag.accepted(atMs.length, nowMs);
          if (!isDone) continue;
          done = Math.max(done, Math.floor(atMs.length / 2));
          if (done > 0) lag.acknowledged(done, nowMs);
        }
        const truth = done < atMs.length ? nowMs - atMs[done]! : 0;
        assert.ok(Math.abs(lag.ageMs(nowMs) - truth) <= 50 + 30, `${lag.ageMs(nowMs)} ${truth}`);
      },
    ),
  );
});
