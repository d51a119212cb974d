import assert from "node:assert/strict";
import { signedHeaders } from "../../../link/post/signature.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("signedHeaders() signs as Standard Webhooks do: the example of their libraries", () => {
  const secretKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  assert.deepEqual(
    signedHeaders(secretKey, id, 1_614_265_330_999, bytesOf('{"test": 2432232314}')),
    {
      "webhook-id": id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
  );
});

Deno.test("signedHeaders() takes any other secret by its letters, and signs each time and id anew", () => {
  const sign = (key: string, id: string, ms: number) =>
    signedHeaders(key, id, ms, bytesOf("{}"))["webhook-signature"];
  const all = [
    sign("key", "a", 1_000),
    sign("key", "b", 1_000),
    sign("key", "a", 2_000),
    sign("kez", "a", 1_000),
  ];
  assert.equal(new Set(all).size, 4);
  assert.equal(sign("key", "a", 1_000), all[0]);
});

Deno.test("signedHeaders() signs nothing without a secret", () => {
  assert.deepEqual(signedHeaders(null, "a", 1_000, bytesOf("{}")), {
    "webhook-id": "a",
    "webhook-timestamp": "1",
  });
});
