import assert from "node:assert/strict";
import { ANSWERS } from "../../sim/rest/faults.ts";
import { ERROR_HEADER } from "../../rest/problem.ts";
import { type Got, stage } from "./stage.ts";

type Stage = ReturnType<typeof stage>;

/** Lets virtual time pass until the answer is here. */
async function soon<T>({ clock }: Pick<Stage, "clock">, answer: Promise<T>): Promise<T> {
  let done = false;
  answer.then(() => done = true, () => done = true);
  await clock.runUntil(() => done, 24 * 3_600_000);
  return answer;
}

const text = (content: string) => ({ json: { content } });
const why = ({ headers }: Got) => headers.get(ERROR_HEADER);

Deno.test("a request that does not reach Discord is sent again, and in the end the caller is told so", async () => {
  const scene = stage();
  const path = `/channels/${scene.channel.id}/messages`;
  scene.network.broken = "before";
  const answer = scene.ask("POST", path, text("x"));
  await scene.clock.advance(250);
  assert.equal(scene.sent.length, 2);
  scene.network.broken = null;
  assert.equal((await soon(scene, answer)).status, 200);
  assert.equal(scene.dispatches.length, 1);
  scene.network.broken = "before";
  const failed = await soon(scene, scene.ask("POST", path, text("y")));
  assert.equal(failed.status, 502);
  assert.match(why(failed)!, /refused; it has not reached Discord/);
  assert.equal(scene.sent.length, 3 + 4);
});

Deno.test("a request that may have been carried out is never sent again", async () => {
  const scene = stage();
  scene.network.broken = "after";
  const answer = await soon(
    scene,
    scene.ask("POST", `/channels/${scene.channel.id}/messages`, text("x")),
  );
  assert.equal(answer.status, 502);
  assert.match(why(answer)!, /Discord may have carried it out/);
  assert.equal(scene.sent.length, 1);
  assert.equal(scene.dispatches.length, 1);
});

Deno.test("an error of Discord's passes, and is not tried again", async () => {
  const scene = stage();
  for (const reply of [ANSWERS.badGateway, ANSWERS.serverError, ANSWERS.unavailable]) {
    scene.rest.faults.add({ kind: "answer", reply });
    const answer = await soon(scene, scene.ask("GET", `/channels/${scene.channel.id}`));
    assert.equal(answer.status, reply.status);
    assert.equal(why(answer), null);
  }
  assert.equal(scene.sent.length, 3);
});

Deno.test("a first request that fails does not block its route", async () => {
  const scene = stage();
  const path = `/channels/${scene.channel.id}/messages`;
  scene.network.broken = "after";
  const first = scene.ask("POST", path, text("1"));
  await scene.clock.advance(1);
  const others = [scene.ask("POST", path, text("2")), scene.ask("POST", path, text("3"))];
  await scene.clock.advance(41);
  scene.network.broken = null;
  assert.equal((await soon(scene, first)).status, 502);
  for (const other of others) assert.equal((await soon(scene, other)).status, 200);
});

Deno.test("no answer in time is 504, and the route goes on", async () => {
  const scene = stage({ proxy: { answerMs: 2000 } });
  const path = `/channels/${scene.channel.id}/messages`;
  scene.rest.faults.add({ kind: "slow", delayMs: 60_000 });
  const late = await soon(scene, scene.ask("POST", path, text("1")));
  assert.equal(late.status, 504);
  assert.equal(late.tookMs, 2000);
  assert.match(why(late)!, /may have carried it out/);
  assert.equal((await soon(scene, scene.ask("POST", path, text("2")))).status, 200);
});

Deno.test("a 429 that comes all the same is waited for and tried again", async () => {
  const scene = stage();
  const path = `/channels/${scene.channel.id}/messages`;
  await soon(scene, scene.ask("POST", path, text("0")));
  // Somebody else, with the same token, uses up the bucket.
  for (let i = 0; i < 4; i++) await scene.call("POST", path, { json: { content: "theirs" } });
  const answer = await soon(scene, scene.ask("POST", path, text("1")));
  assert.equal(answer.status, 200);
  assert.equal(scene.refused().length, 1);
  assert.ok(answer.tookMs >= 1000 && answer.tookMs < 1500, `${answer.tookMs}`);
  const { answers } = scene.proxy.snapshot.routes[0]!;
  const refusals = answers.filter(({ status }) => status === 429);
  assert.deepEqual(refusals, [{ status: 429, scope: "bucket", by: "discord", count: 1 }]);
});

Deno.test("a 429 that asks for more patience than there is passes, with Discord's headers", async () => {
  const scene = stage({ proxy: { patienceMs: 30_000 } });
  const path = `/channels/${scene.channel.id}`;
  const rename = (name: string) => soon(scene, scene.ask("PATCH", path, { json: { name } }));
  await rename("a");
  await rename("b");
  const third = await rename("c");
  assert.equal(third.status, 429);
  assert.equal(why(third), null);
  assert.equal(third.headers.get("x-ratelimit-scope"), "user");
  assert.ok(JSON.parse(third.text).retry_after > 590);
  const fourth = await rename("d");
  assert.equal(fourth.status, 429);
  assert.match(why(fourth)!, /headers do not show/);
  assert.ok(Number(fourth.headers.get("retry-after")) > 590);
  assert.equal(scene.refused().length, 1, "the fourth never went out");
  const topic = await soon(scene, scene.ask("PATCH", path, { json: { topic: "t" } }));
  assert.equal(topic.status, 200);
});

