import assert from "node:assert/strict";
import { setUp, TOKEN } from "./proxied.ts";

const AGENT = "DiscordBot (https://bot.example, 1.0)";

/** What a caller sees of an answer. The date is when it was written. */
async function read(response: Response) {
  const headers = [...response.headers].filter(([name]) => name !== "date");
  return { status: response.status, headers, body: await response.bytes() };
}

interface Odd {
  readonly what: string;
  readonly path: string;
  readonly init?: () => RequestInit;
  readonly answer: () => Response;
}

const RATE_HEADERS = {
  "x-ratelimit-limit": "5",
  "x-ratelimit-reset-after": "0.250",
  "x-ratelimit-bucket": "80c17d2f203122d936070c88c8d10f33",
};

const ODD: readonly Odd[] = [
  {
    what: "repeated query keys and what is encoded in a query",
    path: "/api/v10/guilds/1/messages/search?id=1&id=2&q=%20a%2Bb+c&empty=&flag",
    answer: () => Response.json([1], { headers: RATE_HEADERS }),
  },
  {
    what: "an encoded emoji in the path, and 204",
    path: "/api/v10/channels/1/messages/2/reactions/%F0%9F%94%A5%2f:1/@me",
    init: () => ({ method: "PUT" }),
    answer: () => new Response(null, { status: 204, headers: RATE_HEADERS }),
  },
  {
    what: "no version",
    path: "/api/gateway",
    answer: () => Response.json({ url: "wss://x" }),
  },
  {
    what: "binary in both directions",
    path: "/api/v9/binary",
    init: () => ({ method: "POST", body: Uint8Array.from({ length: 256 }, (_, i) => i) }),
    answer: () => new Response(Uint8Array.from({ length: 999 }, (_, i) => 255 - i % 256)),
  },
  {
    what: "a DELETE with a body, and an audit log reason",
    path: "/api/v10/guilds/1/bans/2",
    init: () => ({
      method: "DELETE",
      body: '{"a":1}',
      headers: { "x-audit-log-reason": "sch%C3%B6n", "content-type": "application/json" },
    }),
    answer: () => new Response(null, { status: 204 }),
  },
  {
    what: "a 404 with its body",
    path: "/api/v10/channels/1",
    answer: () => Response.json({ message: "Unknown Channel", code: 10003 }, { status: 404 }),
  },
  {
    what: "201",
    path: "/api/v10/guilds/1/emojis",
    init: () => ({ method: "POST", body: "{}" }),
    answer: () => Response.json({ id: "1" }, { status: 201 }),
  },
  {
    what: "202 with an empty body",
    path: "/api/v10/x",
    init: () => ({ method: "PATCH", body: "{}" }),
    answer: () => new Response("", { status: 202 }),
  },
  {
    what: "CSV",
    path: "/api/v10/invites/x/target-users",
    answer: () => new Response("user_id\n1\n", { headers: { "content-type": "text/csv" } }),
  },
  {
    what: "a 429 with its headers",
    path: "/api/v10/x",
    answer: () =>
      Response.json({ retry_after: 0.25, global: false }, {
        status: 429,
        headers: { ...RATE_HEADERS, "retry-after": "1", "x-ratelimit-scope": "user" },
      }),
  },
  {
    what: "a redirect, which is not followed",
    path: "/api/v10/x",
    answer: () => new Response(null, { status: 302, headers: { location: "/elsewhere" } }),
  },
];

for (const { what, path, init = (): RequestInit => ({}), answer } of ODD) {
  Deno.test(`the proxy passes ${what}`, async () => {
    await using rig = setUp(answer);
    const ask = async (base: string) => {
      const { headers, ...rest } = init();
      const response = await fetch(base + path, {
        redirect: "manual",
        ...rest,
        headers: { "user-agent": AGENT, authorization: `Bot ${TOKEN}`, ...headers },
      });
      return await read(response);
    };
    const [direct, proxied] = [await ask(rig.direct), await ask(rig.proxied)];
    assert.deepEqual(proxied, direct);
    const [asDirect, asProxied] = rig.seen.map(({ headers, signal: _, ...seen }) => ({
      ...seen,
      headers: [...headers].filter(([name]) => !["host", "accept-encoding"].includes(name)),
    }));
    assert.deepEqual(asProxied, asDirect);
    assert.equal(asProxied!.path, path);
  });
}
