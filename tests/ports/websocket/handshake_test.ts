import assert from "node:assert/strict";
import {
  acceptance,
  answerProblem,
  askedKey,
  handshakeKey,
  handshakeRequest,
  type Head,
  HeadReader,
  refusal,
} from "../../../ports/websocket/handshake.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (of: Uint8Array) => new TextDecoder().decode(of);

function headOf(message: Uint8Array | string): Head {
  return new HeadReader().read(typeof message === "string" ? bytes(message) : message)!.head;
}

/** The key of RFC 6455 §1.3, and the answer to it there. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

Deno.test("a head is read in any portions, and what follows it is kept", () => {
  const message = bytes("HTTP/1.1 200 OK\r\nA-b:  c \r\nset: 1\r\nSet: 2\r\n\r\nrest");
  for (let at = 0; at <= message.length - 4; at++) {
    const reader = new HeadReader();
    const first = reader.read(message.slice(0, at));
    if (first) assert.equal(at, message.length - 4);
    const got = first ?? reader.read(message.slice(at))!;
    assert.equal(got.head.start, "HTTP/1.1 200 OK");
    assert.deepEqual([...got.head.headers], [["a-b", "c"], ["set", "1, 2"]]);
    assert.equal(text(got.rest), first ? "" : "rest");
  }
});

Deno.test("a head without an end is refused after 16 KiB", () => {
  const reader = new HeadReader();
  const line = bytes("x".repeat(1000));
  for (let i = 0; i < 16; i++) assert.equal(reader.read(line), null);
  assert.throws(() => reader.read(line), RangeError);
});

Deno.test("a client's request is one that a server takes, and the answer one that the client takes", () => {
  const key = handshakeKey();
  assert.notEqual(handshakeKey(), key);
  assert.equal(atob(key).length, 16);
  const request = handshakeRequest(new URL("ws://a.test:8080/b?v=10#c"), key, { "x-y": "z" });
  assert.match(text(request), /^GET \/b\?v=10 HTTP\/1\.1\r\nhost: a\.test:8080\r\n/);
  const head = headOf(request);
  assert.equal(head.headers.get("x-y"), "z");
  assert.equal(askedKey(head), key);
  assert.equal(answerProblem(headOf(acceptance(key)), key), null);
});

Deno.test("the answer is that of RFC 6455 to its own example", () => {
  assert.equal(headOf(acceptance(KEY)).headers.get("sec-websocket-accept"), ACCEPT);
});

Deno.test("a header that would begin another is not sent, and its value not told", () => {
  for (const [name, value] of [["authorization", "secret\r\nx: y"], ["a b", "c"]] as const) {
    assert.throws(
      () => handshakeRequest(new URL("ws://a.test"), KEY, { [name]: value }),
      (error: Error) => error instanceof TypeError && !/secret/.test(error.message),
    );
  }
});

const answers: [string, string, RegExp][] = [
  ["another status", text(refusal(503)), /status 503/],
  ["no HTTP", "SSH-2.0\r\n\r\n", /not HTTP/],
  ["no upgrade", "HTTP/1.1 101 X\r\n\r\n", /something else/],
  ["another key", text(acceptance("AAAA")), /not to our key/],
  [
    "an extension",
    text(acceptance(KEY)).replace("\r\n\r\n", "\r\nsec-websocket-extensions: x\r\n\r\n"),
    /not asked for/,
  ],
];
for (const [what, answer, problem] of answers) {
  Deno.test(`an answer with ${what} is none`, () => {
    assert.match(answerProblem(headOf(answer), KEY) ?? "fine", problem);
  });
}

Deno.test("a request that asks for something else has no key", () => {
  const good = text(handshakeRequest(new URL("ws://a.test/"), KEY, {}));
  assert.equal(askedKey(headOf(good)), KEY);
  const list = good.replace("connection: Upgrade", "connection: keep-alive, upgrade");
  assert.equal(askedKey(headOf(list)), KEY);
  for (
    const bad of [
      good.replace("GET", "POST"),
      good.replace("upgrade: websocket", "upgrade: h2c"),
      good.replace("connection: Upgrade", "connection: close"),
      good.replace("version: 13", "version: 8"),
      good.replace(/sec-websocket-key.*\r\n/, ""),
    ]
  ) assert.equal(askedKey(headOf(bad)), null, bad);
});
