import assert from "node:assert/strict";
import { systemClock } from "../../../ports/clock.ts";
import { ask, dial, openHttpPort } from "../../support/http_port.ts";

Deno.test("toRequest() hands on method, path, headers and body as they came", async () => {
  await using port = await openHttpPort(async (request) =>
    Response.json({
      method: request.method,
      url: request.url,
      twice: request.headers.get("x-twice"),
      body: await request.text(),
    })
  );
  const response = await fetch(`${port.url}/a%2Fb?c=d%20e`, {
    method: "PATCH",
    headers: [["X-Twice", "1"], ["X-Twice", "2"]],
    body: "x".repeat(200_000),
  });
  assert.deepEqual(await response.json(), {
    method: "PATCH",
    url: `${port.url}/a%2Fb?c=d%20e`,
    twice: "1, 2",
    body: "x".repeat(200_000),
  });
});

Deno.test("toRequest() reads a body no faster than it is taken", async () => {
  const body = Promise.withResolvers<ReadableStream<Uint8Array>>();
  const answer = Promise.withResolvers<Response>();
  await using port = await openHttpPort((request) => {
    body.resolve(request.body!);
    return answer.promise;
  });
  const length = 64 * 1024 * 1024;
  const conn = await dial(
    port.port,
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`,
  );
  let sent = 0;
  const part = new Uint8Array(1024 * 1024);
  const sending = (async () => {
    while (sent < length) sent += await conn.write(part);
  })().catch(() => {});
  await body.promise;
  await new Promise<void>((resolve) => void systemClock.after(500, resolve));
  assert.ok(sent < length / 2, `${sent} bytes were read that nobody took`);
  answer.resolve(new Response());
  conn.close();
  await sending;
});

for (
  const [what, head, status] of [
    ["no host", "GET / HTTP/1.1", 400],
    ["a host that holds a path", "GET / HTTP/1.1\r\nHost: evil/control", 400],
    ["a path that is none", "GET * HTTP/1.1\r\nHost: x", 400],
    ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2", 400],
    [
      "length and chunks",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
      400,
    ],
    ["a method that is not passed on", "TRACE / HTTP/1.1\r\nHost: x", 405],
    ["a head without end", `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}`, 431],
  ] as const
) {
  Deno.test(`toRequest() answers ${what} with ${status}`, async () => {
    await using port = await openHttpPort(() => new Response("let in"));
    assert.match(await ask(port.port, head), new RegExp(`^HTTP/1\\.1 ${status} `));
  });
}

Deno.test("toRequest() takes the path only of a target with a host, and ignores protocols it does not speak", async () => {
  await using port = await openHttpPort((request) => new Response(new URL(request.url).href));
  const answer = await ask(port.port, "GET http://evil.example/here HTTP/1.1\r\nHost: x");
  assert.match(answer, /http:\/\/x\/here$/);
  const h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk";
  assert.match(
    await ask(port.port, `GET /there HTTP/1.1\r\nHost: x\r\n${h2c}`),
    /http:\/\/x\/there$/,
  );
});
