import assert from "node:assert/strict";
import { USER_AGENT } from "../../protocol/discord/user_agent.ts";
import { requestHeaders as pairsOf } from "../../rest/proxy_headers.ts";

const requestHeaders = (caller: Headers, authorization?: string) =>
  new Headers(
    pairsOf(caller, authorization).map(([name, value]): [string, string] => [name, value]),
  );
const AGENT = "DiscordBot (https://bot.example, 2) Library/3";

Deno.test("requestHeaders() drops what belongs to the caller's connection, and what is said to us", () => {
  const headers = requestHeaders(
    new Headers({
      "accept-encoding": "br",
      "connection": "keep-alive, X-Private",
      "host": "127.0.0.1:8787",
      "keep-alive": "timeout=5",
      "proxy-authorization": "x",
      "te": "trailers",
      "upgrade": "h2c",
      "user-agent": AGENT,
      "x-audit-log-reason": "why%20not",
      "x-gatehouse-priority": "low",
      "x-private": "1",
    }),
  );
  assert.deepEqual([...headers], [
    ["accept-encoding", "br"],
    ["user-agent", AGENT],
    ["x-audit-log-reason", "why%20not"],
  ]);
});

Deno.test("requestHeaders() keeps the caller's Authorization, or puts the bot's in its place", () => {
  const caller = new Headers({ authorization: "Bearer oauth" });
  assert.equal(requestHeaders(caller).get("authorization"), "Bearer oauth");
  const asBot = requestHeaders(caller, "Bot token");
  assert.equal(asBot.get("authorization"), "Bot token");
  assert.equal(requestHeaders(new Headers()).get("authorization"), null);
});

Deno.test("requestHeaders() replaces a User-Agent that is missing or only names a runtime", () => {
  for (const agent of ["", "Deno/2.9.6", "node", "python-requests/2.31", "Go-http-client/1.1"]) {
    const headers = requestHeaders(new Headers({ "user-agent": agent }));
    assert.equal(headers.get("user-agent"), USER_AGENT, agent);
  }
  for (const agent of [AGENT, "MyBot/1.0", "Nodecord (1.0)"]) {
    const headers = requestHeaders(new Headers({ "user-agent": agent }));
    assert.equal(headers.get("user-agent"), agent);
  }
});
