import assert from "node:assert/strict";
import { Credentials } from "../../../rest/limits/limits.ts";
import type { Ask } from "../../../rest/limits/permits.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

function setUp(perSecond = 1) {
  const clock = createVirtualClock();
  const brake = { waitMs: () => 0, take() {} };
  const credentials = new Credentials({ clock, perSecond: () => perSecond });
  const ask = (credential: string, template = "/x"): Ask => ({
    credential,
    route: { method: "GET", template, major: "", kind: "other" },
    lane: 3,
    shape: () => [],
    patienceMs: 60_000,
    brake,
    signal: new AbortController().signal,
  });
  return { clock, credentials, ask };
}

Deno.test("each credential has limits of its own", async () => {
  const { clock, credentials, ask } = setUp();
  const granted: string[] = [];
  for (const credential of ["Bot a", "Bot a", "Bot b", "Bearer c", ""]) {
    credentials.acquire(ask(credential, `/${granted.length}`)).then(() => granted.push(credential));
  }
  await clock.advance(0);
  assert.deepEqual(granted.sort(), ["", "Bearer c", "Bot a", "Bot b"]);
  assert.deepEqual(credentials.snapshot, {
    credentials: 4,
    waiting: 1,
    inFlight: 4,
    buckets: 4,
    waits: [{
      method: "GET",
      route: "/0",
      major: "",
      waiting: 1,
      waitedMs: 0,
      nextMs: null,
    }],
  });
});

Deno.test("what is refused is a rejection, never thrown", async () => {
  const { credentials, ask } = setUp();
  const asked = credentials.acquire({ ...ask("Bot a"), signal: AbortSignal.abort("gone") });
  await assert.rejects(asked, (reason) => reason === "gone");
});

Deno.test("credentials that are not used are forgotten, the oldest first, and never one that is in use", async () => {
  const { clock, credentials, ask } = setUp(50);
  const held = await credentials.acquire(ask("Bot held"));
  for (let i = 0; i < 3000; i++) {
    const permit = await credentials.acquire(ask(`Bearer ${i}`));
    permit.settle({ bucket: null, refusal: null, isLimitless: true });
    if (i % 100 === 0) await clock.advance(3000);
  }
  await clock.advance(3000);
  await credentials.acquire(ask("Bearer last"));
  const { credentials: kept, inFlight } = credentials.snapshot;
  assert.ok(kept <= 1200, `${kept}`);
  assert.equal(inFlight, 2);
  held.giveBack();
});
