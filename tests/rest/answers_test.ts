import assert from "node:assert/strict";
import { answersOf } from "../../rest/answers.ts";

Deno.test("answersOf() tells 429s of Discord's from our own", () => {
  const answers = [
    { status: 200, scope: "", by: "discord", count: 5 },
    { status: 429, scope: "shared", by: "discord", count: 2 },
    { status: 429, scope: "", by: "proxy", count: 3 },
  ] as const;
  const route = { method: "GET", route: "/x", queueMs: 0, upstreamMs: 0, answers };
  assert.deepEqual(answersOf([route]), {
    answers: 10,
    limited: 5,
    byDiscord: 2,
    byProxy: 3,
  });
});
