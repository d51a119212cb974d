import assert from "node:assert/strict";
import { IDLE_MS, isSameText, LONGEST_MS, Sessions } from "../../dashboard/sessions.ts";
import { createVirtualClock } from "../../sim/mod.ts";

function setUp() {
  const clock = createVirtualClock();
  return { clock, sessions: new Sessions(clock) };
}

Deno.test("Sessions finds who has logged in, and nobody else", () => {
  const { sessions } = setUp();
  const [one, other] = [sessions.open(), sessions.open()];
  assert.equal(sessions.find(one.id), one);
  assert.equal(sessions.find(other.id), other);
  for (const id of ["", "x", one.csrf, one.name, one.id.toUpperCase() + "0"]) {
    assert.equal(sessions.find(id), null);
  }
  assert.notEqual(one.id, other.id);
  assert.match(one.id, /^[0-9a-f]{64}$/);
  assert.ok(!one.id.includes(one.name), "its name is in the log");
});

Deno.test("Sessions of one unit are none of another", () => {
  const [one, other] = [setUp(), setUp()];
  assert.equal(other.sessions.find(one.sessions.open().id), null);
});

Deno.test("Sessions end when they are closed, not used, or too old", async () => {
  const { clock, sessions } = setUp();
  const [closed, idle, used] = [sessions.open(), sessions.open(), sessions.open()];
  sessions.close(closed);
  assert.equal(sessions.find(closed.id), null);
  for (let passedMs = 0; passedMs < LONGEST_MS - IDLE_MS; passedMs += IDLE_MS / 2) {
    await clock.advance(IDLE_MS / 2);
    assert.equal(sessions.find(used.id), used);
  }
  assert.equal(sessions.find(idle.id), null);
  await clock.advance(IDLE_MS / 2);
  await clock.advance(IDLE_MS / 2);
  assert.equal(sessions.find(used.id), null);
});

Deno.test("Sessions are so many at most: the one that was not used for the longest time goes", () => {
  const { sessions } = setUp();
  const [first, second] = [sessions.open(), sessions.open()];
  sessions.find(first.id);
  for (let i = 0; i < 99; i++) sessions.open();
  assert.equal(sessions.find(second.id), null);
  assert.equal(sessions.find(first.id), first);
});

Deno.test("isSameText() compares texts of any length", () => {
  assert.ok(isSameText("abc", "abc"));
  assert.ok(!isSameText("abc", "abd"));
  assert.ok(!isSameText("abc", ""));
});
