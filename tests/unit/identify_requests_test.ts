import assert from "node:assert/strict";
import { IdentifyRequests } from "../../unit/identify.ts";
import { logTo } from "../../ports/log.ts";

const of = (id: number) => ({ total: 16, id });

function setUp(requestIdentify: (shardId: number) => void | Promise<void>) {
  const done: string[] = [];
  const logged: unknown[] = [];
  const requests = new IdentifyRequests({
    queue: {
      request: ({ id }) => void done.push(`request ${id}`),
      release: ({ id }) => void done.push(`release ${id}`),
      lost: (shards) => void done.push(`lost ${shards.map(({ id }) => id)}`),
    },
    log: logTo((level, event, fields) => logged.push([level, event, fields])),
    gateway: { requestIdentify },
  });
  return { requests, done, logged };
}

/** Lets what is resolved be acted on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await null;
}

Deno.test("a shard joins the queue at once where the program does nothing", () => {
  const { requests, done } = setUp(() => {});
  requests.request(of(3));
  assert.deepEqual(done, ["request 3"]);
});

Deno.test("a shard that the program holds up joins when it is let go, and only once", async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let asked = 0;
  const { requests, done } = setUp(() => gates[asked++]!.promise);
  requests.request(of(0));
  requests.request(of(0));
  gates[0]!.resolve();
  await settled();
  assert.deepEqual(done, []);
  gates[1]!.resolve();
  await settled();
  assert.deepEqual(done, ["request 0"]);
});

for (const how of ["throws", "rejects"]) {
  Deno.test(`a shard joins when requestIdentify ${how}, and the log says why`, async () => {
    const { requests, done, logged } = setUp(() => {
      if (how === "throws") throw new Error("no");
      return Promise.reject(new Error("no"));
    });
    requests.request(of(7));
    await settled();
    assert.deepEqual(done, ["request 7"]);
    const text = "gateway.requestIdentify failed, the shard joins the queue";
    assert.deepEqual(logged, [["error", text, { shardId: 7, error: "no" }]]);
  });
}

Deno.test("a shard that is released or lost while it is held up does not join", async () => {
  const gate = Promise.withResolvers<void>();
  const { requests, done } = setUp(() => gate.promise);
  requests.request(of(1));
  requests.request(of(2));
  requests.release(of(1));
  requests.lost([2].map(of));
  gate.resolve();
  await settled();
  assert.deepEqual(done, ["release 1", "lost 2"]);
});
