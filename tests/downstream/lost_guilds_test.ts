import assert from "node:assert/strict";
import { lostGuilds } from "../../downstream/lost_guilds.ts";

const ready = (d: object) =>
  new TextEncoder().encode(JSON.stringify({ t: "READY", s: 1, op: 0, d: { v: 10, ...d } }));
const GUILDS = ["1", "2", "3"].map((id) => ({ id, unavailable: true }));

Deno.test("lostGuilds() tells which guilds are gone, and which of the others are not here", () => {
  const d = { gatehouse: { left: ["8", "9"], joined: ["3"] }, guilds: GUILDS };
  assert.deepEqual(lostGuilds(ready(d), true), [
    { id: "8" },
    { id: "9" },
    { id: "1", unavailable: true },
    { id: "2", unavailable: true },
  ]);
  assert.deepEqual(lostGuilds(ready(d), false), [{ id: "8" }, { id: "9" }]);
});

Deno.test("lostGuilds() tells nothing where nobody knows what there was before", () => {
  assert.deepEqual(lostGuilds(ready({ guilds: GUILDS }), true), []);
  assert.deepEqual(lostGuilds(ready({ gatehouse: {}, guilds: GUILDS }), true), []);
  assert.deepEqual(lostGuilds(ready({ gatehouse: { left: ["1"], joined: [] } }), true), [
    { id: "1" },
  ]);
});
