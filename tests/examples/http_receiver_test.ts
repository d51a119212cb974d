import assert from "node:assert/strict";
import { createReceiver, type PostedEvent } from "../../examples/http_receiver.ts";
import { signedHeaders } from "../../link/post/signature.ts";

const NOW_MS = 1_800_000_000_000;

function setUp(secretKey = "a secret") {
  const got: string[] = [];
  const handle = ({ shardId, totalShards, cursor, gap }: PostedEvent) =>
    void got.push(`${shardId}/${totalShards} ${cursor}${gap ? " gap" : ""}`);
  const receive = createReceiver(secretKey, handle, () => NOW_MS);
  return {
    got,
    async post(
      stream: string,
      events: object[],
      { key = secretKey, atMs = NOW_MS, more = "" } = {},
    ) {
      const body = JSON.stringify({ stream, events });
      const headers = signedHeaders(key, "id", atMs, new TextEncoder().encode(body));
      const request = new Request("http://bot/", { method: "POST", headers, body: body + more });
      return (await receive(request)).status;
    },
  };
}

Deno.test("the example of a receiver takes each event once, and forgets with the stream", async () => {
  const { got, post } = setUp();
  const event = (shardId: number, cursor: number) => ({ shardId, totalShards: 2, cursor });
  assert.equal(await post("a", []), 204);
  assert.equal(await post("a", [event(0, 1), event(1, 1), event(0, 2)]), 204);
  assert.equal(await post("a", [event(0, 1), event(0, 2), { ...event(0, 3), gap: {} }]), 204);
  assert.equal(await post("b", [event(0, 1)]), 204);
  assert.deepEqual(got, ["0/2 1", "1/2 1", "0/2 2", "0/2 3 gap", "0/2 1"]);
});

Deno.test("the example of a receiver takes nothing that is not signed, is old or was changed", async () => {
  const { got, post } = setUp();
  const events = [{ shardId: 0, totalShards: 1, cursor: 1 }];
  assert.equal(await post("a", events, { key: "a guess" }), 401);
  assert.equal(await post("a", events, { atMs: NOW_MS - 301_000 }), 401);
  assert.equal(await post("a", events, { atMs: NOW_MS + 301_000 }), 401);
  assert.equal(await post("a", events, { more: " " }), 401);
  assert.deepEqual(got, []);
});

Deno.test("the example of a receiver knows a key of bytes, as Standard Webhooks write it", async () => {
  const { post } = setUp(`whsec_${btoa("\0\xfe of bytes?")}`);
  const events = [{ shardId: 0, totalShards: 1, cursor: 1 }];
  assert.equal(await post("a", events), 204);
  assert.equal(await post("a", events, { key: "\0\xfe of bytes?" }), 401, "its letters are no key");
});

Deno.test("the example of a receiver gets again what it could not handle, and nothing else", async () => {
  const got: number[] = [];
  let isIll = true;
  const receive = createReceiver("a secret", ({ cursor }) => {
    if (cursor === 2 && isIll) throw new Error("no database");
    got.push(cursor);
  }, () => NOW_MS);
  const events = [1, 2, 3].map((cursor) => ({ shardId: 0, totalShards: 1, cursor }));
  const body = JSON.stringify({ stream: "a", events });
  const headers = signedHeaders("a secret", "id", NOW_MS, new TextEncoder().encode(body));
  const post = async () =>
    (await receive(new Request("http://bot/", { method: "POST", headers, body }))).status;
  const said = console.error;
  console.error = () => {};
  try {
    assert.equal(await post(), 500);
  } finally {
    console.error = said;
  }
  isIll = false;
  assert.deepEqual(await Promise.all([post(), post()]), [204, 204]);
  assert.deepEqual(got, [1, 2, 3]);
});
