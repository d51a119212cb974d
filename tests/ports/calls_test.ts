import assert from "node:assert/strict";
import { Calls } from "../../ports/calls.ts";
import { encodeValue } from "../../protocol/value.ts";
import { encodeError } from "../../protocol/wire_error.ts";
import { countingClock } from "../support/exchange.ts";

function setUp() {
  const clock = countingClock();
  return { clock, calls: new Calls(clock) };
}

Deno.test("a call is answered by the reply with its number, whatever the order", async () => {
  const { calls, clock } = setUp();
  const first = calls.open("cluster 0", 1000);
  const second = calls.open("cluster 0", 1000);
  assert.notEqual(first.id, second.id);
  calls.reply({ op: "reply", id: second.id, value: { json: "second" } });
  calls.reply({ op: "reply", id: first.id, value: encodeValue(new Map([[1n, "first"]])) });
  assert.equal(await second.answer, "second");
  assert.deepEqual(await first.answer, new Map([[1n, "first"]]));
  assert.deepEqual([calls.size, clock.timers.size], [0, 0]);
});

Deno.test("a call is rejected with the error of its reply", async () => {
  const { calls, clock } = setUp();
  const { id, answer } = calls.open("cluster 0", 1000);
  const error = encodeError(new RangeError("too far", { cause: "because" }));
  calls.reply({ op: "reply", id, error });
  await assert.rejects(answer, { name: "RangeError", message: "too far", cause: "because" });
  assert.deepEqual([calls.size, clock.timers.size], [0, 0]);
});

Deno.test("a call without a reply is rejected at its deadline, which says who did not answer", async () => {
  const { calls, clock } = setUp();
  const { answer } = calls.open("cluster 4", 300);
  let failure: unknown;
  answer.catch((error) => failure = error);
  await clock.advance(299);
  assert.equal(failure, undefined);
  await clock.advance(1);
  await assert.rejects(answer, { code: "deadline", message: /from cluster 4: none within 300 ms/ });
  assert.equal(calls.size, 0);
});

Deno.test("a deadline longer than a timer takes is far away, not now", async () => {
  const { calls, clock } = setUp();
  const { answer } = calls.open("cluster 4", 2 ** 40);
  answer.catch(() => {});
  await clock.advance(2 ** 31 - 2);
  assert.equal(calls.size, 1);
  await clock.advance(1);
  assert.equal(calls.size, 0);
});

Deno.test("a reply that nobody waits for changes nothing", async () => {
  const { calls, clock } = setUp();
  const { id, answer } = calls.open("cluster 0", 10);
  const other = calls.open("cluster 0", 1000);
  answer.catch(() => {});
  await clock.advance(10);
  calls.reply({ op: "reply", id, value: { json: "late" } });
  calls.reply({ op: "reply", id: 99, value: { json: "stray" } });
  await assert.rejects(answer, { code: "deadline" });
  assert.deepEqual([calls.has(id), calls.has(other.id), calls.size], [false, true, 1]);
  calls.reply({ op: "reply", id: other.id, value: { json: 1 } });
  calls.reply({ op: "reply", id: other.id, value: { json: 2 } });
  assert.equal(await other.answer, 1);
});

Deno.test("a reply that cannot be read rejects the call, rather than leave it open", async () => {
  const { calls, clock } = setUp();
  const replies = [
    { value: { clone: [["Unknown", []]] } },
    { value: { clone: 7 } },
    { error: { message: "without a name" } },
    { error: { name: "Error", message: "", cause: { clone: "nonsense" } } },
    { error: { name: "Error", message: "", properties: { code: {} } } },
  ];
  for (const reply of replies) {
    const { id, answer } = calls.open("cluster 0", 1000);
    calls.reply({ op: "reply", id, ...reply } as never);
    await assert.rejects(answer, { code: "bad_message" }, JSON.stringify(reply));
  }
  assert.deepEqual([calls.size, clock.timers.size], [0, 0]);
});

Deno.test("fail() rejects one call, drop() all but those that were not sent", async () => {
  const { calls, clock } = setUp();
  const [failed, gone, unsent] = ["a", "b", "c"].map((whom) => calls.open(whom, 1000));
  calls.fail(failed!.id, new TypeError("not sent"));
  calls.drop("cluster 0 is gone", new Set([unsent!.id]));
  await assert.rejects(failed!.answer, { name: "TypeError", message: "not sent" });
  await assert.rejects(gone!.answer, { code: "away", message: /cluster 0 is gone/ });
  assert.equal(calls.size, 1);
  calls.reply({ op: "reply", id: unsent!.id, value: { json: true } });
  assert.equal(await unsent!.answer, true);
  assert.equal(clock.timers.size, 0);
  calls.fail(99, new Error("nobody"));
});
