import assert from "node:assert/strict";
import { DownstreamPace } from "../../downstream/pace.ts";

Deno.test("DownstreamPace allows 120 messages in any 60 s, and not one more", () => {
  const pace = new DownstreamPace();
  for (let i = 0; i < 60; i++) assert.ok(pace.allows(0));
  for (let i = 0; i < 60; i++) assert.ok(pace.allows(30_000));
  assert.ok(!pace.allows(59_999));
});

Deno.test("DownstreamPace forgets what came a minute ago, and no earlier", () => {
  const pace = new DownstreamPace();
  for (let i = 0; i < 60; i++) pace.allows(0);
  for (let i = 0; i < 60; i++) pace.allows(30_000);
  for (let i = 0; i < 60; i++) assert.ok(pace.allows(60_000), String(i));
  assert.ok(!pace.allows(60_000));
});
