/**
 * Each odd request is sent twice, directly and through the proxy: Discord must see the same, and the
 * caller must get the same, byte for byte.
 */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { HttpRequest } from "../../ports/http/client.ts";
import { undiciClient } from "../../ports/http/undici.ts";
import { setUp, TOKEN } from "./proxied.ts";

const AGENT = "DiscordBot (https://bot.example, 1.0)";
const bytes = (text: string) => new TextEncoder().encode(text);

interface Odd {
  readonly what: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer> | (() => ReadableStream<Uint8Array<ArrayBuffer>>);
  readonly answer?: () => Response;
}

const JSON_TYPE = { "content-type": "application/json" };

const RATE_HEADERS = {
  "x-ratelimit-limit": "5",
  "x-ratelimit-remaining": "4",
  "x-ratelimit-reset": "1470173023.123",
  "x-ratelimit-reset-after": "0.250",
  "x-ratelimit-bucket": "80c17d2f203122d936070c88c8d10f33",
};

const PART = '--b\r\ncontent-disposition: form-data; name="files[0]"; filename="ä.bin"\r\n\r\n';

/** The first eleven are the table of what Discordeno's proxy breaks, row by row. */
const ODD: readonly Odd[] = [
  {
    what: "201",
    path: "/api/v10/guilds/1/emojis",
    method: "POST",
    body: bytes("{}"),
    answer: () => Response.json({ id: "1" }, { status: 201 }),
  },
  {
    what: "a 404 with its body",
    path: "/api/v10/channels/1",
    answer: () => Response.json({ message: "Unknown Channel", code: 10003 }, { status: 404 }),
  },
  {
    what: "an answer that is not JSON",
    path: "/api/v10/guilds/1/widget.png?style=banner1",
    answer: () =>
      new Response(Uint8Array.from({ length: 999 }, (_, i) => 255 - i % 256), {
        headers: { "content-type": "image/png" },
      }),
  },
  {
    what: "202 with an empty body",
    path: "/api/v10/guilds/1/messages/search?content=a",
    answer: () => new Response("", { status: 202 }),
  },
  {
    what: "numbers where others expect texts",
    path: "/api/v10/channels/1/permissions/2",
    method: "PUT",
    headers: JSON_TYPE,
    body: bytes('{"allow":1024, "deny":0,"type":1}'),
    answer: () => new Response(null, { status: 204 }),
  },
  {
    what: "an audit log reason",
    path: "/api/v10/guilds/1/bans/2",
    method: "PUT",
    headers: { "x-audit-log-reason": "sch%C3%B6n%20war%27s" },
    answer: () => new Response(null, { status: 204 }),
  },
  {
    what: "a Bearer credential",
    path: "/api/v10/users/@me",
    headers: { authorization: "Bearer 6qrZcUqja7812RVdnEKjpzOL4CvHBFG" },
  },
  {
    what: "a DELETE with a body",
    path: "/api/v10/channels/1/recipients/2",
    method: "DELETE",
    headers: JSON_TYPE,
    body: bytes('{"a":1}'),
    answer: () => new Response(null, { status: 204 }),
  },
  {
    what: "names in the caller's own spelling",
    path: "/api/v10/applications/1/role-connections/metadata",
    method: "PUT",
    headers: JSON_TYPE,
    body: bytes('{"metadata":{"fooBar":1,"foo_bar":2},"Ünïcode":"\\ud83d\\ude00"}'),
  },
  {
    what: "rate-limit headers and the content type",
    path: "/api/v10/x",
    answer: () => Response.json([1], { headers: RATE_HEADERS }),
  },
  {
    what: "multipart as it is sent, without an announced length",
    path: "/api/v10/channels/1/messages",
    method: "POST",
    headers: { "content-type": "multipart/form-data; boundary=b" },
    body: () =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes(PART));
          controller.enqueue(Uint8Array.from({ length: 100_000 }, (_, i) => i % 256));
          controller.enqueue(bytes("\r\n--b--\r\n"));
          controller.close();
        },
      }),
  },
  {
    what: "repeated query keys and what is encoded in a query",
    path: "/api/v10/guilds/1/messages/search?id=1&id=2&q=%20a%2Bb+c&empty=&flag",
  },
  {
    what: "an encoded emoji in the path, and 204",
    path: "/api/v10/channels/1/messages/2/reactions/%F0%9F%94%A5%2f:1/@me",
    method: "PUT",
    answer: () => new Response(null, { status: 204, headers: RATE_HEADERS }),
  },
  { what: "no version", path: "/api/gateway" },
  { what: "a route that nobody knows yet", path: "/api/v11/Things/%7Bx%7D/new", method: "QUERY" },
  {
    what: "no credential, for a webhook",
    path: "/api/v10/webhooks/1/aB-c_d?wait=true&thread_id=3",
    method: "POST",
    headers: JSON_TYPE,
    body: bytes('{"content":"x"}'),
  },
  {
    what: "bytes that are no text, in both directions",
    path: "/api/v9/binary",
    method: "POST",
    body: Uint8Array.from({ length: 256 }, (_, i) => i),
    answer: () => new Response(Uint8Array.from({ length: 70_000 }, (_, i) => i % 251)),
  },
  {
    what: "HEAD",
    path: "/api/v10/x",
    method: "HEAD",
    answer: () => new Response(null, { headers: { "content-length": "12" } }),
  },
  {
    what: "CSV",
    path: "/api/v10/invites/x/target-users",
    answer: () => new Response("user_id\n1\n", { headers: { "content-type": "text/csv" } }),
  },
  {
    what: "a compressed answer",
    path: "/api/v10/x",
    headers: { "accept-encoding": "gzip;q=0.5, zstd" },
    answer: () =>
      new Response(new Uint8Array(gzipSync("again ".repeat(100))), {
        headers: { "content-encoding": "gzip", "vary": "accept-encoding" },
      }),
  },
  {
    what: "several cookies",
    path: "/api/v10/x",
    answer: () => new Response("x", { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] }),
  },
  {
    what: "a 429 that asks for too much patience, with its headers",
    path: "/api/v10/x",
    answer: () =>
      Response.json({ message: "You are being rate limited.", retry_after: 582.5, global: false }, {
        status: 429,
        headers: { ...RATE_HEADERS, "retry-after": "583", "x-ratelimit-scope": "user" },
      }),
  },
  {
    what: "502 in HTML",
    path: "/api/v10/x",
    answer: () =>
      new Response("<html>502</html>", { status: 502, headers: { "content-type": "text/html" } }),
  },
  {
    what: "a redirect, which is not followed",
    path: "/api/v10/x",
    answer: () => new Response(null, { status: 302, headers: { location: "/elsewhere" } }),
  },
];

