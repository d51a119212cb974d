import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { HttpError } from "../../../ports/http/client.ts";
import { headersOf, sendable } from "../../../ports/http/exchange.ts";
import { request } from "../../support/http_requests.ts";

const raw = (...texts: string[]) => texts.map((text) => Buffer.from(text, "latin1"));

Deno.test("headersOf() keeps the headers of the message, in their order, repeated or not", () => {
  const headers = raw(
    "Set-Cookie",
    "a",
    "X-B",
    "\xe9\x80",
    "set-cookie",
    "c",
    "Content-Length",
    "1",
  );
  assert.deepEqual(headersOf(headers), [
    ["set-cookie", "a"],
    ["x-b", "\xe9\x80"],
    ["set-cookie", "c"],
    ["content-length", "1"],
  ]);
});

Deno.test("headersOf() drops the headers of the connection", () => {
  for (
    const name of ["Connection", "keep-alive", "TE", "trailer", "Transfer-Encoding", "upgrade"]
  ) {
    assert.deepEqual(headersOf(raw(name, "x", "a", "1")), [["a", "1"]], name);
  }
  assert.deepEqual(headersOf(raw("Proxy-Anything", "x", "Proxy", "1")), [["proxy", "1"]]);
});

Deno.test("headersOf() drops the headers that Connection names, before it or after", () => {
  const headers = raw("X-A", "1", "Connection", "close, X-a", "x-b", "2", "connection", "x-B,X-C");
  assert.deepEqual(headersOf([...headers, ...raw("x-c", "3", "x-d", "4")]), [["x-d", "4"]]);
});

Deno.test("sendable() leaves the host, the framing and the connection to the client", () => {
  const headers = new Headers({
    authorization: "Bot x",
    connection: "close",
    "content-length": "1",
    expect: "100-continue",
    host: "elsewhere",
    "transfer-encoding": "chunked",
    "x-latin1": "\xe9",
  });
  assert.deepEqual(sendable(request({ headers })), ["authorization", "Bot x", "x-latin1", "\xe9"]);
});

Deno.test("sendable() announces the length of a stream, and of nothing else", () => {
  const stream = new Blob(["abc"]).stream();
  assert.deepEqual(sendable(request({ body: stream, bodyLength: 3 })), ["content-length", "3"]);
  assert.deepEqual(sendable(request({ body: stream })), []);
  assert.deepEqual(sendable(request({ body: new Uint8Array(3), bodyLength: 3 })), []);
});

Deno.test("sendable() throws over what HTTP cannot express, and does not show it", () => {
  const wrong = [
    { path: "" },
    { path: "secret" },
    { path: "/secret\n" },
    { path: "/secret \x7f" },
    { path: "/secret😀" },
    { method: "" },
    { method: "sec ret" },
    { method: "CONNECT" },
    { headers: new Headers({ "x-a": "\x01secret" }) },
  ];
  for (const fields of wrong) {
    assert.throws(() => sendable(request(fields)), (error) => {
      assert(error instanceof HttpError && !error.sent);
      assert.doesNotMatch(error.message, /sec ?ret/);
      return true;
    });
  }
});
