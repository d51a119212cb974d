import assert from "node:assert/strict";
import { botContext } from "../support/bot_context.ts";
import type { Rest } from "../../bot/rest.ts";
import bot from "../../examples/bot.ts";

/** What the example bot asks of Discord when it gets this interaction. */
async function requestsAfter(more: Record<string, unknown>): Promise<unknown[]> {
  const requests: unknown[] = [];
  const note = (method: string) => (path: string, body?: unknown) => {
    requests.push([method, path, body]);
    return Promise.resolve(undefined);
  };
  const rest: Rest = {
    baseUrl: "http://unit/api/v10",
    authorization: "Bot credential",
    get: note("GET"),
    post: note("POST"),
    put: note("PUT"),
    patch: note("PATCH"),
    delete: note("DELETE"),
  };
  const context = botContext({ rest });
  const d = { id: "1", token: "t", application_id: "2", type: 2, ...more };
  await bot.handle({ op: 0, t: "INTERACTION_CREATE", s: 1, d }, context);
  return requests;
}

Deno.test("the example bot answers an interaction with its first response", async () => {
  assert.deepEqual(await requestsAfter({}), [
    ["POST", "/interactions/1/t/callback", { type: 4, data: { content: "pong" } }],
  ]);
});

Deno.test("the example bot edits what was deferred while it was away", async () => {
  assert.deepEqual(await requestsAfter({ gatehouse: { answered: "deferred" } }), [
    ["PATCH", "/webhooks/2/t/messages/@original", { content: "pong" }],
  ]);
});
