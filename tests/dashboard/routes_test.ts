import assert from "node:assert/strict";
import { eventsOf, HERE, SECRET, watchedUnit } from "../support/dashboard/watched_unit.ts";

/** A unit with a secret, and somebody who has logged in. */
async function loggedIn() {
  const rig = watchedUnit({ secret: SECRET });
  const answer = await rig.post("/dashboard/login", { secret: SECRET });
  const cookie = answer.headers.get("set-cookie")!.split(";")[0]!;
  const page = eventsOf(await rig.ask("/dashboard/live", { headers: { cookie } }));
  const { csrf } = (await page.next())!.data as { csrf: string };
  await page.next();
  return { ...rig, cookie, page, headers: { cookie, "x-gatehouse-dashboard": csrf } };
}

const told = (lines: readonly [string, string, unknown][], event: string) =>
  lines.filter(([, said]) => said === event).map(([level, , fields]) => [level, fields]);

Deno.test("the page and its files are for everybody, by a policy that lets nothing else in", async () => {
  const { ask } = watchedUnit({ secret: SECRET });
  for (
    const [path, type] of [["", "text/html"], ["/", "text/html"], [
      "/page/app.js",
      "text/javascript",
    ]]
  ) {
    const answer = await ask(`/dashboard${path}`);
    assert.equal(answer.status, 200);
    assert.ok(answer.headers.get("content-type")!.startsWith(type!));
    assert.equal(
      answer.headers.get("content-security-policy"),
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    const again = { "if-none-match": answer.headers.get("etag")! };
    assert.equal((await ask(`/dashboard${path}`, { headers: again })).status, 304);
  }
  for (
    const path of [
      "/constructor",
      "/__proto__",
      "/none.js",
      "/../dashboard.ts",
      "/page/%2e%2e/dashboard.ts",
      "/words.ts",
    ]
  ) {
    assert.equal((await ask(`/dashboard${path}`)).status, 404, path);
    assert.equal((await ask(`/dashboard${path}`, { method: "POST" })).status, 405, path);
  }
});

Deno.test("who is not logged in sees nothing and does nothing", async () => {
  const { ask, post, world } = watchedUnit({ secret: SECRET });
  assert.equal((await ask("/dashboard/live")).status, 401);
  assert.equal((await ask("/dashboard/shards/0-2")).status, 401);
  assert.equal((await post("/dashboard/act", { method: "drain" })).status, 401);
  assert.equal((await post("/dashboard/logout", {})).status, 401);
  assert.deepEqual(world.acts, []);
});

Deno.test("who may not come from there does not even see the page", async () => {
  const { ask, world } = watchedUnit();
  world.refusal = "Host is not this unit's";
  for (const path of ["/dashboard", "/dashboard/page/app.js", "/dashboard/live"]) {
    const answer = await ask(path);
    assert.deepEqual([answer.status, await answer.json()], [401, { error: world.refusal }]);
  }
});

Deno.test("who asks for the head only does not begin to look", async () => {
  const { ask } = watchedUnit();
  // A web server answers with the head, and lets go of a body without a word.
  for (let n = 0; n < 100; n++) {
    const { status, body } = await ask("/dashboard/live", { method: "HEAD" });
    assert.deepEqual([status, body], [200, null]);
  }
  const page = eventsOf(await ask("/dashboard/live"));
  assert.equal((await page.next())!.event, "hello");
  await page.leave();
});

Deno.test("an action is done, and the log says who did what", async () => {
  const { post, world, lines, headers, page } = await loggedIn();
  const answer = await post(
    "/dashboard/act",
    { method: "respawn", clusterId: 0 },
    headers,
    "10.1.1.1",
  );
  assert.deepEqual([answer.status, await answer.json()], [200, { ok: true }]);
  assert.deepEqual(world.acts, [{ method: "respawn", clusterId: 0 }]);
  const [[level, fields] = []] = told(lines, "dashboard action") as [string, { by: string }][];
  const { by, ...others } = fields!;
  assert.deepEqual([level, others], ["info", {
    method: "respawn",
    clusterId: 0,
    from: "10.1.1.1",
  }]);
  assert.match(by, /^[0-9a-f]{8}$/);
  await page.leave();
});

Deno.test("an action that fails says why, to who asked and in the log", async () => {
  const { post, world, lines, headers, page } = await loggedIn();
  world.failure = new Error("Cannot respawn: there is no cluster 9");
  await assert.rejects(
    post("/dashboard/act", { method: "respawn", clusterId: 9 }, headers),
    world.failure,
  );
  const [[level, fields] = []] = told(lines, "dashboard action failed") as [string, object][];
  assert.equal(level, "warn");
  assert.match(JSON.stringify(fields), /there is no cluster 9/);
  await page.leave();
});

Deno.test("an attack: a page from elsewhere asks in the name of who is logged in", async () => {
  const { ask, world, headers, cookie, page } = await loggedIn();
  const body = JSON.stringify({ method: "drain" });
  for (
    const [attack, sent] of [
      ["a form, with the cookie alone", { cookie, origin: "https://evil.test" }],
      ["the token as well", { ...headers, origin: "https://evil.test" }],
      ["another port of this host", { ...headers, origin: "http://127.0.0.1:9999" }],
      ["a sandboxed frame", { ...headers, origin: "null" }],
      ["no origin", headers],
      ["the page's own origin without the token", { cookie, origin: HERE }],
      ["a made-up token", { cookie, origin: HERE, "x-gatehouse-dashboard": "0".repeat(64) }],
      ["the token without the cookie", { ...headers, cookie: "", origin: HERE }],
    ] as const
  ) {
    const answer = await ask("/dashboard/act", { method: "POST", body, headers: sent });
    assert.ok([401, 403].includes(answer.status), `${attack}: ${answer.status}`);
  }
  for (const method of ["GET", "PUT", "OPTIONS"]) {
    const answer = await ask("/dashboard/act", { method, headers: { ...headers, origin: HERE } });
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
  }
  assert.deepEqual(world.acts, []);
  await page.leave();
});

Deno.test("an attack: guessing the secret, also a thousand times at once", async () => {
  const { post, lines, clock } = watchedUnit({ secret: SECRET });
  const guesses = Array.from(
    { length: 1_000 },
    (_, i) => post("/dashboard/login", { secret: `${i}` }),
  );
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 401).length, 5);
  assert.equal(statuses.filter((status) => status === 429).length, 995);
  const late = await post("/dashboard/login", { secret: SECRET });
  assert.equal(late.status, 429, "not even with the right one");
  assert.equal(late.headers.get("retry-after"), "10");
  assert.equal(late.headers.get("set-cookie"), null);
  assert.equal((await post("/dashboard/login", { secret: SECRET }, {}, "10.0.0.9")).status, 200);
  await clock.advance(10_000);
  assert.equal((await post("/dashboard/login", { secret: SECRET })).status, 200);
  assert.ok(told(lines, "dashboard login refused").length <= 10, "the log is not filled");
  assert.ok(!JSON.stringify(lines).includes(SECRET));
});

