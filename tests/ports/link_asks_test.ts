import assert from "node:assert/strict";
import { linkAsks, replyTo } from "../../ports/link_asks.ts";
import type { LinkCall, LinkReply } from "../../protocol/link_call.ts";
import { encodeValue } from "../../protocol/value.ts";
import { encodeError } from "../../protocol/wire_error.ts";
import { countingClock } from "../support/exchange.ts";

function setUp() {
  const clock = countingClock();
  const asks = linkAsks(clock);
  const ask = (whom: string, deadlineMs: number) => {
    let id = 0;
    const answer = asks.ask(whom, deadlineMs, (its) => id = its);
    answer.catch(() => {});
    return { id, answer };
  };
  return { clock, asks, ask };
}

Deno.test("a call resolves with the value of its reply", async () => {
  const { asks, ask } = setUp();
  const { id, answer } = ask("cluster 0", 1000);
  asks.settle(id, { op: "reply", id, value: encodeValue(new Map([[1n, "first"]])) });
  assert.deepEqual(await answer, new Map([[1n, "first"]]));
});

Deno.test("a call is rejected with the error of its reply", async () => {
  const { asks, ask } = setUp();
  const { id, answer } = ask("cluster 0", 1000);
  const error = encodeError(new RangeError("too far", { cause: "because" }));
  asks.settle(id, { op: "reply", id, error });
  await assert.rejects(answer, { name: "RangeError", message: "too far", cause: "because" });
});

Deno.test("a call that is late or whose link is gone says who did not answer", async () => {
  const { asks, ask, clock } = setUp();
  const late = ask("cluster 4", 300);
  await clock.advance(300);
  await assert.rejects(late.answer, {
    code: "deadline",
    message: "Cannot get an answer from cluster 4: none within 300 ms",
    data: { timeoutMs: 300 },
  });
  const gone = ask("cluster 4", 300);
  asks.drop("cluster 4 is gone");
  const message = "Cannot get an answer: cluster 4 is gone";
  await assert.rejects(gone.answer, { code: "away", message });
});

Deno.test("a reply that cannot be read rejects the call, rather than leave it open", async () => {
  const { asks, ask, clock } = setUp();
  const replies = [
    { value: { clone: [["Unknown", []]] } },
    { value: { clone: 7 } },
    { error: { message: "without a name" } },
    { error: { name: "Error", message: "", cause: { clone: "nonsense" } } },
    { error: { name: "Error", message: "", properties: { code: {} } } },
  ];
  for (const reply of replies) {
    const { id, answer } = ask("cluster 0", 1000);
    asks.settle(id, { op: "reply", id, ...reply } as never);
    await assert.rejects(answer, { code: "bad_message" }, JSON.stringify(reply));
  }
  assert.equal(clock.timers.size, 0);
});

async function replied(receptive: boolean, work: () => unknown) {
  const call: LinkCall = { op: "call", id: 7, verb: "stats", receptive, value: { json: null } };
  const sent: LinkReply[] = [];
  const unheard: unknown[] = [];
  await replyTo(call, {
    work,
    encode: encodeValue,
    send: (reply) => sent.push(reply),
    unheard: (thrown) => unheard.push(thrown),
  });
  return { sent, unheard };
}

Deno.test("replyTo() sends what the work gives, with the number of the call", async () => {
  const { sent, unheard } = await replied(true, () => Promise.resolve([1]));
  assert.deepEqual([sent, unheard], [[{ op: "reply", id: 7, value: { json: [1] } }], []]);
});

Deno.test("replyTo() sends what the work throws, and why its value cannot be sent", async () => {
  const failed = await replied(true, () => Promise.reject(new TypeError("no")));
  const unsendable = await replied(true, () => () => "a function");
  const messages = [failed, unsendable].map(({ sent: [reply], unheard }) => {
    assert.deepEqual([reply?.id, unheard], [7, []]);
    return reply && "error" in reply && reply.error.message;
  });
  assert.equal(messages[0], "no");
  assert.match(String(messages[1]), /function/);
});

Deno.test("replyTo() sends nothing where no reply is wanted, but tells what was thrown", async () => {
  const well = await replied(false, () => () => "a function");
  assert.deepEqual(well, { sent: [], unheard: [] });
  const failed = await replied(false, () => Promise.reject("no"));
  assert.deepEqual(failed, { sent: [], unheard: ["no"] });
});
