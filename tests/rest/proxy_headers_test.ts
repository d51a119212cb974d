import assert from "node:assert/strict";
import { requestHeaders, responseHeaders } from "../../rest/proxy_headers.ts";

const OWN = { authorization: undefined, userAgent: "DiscordBot (https://example.org, 1)" };
const AGENT = "DiscordBot (https://bot.example, 2) Library/3";

Deno.test("requestHeaders() drops what belongs to the caller's connection", () => {
  const headers = requestHeaders(
    new Headers({
      "connection": "keep-alive, X-Private",
      "host": "127.0.0.1:8787",
      "keep-alive": "timeout=5",
      "proxy-authorization": "x",
      "te": "trailers",
      "upgrade": "h2c",
      "user-agent": AGENT,
      "x-audit-log-reason": "why%20not",
      "x-private": "1",
    }),
    OWN,
  );
  assert.deepEqual([...headers], [
    ["accept-encoding", "gzip, br"],
    ["user-agent", AGENT],
    ["x-audit-log-reason", "why%20not"],
  ]);
});

Deno.test("requestHeaders() keeps the caller's Authorization, or puts the bot's in its place", () => {
  const caller = new Headers({ authorization: "Bearer oauth" });
  assert.equal(requestHeaders(caller, OWN).get("authorization"), "Bearer oauth");
  const asBot = requestHeaders(caller, { ...OWN, authorization: "Bot token" });
  assert.equal(asBot.get("authorization"), "Bot token");
  assert.equal(requestHeaders(new Headers(), OWN).get("authorization"), null);
});

Deno.test("requestHeaders() replaces a User-Agent that is missing or only names a runtime", () => {
  for (const agent of ["", "Deno/2.9.6", "node", "python-requests/2.31", "Go-http-client/1.1"]) {
    const headers = requestHeaders(new Headers({ "user-agent": agent }), OWN);
    assert.equal(headers.get("user-agent"), OWN.userAgent, agent);
  }
  for (const agent of [AGENT, "MyBot/1.0", "Nodecord (1.0)"]) {
    const headers = requestHeaders(new Headers({ "user-agent": agent }), OWN);
    assert.equal(headers.get("user-agent"), agent);
  }
});

Deno.test("responseHeaders() drops encoding and length of a body that fetch has decoded", () => {
  for (const encoding of ["gzip", "br", "GZIP"]) {
    const headers = responseHeaders(
      new Headers({
        "content-encoding": encoding,
        "content-length": "9",
        "x-ratelimit-limit": "5",
      }),
    );
    assert.deepEqual([...headers], [["x-ratelimit-limit", "5"]]);
  }
});

Deno.test("responseHeaders() keeps the encoding and length of a body that passes as it is", () => {
  const pairs = [["content-encoding", "zstd"], ["content-length", "9"]] as [string, string][];
  assert.deepEqual([...responseHeaders(new Headers(pairs))], pairs);
  assert.equal(responseHeaders(new Headers({ "content-length": "9" })).get("content-length"), "9");
});

Deno.test("responseHeaders() drops what belongs to Discord's connection and address", () => {
  const headers = new Headers({
    "alt-svc": 'h3=":443"',
    "connection": "close",
    "transfer-encoding": "chunked",
    "via": "1.1 google",
  });
  assert.deepEqual([...responseHeaders(headers)], [["via", "1.1 google"]]);
});

Deno.test("responseHeaders() keeps every cookie", () => {
  const headers = new Headers();
  headers.append("set-cookie", "a=1");
  headers.append("set-cookie", "b=2");
  assert.deepEqual(responseHeaders(headers).getSetCookie(), ["a=1", "b=2"]);
});
