import assert from "node:assert/strict";
import { isPresence } from "../../../protocol/discord/presence.ts";

Deno.test("isPresence() takes what Discord can read, also where something is left out", () => {
  const whole = {
    since: 91879201,
    afk: false,
    status: "online",
    activities: [{ name: "Save the Oxford Comma", type: 0 }, { name: "x", type: 4, state: "y" }],
  };
  for (const value of [whole, {}, { status: "idle" }, { ...whole, since: null, more: 1 }]) {
    assert.equal(isPresence(value), true, JSON.stringify(value));
  }
});

Deno.test("isPresence() refuses what would close the connection", () => {
  const wrong = [
    null,
    "online",
    [],
    { status: 1 },
    { afk: "no" },
    { since: "now" },
    { activities: null },
    { activities: {} },
    { activities: ["chess"] },
    { activities: [{ name: "chess" }] },
    { activities: [{ name: 1, type: 0 }] },
    { activities: [{ name: "chess", type: "0" }] },
  ];
  for (const value of wrong) assert.equal(isPresence(value), false, JSON.stringify(value));
});