for (
  const [kind, window] of [
    ["that restores all at once", { limit: 5, windowMs: 3_000, kind: "fixed" }],
    ["that restores slot by slot", { limit: 5, windowMs: 1_000, kind: "sliding" }],
  ] as const
) {
  Deno.test(`a limit ${kind} and is named by its own 429s only is met a few times, then kept`, async () => {
    const scene = stage();
    const { limiter } = scene.rest;
    limiter.set("message_create", { window: { limit: 8, windowMs: 1_000, kind: "sliding" } });
    limiter.under("message_create", { hash: "another", window });
    const at = `/channels/${scene.channel.id}`;
    const asked = Array.from({ length: 60 }, () => scene.ask("POST", `${at}/messages`, text("x")));
    const got = await soon(scene, Promise.all(asked));
    assert.deepEqual(new Set(got.map(({ status }) => status)), new Set([200]));
    assert.ok(scene.refused().length <= 8, `${scene.refused().length} refusals`);
    const startedMs = scene.clock.now();
    await soon(scene, scene.ask("GET", `${at}/messages`));
    assert.equal(scene.clock.now() - startedMs, 80, "another route does not wait");
  });
}

Deno.test("a shared 429 is waited for by that route only, whatever the headers say", async () => {
  const scene = stage();
  const at = `/channels/${scene.channel.id}`;
  scene.rest.limiter.saturate("message_create", { forMs: 5000, code: 20028 });
  const posted = scene.ask("POST", `${at}/messages`, text("x"));
  await scene.clock.advance(500);
  const read = await soon(scene, scene.ask("GET", `${at}/messages`));
  assert.equal(read.tookMs, 80);
  const answer = await soon(scene, posted);
  assert.equal(answer.status, 200);
  assert.ok(answer.tookMs >= 5000);
  assert.equal(scene.proxy.snapshot.invalid, 0);
});

Deno.test("a global 429 pauses the bot, but no answer to an interaction", async () => {
  const scene = stage({ sim: { restGlobalPerSecond: 3 }, proxy: { perSecond: () => 50 } });
  const at = `/channels/${scene.channel.id}`;
  const asked = Array.from({ length: 6 }, () => scene.ask("GET", at));
  await scene.clock.advance(200);
  assert.ok(scene.refused().length > 0);
  const id = scene.world.nextId();
  const token = btoa(`interaction:${id}:x`);
  scene.world.emit("INTERACTION_CREATE", scene.guild.id, {
    id,
    type: 2,
    token,
    channel_id: scene.channel.id,
  });
  const callback = await soon(
    scene,
    scene.ask("POST", `/interactions/${id}/${token}/callback`, { json: { type: 5 } }),
  );
  assert.deepEqual([callback.status, callback.tookMs], [204, 80]);
  const app = scene.world.application.id;
  const followUp = await soon(
    scene,
    scene.ask("PATCH", `/webhooks/${app}/${token}/messages/@original`, {
      ...text("hi"),
      auth: null,
    }),
  );
  assert.deepEqual([followUp.status, followUp.tookMs], [200, 80]);
  for (const each of asked) assert.equal((await soon(scene, each)).status, 200);
});

Deno.test("a webhook that is gone is answered here, and asked for less and less", async () => {
  const scene = stage();
  const path = "/webhooks/1400000000000000000/gone";
  const execute = () => soon(scene, scene.ask("POST", path, { ...text("x"), auth: null }));
  const first = await execute();
  assert.deepEqual([first.status, JSON.parse(first.text).code], [404, 10015]);
  const second = await execute();
  assert.equal(scene.sent.length, 1);
  assert.deepEqual([second.status, JSON.parse(second.text).code], [404, 10015]);
  assert.match(why(second)!, /a moment ago/);
  assert.equal(second.headers.get("retry-after"), "1");
  const other = await soon(scene, scene.ask("GET", `/channels/${scene.channel.id}`));
  assert.equal(other.status, 200);
  for (let i = 0; i < 600; i++) {
    await scene.clock.advance(1_000);
    await execute();
  }
  assert.ok(scene.sent.length >= 8 && scene.sent.length < 14, `${scene.sent.length}`);
});

Deno.test("a token that Discord does not know fails fast for its own requests, and recovers", async () => {
  const scene = stage();
  const path = "/users/@me";
  const ask = (auth: string) => soon(scene, scene.ask("GET", path, { auth }));
  assert.equal((await ask("Bearer new")).status, 401);
  assert.match(why(await ask("Bearer new"))!, /a moment ago/);
  assert.equal(scene.sent.length, 1);
  assert.equal((await ask("Bot us")).status, 200);
  scene.rest.settings.bearerTokens = ["new"];
  await scene.clock.advance(1000);
  assert.equal((await ask("Bearer new")).status, 200);
  assert.equal((await ask("Bearer new")).status, 200);
});

