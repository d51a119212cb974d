import assert from "node:assert/strict";
import { HttpError } from "../../../ports/http/client.ts";

Deno.test("HttpError says what went wrong and whether the request may have arrived", () => {
  const error = new HttpError("connection refused", false);
  assert(error instanceof Error);
  assert.equal(String(error), "HttpError: connection refused");
  assert.equal(error.sent, false);
});
