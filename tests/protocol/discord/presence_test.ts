import assert from "node:assert/strict";
import {
  isPresence,
  presenceOfIdentify,
  readPresence,
} from "../../../protocol/discord/presence.ts";

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

Deno.test("readPresence() takes activities that are null for none, and refuses what isPresence() does", () => {
  assert.deepEqual(readPresence({ status: "idle", activities: null }), {
    status: "idle",
    activities: [],
  });
  const whole = { status: "idle", activities: [{ name: "chess", type: 0 }] };
  assert.equal(readPresence(whole), whole);
  for (const value of [null, "online", { activities: {} }]) assert.equal(readPresence(value), null);
});

Deno.test("presenceOfIdentify() fills in what Discord wants of op 3, and sees where nothing is wished", () => {
  for (const value of [null, undefined, "x", {}, { status: "" }, { game: null, activities: [] }]) {
    assert.equal(presenceOfIdentify(value), null, JSON.stringify(value));
  }
  const wish = presenceOfIdentify({ status: "idle" });
  assert.deepEqual(wish, { since: null, activities: [], status: "idle", afk: false });
  assert.ok(isPresence(wish));
});
