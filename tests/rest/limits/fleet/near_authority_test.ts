import assert from "node:assert/strict";
import type { Want } from "../../../../rest/limits/fleet/authority.ts";
import { NearAuthority } from "../../../../rest/limits/fleet/near_authority.ts";
import type { Report } from "../../../../rest/limits/rate_report.ts";
import { PaceTurns } from "../../../../rest/limits/turns.ts";
import { createVirtualClock } from "../../../../sim/wire/virtual_clock.ts";
import { hearing, permitWant, placeWant, says } from "./wants.ts";

function setUp(read?: (report: Report) => Report) {
  const clock = createVirtualClock();
  const log: string[] = [];
  const authority = new NearAuthority({
    clock,
    perSecond: () => 1,
    turns: () => new PaceTurns(clock, () => 1_000),
    told: (credential, forMs) => void log.push(`told ${credential} ${forMs}`),
    ...read && { read },
  });
  const ask = (name: string, want: Want = permitWant()) => authority.ask(want, hearing(log, name));
  return { clock, authority, ask, read: () => log.splice(0) };
}

Deno.test("it gives permits as the limits do, in the order of arrival, and tells who waits in vain", async () => {
  const { clock, ask, read } = setUp();
  const first = ask("first");
  assert.deepEqual(read(), [], "not within the call");
  ask("later", permitWant({ arrival: 2 }));
  ask("sooner", permitWant({ arrival: 1 }));
  ask("impatient", permitWant({ arrival: 3, untilMs: 100 }));
  const left = ask("left", permitWant({ arrival: 0 }));
  await clock.advance(0);
  left.leave();
  await clock.advance(100);
  assert.deepEqual(read(), ["first given", "impatient refused: its rate limit is used up, 1000"]);
  first.over(says("h", 1, 5_000));
  await clock.advance(0);
  assert.deepEqual(read(), ["sooner given"]);
});

Deno.test("what was left when it was given already is free again", async () => {
  const { clock, ask, read } = setUp();
  ask("left").leave();
  await clock.advance(0);
  const second = ask("second");
  await clock.advance(0);
  assert.deepEqual(read(), ["second given"]);
  second.over("unused");
  ask("third");
  await clock.advance(0);
  assert.deepEqual(read(), ["third given"]);
});

Deno.test("it gives places at its pace; who is told of in passing takes one, too", async () => {
  const { clock, authority, ask, read } = setUp();
  const first = ask("first", placeWant());
  const second = ask("second", placeWant());
  await clock.advance(0);
  first.over("passed");
  await clock.advance(999);
  assert.deepEqual(read(), ["first given"]);
  await clock.advance(1);
  assert.deepEqual(read(), ["second given"]);
  second.leave();
  authority.adopt(placeWant()).over("lost");
  ask("third", placeWant()).leave();
  ask("fourth", placeWant());
  await clock.advance(999);
  assert.deepEqual(read(), []);
  await clock.advance(1);
  assert.deepEqual(read(), ["fourth given"]);
});

Deno.test("it believes what others have seen and have out", async () => {
  const { clock, authority, ask, read } = setUp();
  authority.recall(permitWant(), says("h", 0, 3_000));
  const out = authority.adopt(permitWant());
  ask("a");
  await clock.advance(2_999);
  assert.deepEqual(read(), []);
  await clock.advance(1);
  assert.deepEqual(read(), ["a given"]);
  out.over("lost");
});

Deno.test("it makes of an answer what it is told to", async () => {
  const none: Report = { bucket: null, refusal: null, isLimitless: true };
  const { clock, ask, read } = setUp(() => none);
  const first = ask("first");
  await clock.advance(0);
  first.over(says("h", 0, 9_000));
  ask("second");
  await clock.advance(0);
  assert.deepEqual(read(), ["first given", "second given"]);
});

Deno.test("it tells of a pause, and of its end when one that went ahead was not refused", async () => {
  const { clock, authority, ask, read } = setUp();
  authority.pause("c", 600_000);
  const ahead = ask("ahead", placeWant());
  await clock.advance(60_000);
  assert.deepEqual(read(), ["told c 600000", "ahead given"]);
  ahead.over("passed");
  assert.deepEqual(read(), ["told c 0"]);
});
