import assert from "node:assert/strict";
import { conversation } from "./conversation.ts";

Deno.test("what waits for somebody who has the say no more is sent there; what is out stays until it is over", async () => {
  const { clock, desk, asked, ask, read, lose } = conversation();
  const out = ask(1);
  ask(2);
  await clock.advance(20);
  asked[0]!.answer.given();
  await clock.advance(20);
  read();
  lose();
  desk.moved();
  ask(3);
  await clock.advance(20);
  assert.deepEqual(read(), ["there: permit 2 left", "2 moved", "3 moved"]);
  out.over("unused");
  await clock.advance(20);
  assert.deepEqual(read(), ["there: permit 1 unused"]);
});

Deno.test("who falls silent is waited for no more, and what it has counts as used", async () => {
  const { clock, line, asked, ask, read } = conversation();
  ask(1);
  ask(2);
  await clock.advance(20);
  asked[0]!.answer.given();
  await clock.advance(20);
  read();
  line.isDown = true;
  await clock.advance(1_400);
  assert.deepEqual(
    read().filter((text) => text !== "it is silent"),
    ["there: permit 2 left", "there: permit 1 lost", "here is silent"],
  );
});

Deno.test("who begins a conversation anew has nothing in the old one, and one that is not known has to", async () => {
  const { clock, line, desk, ask, read } = conversation();
  ask(1);
  await clock.advance(20);
  read();
  const [first] = line.asked as [Record<string, never>];
  assert.equal(desk.hear({ ...first, session: 8 }), true);
  assert.deepEqual(read(), ["there: asked for permit 1", "there: permit 1 left"]);
  line.told.length = 0;
  desk.hear({ ...first, session: 9, n: 3 });
  assert.deepEqual((line.told as { isOver?: boolean }[]).map(({ isOver }) => isOver), [true]);
  desk.hear({ ...first, session: 8, n: 5 });
  assert.deepEqual(read(), ["there: permit 1 left"], "a message in between was lost");
});

Deno.test("what cannot be read is told so, and one that is closed gives back all that it holds", async () => {
  const { clock, desk, ask, read } = conversation();
  assert.equal(desk.hear({ unit: 1 }), false);
  ask(1);
  await clock.advance(20);
  read();
  desk.close();
  assert.deepEqual(read(), ["there: permit 1 left"]);
});
