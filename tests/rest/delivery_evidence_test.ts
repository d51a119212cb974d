import assert from "node:assert/strict";
import { ANSWERS } from "../../sim/rest/faults.ts";
import { ERROR_HEADER } from "../../rest/problem.ts";
import { type Got, stage, type StageOptions } from "./stage.ts";

const text = (content: string) => ({ json: { content } });
const why = ({ headers }: Got) => headers.get(ERROR_HEADER);

/** A stage with an interaction, and short ways to ask. */
function setUp(options: StageOptions = {}) {
  const scene = stage(options);
  const { clock, world, guild, channel } = scene;
  /** Lets virtual time pass until the answer is here. */
  const soon = async <T>(answer: Promise<T>): Promise<T> => {
    let done = false;
    answer.then(() => done = true, () => done = true);
    await clock.runUntil(() => done, 3_600_000);
    return answer;
  };
  const at = `/channels/${channel.id}`;
  const post = () => soon(scene.ask("POST", `${at}/messages`, text("x")));
  const read = () => soon(scene.ask("GET", at));
  const interaction = () => {
    const id = world.nextId();
    const token = btoa(`interaction:${id}:x`);
    const event = { id, type: 2, token, channel_id: channel.id, guild_id: guild.id };
    world.emit("INTERACTION_CREATE", guild.id, event);
    const callback = `/interactions/${id}/${token}/callback`;
    const followUp = `/webhooks/${world.application.id}/${token}`;
    return {
      respond: () => soon(scene.ask("POST", callback, { json: { type: 5 }, auth: null })),
      follow: () => soon(scene.ask("POST", followUp, { ...text("x"), auth: null })),
      edit: () =>
        soon(scene.ask("PATCH", `${followUp}/messages/@original`, { ...text("x"), auth: null })),
    };
  };
  const block = (times: number, more: { method?: string; route?: string } = {}) =>
    scene.rest.faults.add({
      kind: "answer",
      reply: ANSWERS.blocked,
      by: "cloudflare",
      times,
      ...more,
    });
  return { ...scene, soon, post, read, interaction, block };
}

Deno.test("a follow-up before its interaction's first response is told so, and goes once there is one", async () => {
  const { clock, interaction } = setUp();
  const { respond, follow, edit } = interaction();
  for (let i = 0; i < 4; i++) {
    for (const early of [await follow(), await edit()]) {
      assert.deepEqual([early.status, why(early)], [404, null], "Discord's own word");
    }
    await clock.advance(200);
  }
  assert.equal((await respond()).status, 204);
  assert.deepEqual([(await edit()).status, (await follow()).status], [200, 200]);
});

Deno.test("the token of an interaction that stays unknown is asked for less and less", async () => {
  const { clock, interaction, sent, rest } = setUp();
  const { follow } = interaction();
  for (let i = 0; i < 600; i++) {
    await follow();
    await clock.advance(1_000);
  }
  assert.ok(sent.length < 30, `${sent.length}`);
  assert.ok(rest.invalid.counted("192.0.2.1") < 30);
});

Deno.test("a page of the firewall is held against the route that got it, and nothing else", async () => {
  const { post, read, interaction, block, proxy, sent, clock } = setUp();
  block(1, { method: "POST", route: "/channels/:channel_id/messages" });
  const page = await post();
  assert.deepEqual([page.status, why(page)], [403, null]);
  assert.match(page.text, /blocked/);
  assert.equal((await interaction().respond()).status, 204);
  assert.equal((await read()).status, 200);
  assert.equal(proxy.snapshot.fuse, "closed");
  const before = sent.length;
  const next = await post();
  assert.deepEqual([next.status, sent.length - before], [429, 0]);
  assert.match(why(next)!, /firewall/);
  await clock.advance(1_000);
  assert.equal((await post()).status, 200);
  assert.equal((await post()).status, 200);
});

Deno.test("a route that the firewall goes on blocking never shuts the others, however quiet they are", async () => {
  const { post, read, block, clock, sent } = setUp();
  block(1_000, { method: "POST", route: "/channels/:channel_id/messages" });
  for (let i = 0; i < 120; i++) {
    await post();
    await clock.advance(500);
  }
  assert.ok(sent.length >= 5 && sent.length <= 8, `${sent.length}: one at a time, later and later`);
  assert.equal((await read()).status, 200);
});

Deno.test("two routes that get the firewall's page shut the address, but no first response", async () => {
  const { post, read, interaction, block, proxy, sent, clock, soon, ask } = setUp();
  block(2);
  await post();
  await read();
  assert.equal(proxy.snapshot.fuse, "banned");
  const before = sent.length;
  const third = await soon(ask("GET", "/users/@me"));
  assert.deepEqual([third.status, sent.length - before], [429, 0]);
  assert.match(why(third)!, /Cloudflare/);
  assert.equal((await interaction().respond()).status, 204);
  assert.equal(proxy.snapshot.fuse, "closed", "Discord has answered: the address is let in");
  assert.equal((await soon(ask("GET", "/users/@me"))).status, 200);
  assert.deepEqual([(await read()).status, (await post()).status], [429, 429], "each has its own");
  await clock.advance(1_000);
  assert.deepEqual([(await read()).status, (await post()).status], [200, 200]);
});