Deno.test("invalid requests slow the proxy down, then stop it, before Discord bans the address", async () => {
  const scene = stage({
    rest: { invalidLimit: 100 },
    proxy: { invalidLimit: 100, patienceMs: 10_000 },
  });
  const asked: Promise<Got>[] = [];
  for (let i = 0; i < 300; i++) {
    scene.rest.faults.add({
      kind: "answer",
      reply: { status: 403, json: { message: "Missing Access", code: 50001 } },
    });
    asked.push(scene.ask("GET", `/channels/${scene.channel.id}`));
    await scene.clock.advance(100);
  }
  const got = await soon(scene, Promise.all(asked));
  const { invalid, fuse } = scene.proxy.snapshot;
  assert.ok(invalid >= 50 && invalid <= 95, `${invalid}`);
  assert.equal(scene.rest.invalid.counted("192.0.2.1"), invalid);
  assert.equal(fuse, "slow");
  assert.deepEqual(new Set(got.map(({ status }) => status)), new Set([403, 429]));
  assert.deepEqual(scene.ledger.violations, []);
});

for (const banPage of ["json", "html"] as const) {
  Deno.test(`a ban by Cloudflare, told in ${banPage}, stops everything until it is over`, async () => {
    const scene = stage({ rest: { invalidLimit: 1, banMs: 120_000, banPage } });
    await soon(scene, scene.ask("GET", "/users/@me", { auth: "Bearer bad" }));
    const at = `/channels/${scene.channel.id}`;
    for (const path of [at, `${at}/messages`]) {
      const banned = await soon(scene, scene.ask("GET", path));
      assert.deepEqual([banned.status, why(banned)], [429, null], "Cloudflare's own words");
    }
    const before = scene.sent.length;
    const next = await soon(scene, scene.ask("GET", "/gateway"));
    assert.match(why(next)!, /Cloudflare/);
    assert.equal(scene.sent.length, before);
    assert.equal(scene.proxy.snapshot.fuse, "banned");
    assert.ok(Number(next.headers.get("retry-after")) > (banPage === "json" ? 110 : 0));
    for (let i = 0; i < 240; i++) {
      await scene.clock.advance(500);
      await soon(scene, scene.ask("GET", "/gateway"));
    }
    assert.ok(scene.sent.length - before < 10, `${scene.sent.length - before} while it lasted`);
    await scene.clock.advance(60_000);
    assert.equal((await soon(scene, scene.ask("GET", at))).status, 200);
  });
}

Deno.test("a caller that goes away while it waits is never sent", async () => {
  const scene = stage();
  const path = `/channels/${scene.channel.id}/messages`;
  await soon(
    scene,
    Promise.all(Array.from({ length: 5 }, () => scene.ask("POST", path, text("x")))),
  );
  const leaving = new AbortController();
  const left = scene.ask("POST", path, { ...text("never"), signal: leaving.signal });
  await scene.clock.advance(100);
  leaving.abort();
  assert.equal((await soon(scene, left)).status, 499);
  const after = await soon(scene, scene.ask("POST", path, text("after")));
  assert.equal(after.status, 200);
  assert.ok(scene.sent.every(({ text }) => !text.includes("never")));
  assert.deepEqual(scene.refused(), []);
});

Deno.test("a high request overtakes a normal one, and a low one is overtaken", async () => {
  const scene = stage();
  const path = `/channels/${scene.channel.id}/messages`;
  const say = (content: string, priority: string) =>
    scene.ask("POST", path, { ...text(content), headers: { "x-gatehouse-priority": priority } });
  await soon(scene, Promise.all(Array.from({ length: 5 }, () => say("x", "normal"))));
  const later = [say("low", "low"), say("normal", "normal"), say("high", "high")];
  await soon(scene, Promise.all(later));
  const order = scene.sent.slice(5).map((sent) => JSON.parse(sent.text).content);
  assert.deepEqual(order, ["high", "normal", "low"]);
});

Deno.test("what a request waited is told apart from what Discord took", async () => {
  const scene = stage();
  const path = `/channels/${scene.channel.id}/messages`;
  await soon(
    scene,
    Promise.all(Array.from({ length: 6 }, () => scene.ask("POST", path, text("x")))),
  );
  const [route] = scene.proxy.snapshot.routes;
  assert.equal(route!.route, "/channels/:id/messages");
  assert.equal(route!.upstreamMs, 6 * 80);
  assert.ok(route!.queueMs > 4000);
  assert.deepEqual(route!.answers, [{ status: 200, scope: "", by: "discord", count: 6 }]);
});

Deno.test("the one that goes ahead to see whether a webhook is back is tried again like any other", async () => {
  const scene = stage();
  const path = "/webhooks/1400000000000000000/gone";
  const execute = () => scene.ask("POST", path, { ...text("x"), auth: null });
  await soon(scene, execute());
  await scene.clock.advance(1_000);
  scene.network.broken = "before";
  const probe = execute();
  await scene.clock.advance(50);
  scene.network.broken = null;
  assert.equal(why(await soon(scene, probe)), null, "Discord's own answer");
});
