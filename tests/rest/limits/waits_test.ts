import assert from "node:assert/strict";
import { longestWaits, MOST_WAITS, shownMajor } from "../../../rest/limits/waits.ts";
import type { RestWait } from "../../../protocol/status.ts";

const wait = (changed: Partial<RestWait> = {}): RestWait => ({
  method: "POST",
  route: "/channels/:id/messages",
  major: "channels/1",
  waiting: 1,
  waitedMs: 0,
  nextMs: null,
  ...changed,
});

Deno.test("shownMajor() names the channel, guild or webhook, and no token", () => {
  assert.equal(shownMajor("channels/1"), "channels/1");
  assert.equal(shownMajor("webhooks/1/t0k3n"), "webhooks/1");
  assert.equal(shownMajor(""), "");
});

Deno.test("longestWaits() gives those that have waited the longest, and so many at most", () => {
  const all = Array.from(
    { length: 50 },
    (_, id) => wait({ major: `channels/${id}`, waitedMs: id }),
  );
  const longest = longestWaits(all);
  assert.equal(longest.length, MOST_WAITS);
  assert.deepEqual(longest.map(({ waitedMs }) => waitedMs).slice(0, 3), [49, 48, 47]);
});

Deno.test("longestWaits() makes one of those of one name: all that wait, the first, the next that may go", () => {
  const [both, ...others] = longestWaits([
    wait({ waiting: 2, waitedMs: 5, nextMs: 900 }),
    wait({ waiting: 3, waitedMs: 9 }),
    wait({ nextMs: 300 }),
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual(both, wait({ waiting: 6, waitedMs: 9, nextMs: 300 }));
});
