import assert from "node:assert/strict";
import { conversation } from "./conversation.ts";
import { permitWant, placeWant, says } from "./wants.ts";

Deno.test("what is wanted within one turn goes in one message, and so do the answers", async () => {
  const { clock, line, far, asked, ask, read } = conversation();
  const [first] = [ask(1), ask(2)];
  far.adopt(placeWant({ arrival: 3 }));
  far.recall(permitWant(), says("h", 0, 700));
  far.pause("c", 50);
  ask(4).leave();
  await clock.advance(10);
  assert.equal(line.asked.length, 1);
  assert.deepEqual(read(), [
    "there: told of channels/1, spent for 700",
    "there: c pauses for 50",
    "there: told of place 3",
    "there: asked for permit 1",
    "there: asked for permit 2",
  ]);
  for (const { answer } of asked) answer.given();
  await clock.advance(10);
  assert.equal(line.told.length, 1);
  assert.deepEqual(read(), ["1 given", "2 given"]);
  first!.over(says("h", 1, 500));
  await clock.advance(15);
  assert.deepEqual(read(), ["there: permit 1 answered"]);
});

Deno.test("one that does not answer for a second is silent, until it answers again", async () => {
  const { clock, line, far, ask, read } = conversation();
  line.isDown = true;
  const epoch = far.epoch;
  ask(1);
  await clock.advance(999);
  assert.deepEqual(read(), []);
  await clock.advance(5);
  assert.deepEqual(read(), ["it is silent"]);
  assert.equal(far.isSilent, true);
  assert.notEqual(far.epoch, epoch, "what it was asked is void");
  line.isDown = false;
  await clock.advance(1_200);
  assert.deepEqual(read(), ["changed"]);
  assert.equal(far.isSilent, false);
});

Deno.test("one that dies while something waits there is noticed within one and a half seconds", async () => {
  const { clock, line, ask, read } = conversation();
  ask(1);
  await clock.advance(3_000);
  read();
  line.isDown = true;
  await clock.advance(1_500);
  assert.deepEqual(
    read().toSorted(),
    ["here is silent", "it is silent", "there: permit 1 left"],
  );
});

Deno.test("an answer that is lost on the way makes all be asked anew", async () => {
  const { clock, line, far, asked, ask, read } = conversation();
  ask(1);
  await clock.advance(20);
  line.isDown = true;
  asked[0]!.answer.given();
  await clock.advance(0);
  line.isDown = false;
  read();
  const epoch = far.epoch;
  await clock.advance(700);
  assert.ok(read().includes("changed"));
  assert.notEqual(far.epoch, epoch);
});

Deno.test("what was given a second ago is not believed", async () => {
  const { clock, line, asked, ask, read } = conversation();
  ask(1);
  await clock.advance(200);
  line.backMs = 990;
  asked[0]!.answer.given();
  read();
  await clock.advance(989);
  assert.deepEqual(read(), []);
  await clock.advance(20);
  assert.deepEqual(read(), ["1 moved", "there: permit 1 unused"]);
});

Deno.test("while nothing is wanted nothing is said", async () => {
  const { clock, line, asked, ask } = conversation();
  const claim = ask(1);
  await clock.advance(20);
  asked[0]!.answer.given();
  await clock.advance(20);
  claim.over("lost");
  await clock.advance(500);
  const said = line.asked.length + line.told.length;
  await clock.advance(60_000);
  assert.equal(line.asked.length + line.told.length, said);
});

Deno.test("one that is closed says what it has to say yet, and no more", async () => {
  const { clock, line, far, ask } = conversation();
  ask(1);
  far.close();
  assert.equal(line.asked.length, 1);
  ask(2);
  await clock.advance(5_000);
  assert.equal(line.asked.length, 1);
});
