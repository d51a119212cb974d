/** A worker of either total that crashes while its unit reshards is replaced, and the lot goes on. */

import assert from "node:assert/strict";
import { testKills } from "../../support/reshard/kills.ts";

testKills("a worker of each total", async ({ unit }) => {
  const { workers } = await (await unit.control("GET", "/state")).json();
  for (const { workerId } of [workers[0], workers.at(-1)]) {
    const answer = await unit.control("POST", `/workers/${workerId}/crash?how=throw`);
    assert.ok(answer.ok, await answer.text());
  }
}, { breaks: true });