Deno.test("an attack: logging somebody in from a page elsewhere, or with what is no text", async () => {
  const { post, ask } = watchedUnit({ secret: SECRET });
  const elsewhere = await post("/dashboard/login", { secret: SECRET }, {
    origin: "https://evil.test",
  });
  assert.equal(elsewhere.status, 403);
  for (const secret of [null, 0, { length: 3 }, [SECRET], undefined]) {
    assert.notEqual((await post("/dashboard/login", { secret })).status, 200);
  }
  const long = { method: "POST", body: "x".repeat(100_000), headers: { origin: HERE } };
  await assert.rejects(ask("/dashboard/login", long), { code: "too_large" });
});

Deno.test("an attack: HTML in what a cluster or Discord says reaches the page as text in JSON only", async () => {
  const { ask, dashboard, page, clock } = await loggedIn();
  const evil = "</script><img src=x onerror=alert(1)>\n\nevent: view\ndata: {}\n\n";
  dashboard.hear("error", "cluster has ended", { clusterId: 0, reason: evil });
  await clock.advance(1_000);
  const { event, data } = (await page.next())!;
  assert.equal(event, "change");
  assert.equal(data.incidents[0].text, `Cluster 0 has ended: ${evil}`);
  const none = await ask(`/dashboard/${encodeURIComponent(evil)}`);
  assert.match(none.headers.get("content-type")!, /^application\/json/);
  await page.leave();
});

Deno.test("who logs out sees nothing from then on, in no window", async () => {
  const { ask, post, page, headers, cookie, lines } = await loggedIn();
  const answer = await post("/dashboard/logout", {}, headers);
  assert.match(answer.headers.get("set-cookie")!, /Max-Age=0$/);
  assert.equal(await page.next(), null);
  assert.equal((await ask("/dashboard/live", { headers: { cookie } })).status, 401);
  assert.equal(told(lines, "dashboard logout").length, 1);
});

Deno.test("without a secret nobody logs in, and a page acts by what it was told", async () => {
  const { ask, post, world } = watchedUnit();
  const page = eventsOf(await ask("/dashboard/live"));
  const { data } = (await page.next())!;
  assert.equal(data.needsLogin, false);
  assert.deepEqual(await (await post("/dashboard/login", { secret: "any" })).json(), { ok: true });
  assert.equal((await post("/dashboard/act", { method: "drain" })).status, 403);
  const headers = { "x-gatehouse-dashboard": data.csrf as string };
  assert.equal((await post("/dashboard/act", { method: "drain" }, headers)).status, 200);
  assert.deepEqual(world.acts, [{ method: "drain" }]);
  await page.leave();
});
