import assert from "node:assert/strict";
import { authorizeRest, OWN_CREDENTIAL_HEADER } from "../../rest/auth.ts";
import { ERROR_HEADER } from "../../rest/problem.ts";
import { type Said, stage, type StageOptions } from "./stage.ts";

const RULES = {
  secret: "s3cret",
  credentials: new Map(),
  loopback: false,
  own: { names: new Set<string>(), port: "" },
};
const KNOWN = { auth: "Bot s3cret" };
const STRANGE = { auth: null };

/** A proxy that other machines can reach. */
function setUp(options: StageOptions = {}) {
  const scene = stage({
    ...options,
    proxy: { authorize: ({ headers }) => authorizeRest(headers, RULES), ...options.proxy },
  });
  /** The answer, once it is here. */
  const soon = async (method: string, path: string, said: Said = KNOWN) => {
    let isHere = false;
    const answer = scene.ask(method, path, said);
    answer.then(() => isHere = true);
    await scene.clock.runUntil(() => isHere, 3_600_000);
    return await answer;
  };
  const hook = async () => {
    const made = await soon("POST", `/channels/${scene.channel.id}/webhooks`, {
      ...KNOWN,
      json: { name: "hook" },
    });
    return JSON.parse(made.text) as { id: string; token: string };
  };
  return { ...scene, soon, hook };
}

const HELLO = { json: { content: "hello" } };

for (
  const [method, path, auth] of [
    ["GET", "/users/@me", null],
    ["GET", "/users/@me", "Bearer a.users.token"],
    ["POST", "/webhooks/1/token", "Bearer random"],
    ["POST", "/interactions/1/token/callback", "Bot random"],
    ["GET", "/webhooks/1", null],
    ["GET", "/invites/1234", null],
    ["GET", "/interactions/1/token/callback", null],
    ["POST", "/interactions/1/token", null],
    ["POST", "/oauth2/token", null],
    ["GET", "/", null],
  ] as const
) {
  Deno.test(`a stranger's ${method} ${path} (${auth}) is refused and never reaches Discord`, async () => {
    const { soon, sent, proxy } = setUp();
    const { status, headers } = await soon(method, path, { auth });
    assert.equal(status, 401);
    assert.match(headers.get(ERROR_HEADER)!, /REST_AUTHORIZATION/);
    assert.deepEqual([sent, proxy.snapshot.credentials], [[], 0]);
  });
}

Deno.test("a stranger may use what carries a token of its own in its path", async () => {
  const { soon, hook, sent } = setUp();
  const { id, token } = await hook();
  const said = { ...STRANGE, ...HELLO };
  assert.equal((await soon("POST", `/webhooks/${id}/${token}?wait=true`, said)).status, 200);
  const late = await soon("POST", "/interactions/1/aW50/callback", { ...STRANGE, json: {} });
  assert.notEqual(late.status, 401);
  assert.equal(late.headers.get(ERROR_HEADER), null);
  assert.equal(sent.length, 3);
});

Deno.test("firewall pages that strangers provoke say nothing of the bot's requests", async () => {
  const { soon, rest, proxy } = setUp();
  const page = { status: 429, text: "error code: 1015", headers: { "content-type": "text/html" } };
  const mend = rest.faults.add({ kind: "answer", reply: page, times: 9, by: "cloudflare" });
  for (let i = 0; i < 9; i++) {
    await soon("POST", `/webhooks/${i}/token${i % 2 ? "/slack" : ""}`, { ...STRANGE, ...HELLO });
  }
  mend();
  assert.equal(proxy.snapshot.fuse, "closed");
  assert.equal((await soon("GET", "/users/@me")).status, 200);
});

Deno.test("strangers' requests of which nobody knows count as invalid", async () => {
  const { soon, network, proxy } = setUp();
  network.broken = "after";
  await soon("POST", "/webhooks/1/token", { ...STRANGE, ...HELLO });
  assert.equal(proxy.snapshot.strangersInvalid, 1);
  network.broken = "before";
  await soon("POST", "/webhooks/1/other", { ...STRANGE, ...HELLO });
  assert.equal(proxy.snapshot.strangersInvalid, 1, "it has not reached Discord");
});

Deno.test("a stranger's paths take little room among the routes that are counted", async () => {
  const { soon, proxy } = setUp();
  const words = [..."abcdefghijklmnopqrstuvwxyz"];
  for (const word of words) await soon("GET", `/webhooks/1/token/${word}`, STRANGE);
  assert.ok(proxy.snapshot.routes.length <= 21, `${proxy.snapshot.routes.length}`);
  await soon("GET", "/users/@me");
  assert.equal(proxy.snapshot.routes.at(-1)!.route, "/users/@me");
});