Deno.test("while the address is shut one goes ahead at a time, and its success lets all go", async () => {
  const { post, read, block, proxy, sent, clock, soon, ask } = setUp();
  block(3);
  await post();
  await read();
  await clock.advance(1_000);
  const before = sent.length;
  const asked = await soon(
    Promise.all(["/users/@me", "/gateway", "/gateway/bot"].map((path) => ask("GET", path))),
  );
  assert.deepEqual(asked.map(({ status }) => status), [403, 429, 429]);
  assert.equal(sent.length - before, 1);
  await clock.advance(2_000);
  assert.equal((await soon(ask("GET", "/gateway"))).status, 200);
  assert.equal(proxy.snapshot.fuse, "closed");
});

Deno.test("a global 429 for hours is obeyed, and looked at again by one request a minute", async () => {
  const { soon, ask, rest, clock, sent, interaction, read } = setUp();
  const reply = {
    status: 429,
    json: { message: "You are being rate limited.", retry_after: 7_200, global: true },
    headers: { "X-RateLimit-Global": "true", "X-RateLimit-Scope": "global", "Retry-After": "7200" },
  };
  rest.faults.add({ kind: "answer", reply, times: 2 });
  assert.equal((await read()).status, 429);
  const next = await soon(ask("GET", "/users/@me"));
  assert.deepEqual([next.status, next.headers.get("retry-after"), sent.length], [429, "7200", 1]);
  for (const [waitMs, statuses] of [[60_000, [429, 429]], [60_000, [200, 429]]] as const) {
    await clock.advance(waitMs);
    const got = await soon(Promise.all([ask("GET", "/users/@me"), ask("GET", "/gateway/bot")]));
    assert.deepEqual(got.map(({ status }) => status), statuses);
  }
  assert.equal(sent.length, 3, "one each time");
  assert.equal((await read()).status, 200);
  assert.equal((await interaction().respond()).status, 204);
});

Deno.test("what a credential may not do in one place it may do in another", async () => {
  const { soon, ask } = setUp();
  const bearer = { auth: "Bearer sim-bearer" };
  assert.equal((await soon(ask("GET", "/gateway/bot", bearer))).status, 401);
  assert.equal((await soon(ask("GET", "/users/@me", bearer))).status, 200);
  assert.match(why(await soon(ask("GET", "/gateway/bot", bearer)))!, /a moment ago/);
});

Deno.test("what waits when a webhook turns out to be gone is not sent after all", async () => {
  const { soon, ask, sent } = setUp();
  const execute = () =>
    ask("POST", "/webhooks/1400000000000000000/gone", { ...text("x"), auth: null });
  const got = await soon(Promise.all(Array.from({ length: 20 }, execute)));
  assert.deepEqual(new Set(got.map(({ status }) => status)), new Set([404]));
  assert.equal(sent.length, 1);
});

Deno.test("what waits to be tried again is not sent where it has turned out to be in vain", async () => {
  const { soon, ask, sent, rest, clock } = setUp();
  const path = "/webhooks/1400000000000000000/gone";
  const reply = {
    status: 429,
    json: { message: "You are being rate limited.", retry_after: 2, global: false },
    headers: { "X-RateLimit-Scope": "user", "Retry-After": "2" },
  };
  rest.faults.add({ kind: "answer", reply, method: "POST" });
  const posted = ask("POST", path, { ...text("x"), auth: null });
  await clock.advance(1_500);
  for (const method of ["GET", "DELETE"]) await soon(ask(method, path, { auth: null }));
  const answer = await soon(posted);
  assert.deepEqual([answer.status, JSON.parse(answer.text).code, sent.length], [404, 10015, 3]);
});

Deno.test("when too much was invalid one goes ahead at a time, and what is well goes on", async () => {
  const { soon, ask, read, sent, rest, proxy, channel } = setUp({ proxy: { invalidLimit: 100 } });
  const reply = { status: 403, json: { message: "Missing Access", code: 50001 } };
  rest.faults.add({ kind: "answer", reply, times: 1_000, route: "/channels/:channel_id/messages" });
  const denied = () => ask("GET", `/channels/${channel.id}/messages`);
  for (let i = 0; proxy.snapshot.fuse !== "open"; i++) await soon(denied());
  const before = sent.length;
  const many = await soon(Promise.all(Array.from({ length: 10 }, denied)));
  assert.deepEqual(many.map(({ status }) => status), [403, ...Array(9).fill(429)]);
  assert.equal(sent.length - before, 1);
  assert.equal((await read()).status, 429, "not at once after one that was invalid");
});
