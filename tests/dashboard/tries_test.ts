import assert from "node:assert/strict";
import { Tries } from "../../dashboard/tries.ts";
import { createVirtualClock } from "../../sim/mod.ts";

function setUp() {
  const clock = createVirtualClock();
  return { clock, tries: new Tries(clock) };
}

Deno.test("Tries lets five wrong guesses be made at once, then one every ten seconds", async () => {
  const { clock, tries } = setUp();
  for (let guess = 0; guess < 5; guess++) {
    assert.equal(tries.waitMs("10.0.0.1"), 0);
    tries.failed("10.0.0.1");
  }
  assert.equal(tries.waitMs("10.0.0.1"), 10_000);
  assert.equal(tries.waitMs("10.0.0.2"), 0, "others are not to blame");
  await clock.advance(10_000);
  assert.equal(tries.waitMs("10.0.0.1"), 0);
  tries.failed("10.0.0.1");
  assert.equal(tries.waitMs("10.0.0.1"), 10_000);
  await clock.advance(60_000);
  for (let guess = 0; guess < 4; guess++) tries.failed("10.0.0.1");
  assert.equal(tries.waitMs("10.0.0.1"), 0, "as at first");
});

Deno.test("Tries takes all addresses of a network of IPv6 for one, and mapped ones for what they are", () => {
  const { tries } = setUp();
  for (let guess = 0; guess < 5; guess++) tries.failed(`2001:db8:1:2::${guess}`);
  assert.ok(tries.waitMs("2001:db8:1:2:ffff::1") > 0);
  assert.equal(tries.waitMs("2001:db8:1:3::1"), 0);
  for (let guess = 0; guess < 5; guess++) tries.failed("::ffff:10.0.0.1");
  assert.equal(tries.waitMs("::ffff:10.0.0.2"), 0);
});

Deno.test("Tries remembers so many addresses, and lets the others share what there is", async () => {
  const { clock, tries } = setUp();
  for (let i = 0; i < 4_096; i++) tries.failed(`10.0.${i >> 8}.${i & 255}`);
  for (let i = 0; i < 5; i++) tries.failed(`10.9.0.${i}`);
  assert.ok(tries.waitMs("10.9.9.9") > 0);
  await clock.advance(60_000);
  assert.equal(tries.waitMs("10.9.9.9"), 0);
});