Deno.test("a user's Bearer token passes with the secret in our header", async () => {
  const { soon, sent } = setUp();
  const headers = { [OWN_CREDENTIAL_HEADER]: "s3cret" };
  await soon("GET", "/users/@me", { auth: "Bearer a.users.token", headers });
  assert.equal(sent.length, 1);
});

const FLOODS: readonly (readonly [what: string, path: (id: string, i: number) => string])[] = [
  ["webhook tokens", (id, i) => `/webhooks/${id}/made-up-${i}`],
  ["interaction tokens", (id, i) => `/webhooks/${id}/aW50ZXJhY3Rpb246${i}`],
  ["first responses", (_, i) => `/interactions/${i + 1}/made-up/callback`],
];

for (const [what, path] of FLOODS) {
  Deno.test(`strangers with made-up ${what} cannot open the bot's fuse, nor ban the address`, async () => {
    const { soon, hook, ask, clock, ledger, proxy, rest } = setUp();
    const { id } = await hook();
    // What Discord says to a first response that it does not know it may hold against us.
    const reply = { status: 401, json: { message: "401: Unauthorized", code: 0 } };
    const mend = what === "first responses"
      ? rest.faults.add({ kind: "answer", reply, times: Infinity })
      : () => {};
    for (let i = 0; i < 3_000; i++) ask("POST", path(id, i), { ...STRANGE, ...HELLO });
    await clock.advance(500_000);
    const invalid = ledger.rest.filter(({ status, scope }) =>
      [401, 403, 429].includes(status) && scope !== "shared"
    ).length;
    assert.ok(invalid > 0 && invalid <= 400, `${invalid} invalid requests`);
    const { fuse, invalid: counted, strangersInvalid } = proxy.snapshot;
    assert.deepEqual([fuse, counted, strangersInvalid], ["closed", 0, invalid]);
    mend();
    assert.equal((await soon("GET", "/users/@me")).status, 200);
  });
}

Deno.test("strangers who have used up their part are told what to do, and may again after ten minutes", async () => {
  const { soon, rest, clock } = setUp();
  const reply = { status: 401, json: { message: "401: Unauthorized", code: 0 } };
  rest.faults.add({ kind: "answer", reply, times: 400 });
  const said = { ...STRANGE, ...HELLO };
  for (let i = 0; i < 400; i++) await soon("POST", `/interactions/${i}/made-up/callback`, said);
  const refused = await soon("POST", "/interactions/1/made-up/callback", said);
  assert.equal(refused.status, 429);
  assert.match(refused.headers.get(ERROR_HEADER)!, /x-gatehouse-authorization/);
  assert.ok(Number(refused.headers.get("retry-after")) > 500);
  const shown = { ...said, headers: { [OWN_CREDENTIAL_HEADER]: "s3cret" } };
  const known = await soon("POST", "/interactions/1/made-up/callback", shown);
  assert.equal(known.headers.get(ERROR_HEADER), null, "who shows the secret is no stranger");
  await clock.advance(620_000);
  const again = await soon("POST", "/interactions/1/made-up/callback", said);
  assert.equal(again.headers.get(ERROR_HEADER), null);
});

Deno.test("strangers who ask in vain over and over do not fill the log", async () => {
  const { soon, lines, clock } = setUp();
  for (let i = 0; i < 100; i++) await soon("GET", "/users/@me", STRANGE);
  assert.equal(lines.length, 10);
  await clock.advance(10_000);
  await soon("GET", "/users/@me", STRANGE);
  assert.equal(lines.at(-1)![2].more, 90);
});

Deno.test("bodies of strangers that do not come keep no others out, and are not waited for twice", async () => {
  const { proxy, soon, clock } = setUp({ proxy: { answerMs: 5_000 } });
  const url = "http://gate.example/api/v10/webhooks/1/token";
  const statuses: number[] = [];
  for (let i = 0; i < 500; i++) {
    const body = new ReadableStream({ pull: () => new Promise(() => {}) });
    const headers = { "content-length": "10" };
    proxy.handle(new Request(url, { method: "POST", body, headers })).then(({ status }) =>
      statuses.push(status)
    );
  }
  const other = await soon("POST", "/webhooks/2/token", { ...STRANGE, ...HELLO });
  assert.equal(other.headers.get(ERROR_HEADER), null);
  await clock.advance(5_000);
  assert.deepEqual([statuses.length, new Set(statuses)], [500, new Set([408])]);
});
