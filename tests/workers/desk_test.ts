/** What a worker says to what it is asked. */

import assert from "node:assert/strict";
import type { Question, Reply } from "../../protocol/worker_message.ts";
import { setUp as setUpBucket } from "./bucket_stage.ts";

async function setUp() {
  const stage = setUpBucket();
  await stage.ready(2);
  let nonce = 100;
  const ask = async (question: Record<string, unknown>): Promise<Reply> => {
    stage.bucket.receive({ ...question, nonce: ++nonce } as unknown as Question);
    await stage.clock.advance(0);
    const { nonce: answered, reply } = stage.last("NONCE_REPLY");
    assert.equal(answered, nonce);
    return reply;
  };
  return { ...stage, ask };
}

Deno.test("a desk answers with what its worker knows of a shard", async () => {
  const { ask } = await setUp();
  assert.deepEqual(await ask({ type: "GET_BACKLOG", shardId: 2 }), {
    ok: true,
    value: { acknowledged: 0, last: 1 },
  });
  const read = { type: "READ_OUT", shardId: 2, reader: null, after: 1, limitBytes: 1 };
  assert.deepEqual(await ask(read), { ok: true, value: new Uint8Array() });
  assert.deepEqual(await ask({ ...read, after: 0, reader: "nobody" }), {
    ok: true,
    value: new Uint8Array(),
  });
});

Deno.test("a desk says which shards its worker has, of one that it has not", async () => {
  const { ask } = await setUp();
  for (const type of ["GET_SHARD_INFO", "GET_BACKLOG", "HOLD", "REST_SHARD", "RECONNECT_SHARD"]) {
    assert.deepEqual(await ask({ type, shardId: 3 }), {
      ok: false,
      code: "no_shard",
      message: "Cannot reach shard 3: worker 0 has 2",
    });
  }
});

Deno.test("a desk takes no records that are cut short, and none of a shard that is up", async () => {
  const { ask } = await setUp();
  const put = { type: "PUT_IN", reader: null, isFirst: true, records: Uint8Array.of(1, 2) };
  const codes = [];
  for (const shardId of [3, 2]) {
    const reply = await ask({ ...put, shardId });
    codes.push(reply.ok ? "" : reply.code);
  }
  assert.deepEqual(codes, ["bad_frame", "illegal_step"]);
});