for (const odd of ODD) {
  Deno.test(`the proxy passes ${odd.what}`, async () => {
    const { what: _, answer = () => Response.json({ ok: true }) } = odd;
    await using rig = await setUp(answer, {
      authorize: ({ headers }) => headers.get("authorization") === `Bot us` ? "bot" : "as is",
    });
    const direct = await ask(rig.direct, odd);
    const proxied = await ask(rig.proxied, odd);
    assert.deepEqual(proxied, direct);
    const [asDirect, asProxied] = rig.seen.map(({ headers, signal: _, ...seen }) => ({
      ...seen,
      headers: [...headers].filter(([name]) => name !== "host" && name !== "connection"),
    }));
    assert.deepEqual(asProxied, asDirect);
    assert.equal(asProxied!.path, odd.path);
  });
}

Deno.test("the proxy passes what a caller of ours sends with the bot's token", async () => {
  await using rig = await setUp(() => Response.json({}));
  const odd = { what: "", path: "/api/v10/x", headers: { authorization: `Bot ${TOKEN}` } };
  assert.deepEqual(await ask(rig.proxied, odd), await ask(rig.direct, odd));
  const [viaProxy, direct] = rig.seen.map(({ headers }) => headers.get("authorization"));
  assert.equal(viaProxy, direct);
});

/** What a caller gets. The date is when it was written. */
async function ask(base: string, { method = "GET", path, headers, body }: Odd) {
  const client = await undiciClient(new URL(base));
  const request: HttpRequest = {
    method,
    path,
    headers: new Headers({ "user-agent": AGENT, "accept": "*/*", ...headers }),
    body: typeof body === "function" ? body() : body ?? null,
    signal: new AbortController().signal,
  };
  const answer = await client.send(request);
  const got = {
    status: answer.status,
    headers: [...answer.headers].filter(([name]) => name !== "date"),
    body: await answer.bytes(),
  };
  await client.close();
  return got;
}
