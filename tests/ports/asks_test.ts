import assert from "node:assert/strict";
import { answer, Asks } from "../../ports/asks.ts";
import { countingClock } from "../support/exchange.ts";

const NOBODY = () => {};

function setUp() {
  const clock = countingClock();
  const asks = new Asks<unknown>(clock, {
    read(reply) {
      if (reply instanceof Error) throw reply;
      return reply;
    },
    late: (what, deadlineMs) => new Error(`${what} is late: ${deadlineMs} ms`),
    gone: (reason) => new Error(`nobody is there: ${reason}`),
  });
  const ask = (what: string, deadlineMs: number) => {
    let id = 0;
    const answer = asks.ask(what, deadlineMs, (its) => id = its);
    answer.catch(NOBODY);
    return { id, answer };
  };
  return { clock, asks, ask };
}

Deno.test("a question is answered by the reply with its number, whatever the order", async () => {
  const { asks, ask, clock } = setUp();
  const first = ask("cluster 0", 1000);
  const second = ask("cluster 0", 1000);
  assert.notEqual(first.id, second.id);
  asks.settle(second.id, "second");
  asks.settle(first.id, "first");
  assert.deepEqual(await Promise.all([first.answer, second.answer]), ["first", "second"]);
  assert.equal(clock.timers.size, 0);
});

Deno.test("a question can be answered while it is being asked", async () => {
  const { asks } = setUp();
  assert.equal(await asks.ask("echo", 10, (id) => asks.settle(id, "at once")), "at once");
});

Deno.test("a question is rejected with what reading its reply throws", async () => {
  const { asks, ask, clock } = setUp();
  const { id, answer } = ask("cluster 0", 1000);
  asks.settle(id, new RangeError("too far"));
  await assert.rejects(answer, { name: "RangeError", message: "too far" });
  assert.equal(clock.timers.size, 0);
});

Deno.test("a question without a reply is rejected at its deadline, not a moment before", async () => {
  const { ask, clock } = setUp();
  const { answer } = ask("cluster 4", 300);
  await clock.advance(299);
  assert.equal(clock.timers.size, 1);
  await clock.advance(1);
  await assert.rejects(answer, { message: "cluster 4 is late: 300 ms" });
  assert.equal(clock.timers.size, 0);
});

Deno.test("a reply that nobody waits for changes nothing", async () => {
  const { asks, ask, clock } = setUp();
  const { id, answer } = ask("cluster 0", 10);
  const other = ask("cluster 0", 1000);
  await clock.advance(10);
  asks.settle(id, "late");
  asks.settle(99, new Error("stray"));
  await assert.rejects(answer, { message: /is late/ });
  assert.deepEqual([asks.has(id), asks.has(other.id)], [false, true]);
  asks.settle(other.id, 1);
  asks.settle(other.id, 2);
  assert.equal(await other.answer, 1);
});

Deno.test("a question that cannot be sent is rejected with why", async () => {
  const { asks, clock } = setUp();
  const asked = asks.ask("cluster 0", 10, () => {
    throw new TypeError("not sent");
  });
  await assert.rejects(asked, { name: "TypeError", message: "not sent" });
  assert.equal(clock.timers.size, 0);
});

Deno.test("fail() rejects one question, drop() all but those that were not sent", async () => {
  const { asks, ask, clock } = setUp();
  const [failed, gone, unsent] = ["a", "b", "c"].map((whom) => ask(whom, 1000));
  asks.fail(failed!.id, new TypeError("not sent"));
  asks.drop("cluster 0 is gone", new Set([unsent!.id]));
  await assert.rejects(failed!.answer, { name: "TypeError", message: "not sent" });
  await assert.rejects(gone!.answer, { message: "nobody is there: cluster 0 is gone" });
  assert.equal(clock.timers.size, 1);
  asks.settle(unsent!.id, true);
  assert.equal(await unsent!.answer, true);
  assert.equal(clock.timers.size, 0);
  asks.fail(99, new Error("nobody"));
});

Deno.test("answer() begins the work at once and replies with what it gives", async () => {
  const replies: string[] = [];
  let began = false;
  const answered = answer(
    () => {
      began = true;
      return Promise.resolve("done");
    },
    String,
    (reply) => replies.push(reply),
  );
  assert.equal(began, true);
  await answered;
  assert.deepEqual(replies, ["done"]);
});

Deno.test("answer() replies with what the work throws, at once or later", async () => {
  const replies: string[] = [];
  const fails = [
    () => {
      throw new TypeError("at once");
    },
    () => Promise.reject(new TypeError("later")),
  ];
  for (const work of fails) await answer(work, String, (reply) => replies.push(reply));
  assert.deepEqual(replies, ["TypeError: at once", "TypeError: later"]);
});

Deno.test("answer() replies with why its reply could not be sent", async () => {
  const replies: string[] = [];
  await answer(() => "too large", String, (reply) => {
    if (reply === "too large") throw new RangeError(reply);
    replies.push(reply);
  });
  assert.deepEqual(replies, ["RangeError: too large"]);
});
