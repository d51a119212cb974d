import assert from "node:assert/strict";
import type { RestProxy } from "../../rest/proxy.ts";
import { type Got, stage } from "../rest/stage.ts";

const MINUTE_MS = 60_000;
/** Ten times what Discord allows a bot. */
const PER_SECOND = 500;
/** Longest that anything may wait in here: nothing is refused for its patience. */
const HOURS_MS = 10 * 3_600_000;
const LATENCY_MS = 40;
const JITTER_MS = 60;
const OLD_MESSAGE = "300000000000000000";

/** A Discord under ten times the load that it takes, and interactions between. */
async function overload(patienceMs: number) {
  const scene = stage({
    sim: { guilds: 12, channelsPerGuild: 3, membersPerGuild: 3 },
    proxy: { patienceMs },
    latencyMs: LATENCY_MS,
    jitterMs: JITTER_MS,
  });
  const { clock, ask, world, limiter } = { ...scene, limiter: scene.rest.limiter };
  const guilds = [...world.guilds.values()];
  const channels = guilds.flatMap(({ channels }) => channels).filter(({ type }) => type === 0);
  const places = await Promise.all(channels.map(async (channel, i) => {
    const post = await soon(ask("POST", `/channels/${channel.id}/messages`, text("first")));
    const hook = await soon(
      ask("POST", `/channels/${channel.id}/webhooks`, { json: { name: "w" } }),
    );
    const { id, token } = JSON.parse(hook.text);
    const guild = guilds.find(({ channels }) => channels.includes(channel))!;
    return { channel, guild, message: JSON.parse(post.text).id, hook: { id, token }, i };
  }));
  const asked: Promise<Got>[] = [];
  const callbacks: Promise<Got>[] = [];

  /** Lets virtual time pass until an answer is here. */
  async function soon<T>(answer: Promise<T>): Promise<T> {
    let done = false;
    answer.finally(() => done = true);
    while (!done) await clock.advance(50);
    return answer;
  }

  function one(n: number): Promise<Got> {
    const { channel: { id }, guild, message, hook } = places[n % places.length]!;
    const member = [...guild.members.keys()][0]!;
    const emoji = `/channels/${id}/messages/${message}/reactions/%F0%9F%94%A5/@me`;
    switch (Math.floor(n / places.length) % 12) {
      case 0:
        return ask("GET", `/channels/${id}`);
      case 1:
        return ask("PATCH", `/channels/${id}/messages/${message}`, text(`edit ${n}`));
      case 2:
        return ask("PUT", emoji);
      case 3:
        return ask("DELETE", emoji);
      case 4:
        return ask("POST", `/channels/${id}/typing`);
      case 5:
        return ask("GET", `/channels/${id}/messages`);
      case 6:
        return ask("PUT", `/guilds/${guild.id}/members/${member}/roles/${guild.id}`);
      case 7:
        return ask("DELETE", `/channels/${id}/messages/${n % 2 ? OLD_MESSAGE : world.nextId()}`);
      case 8:
        return ask("PATCH", `/channels/${id}`, { json: { name: `n-${n}` } });
      case 9:
        return ask("POST", `/webhooks/${hook.id}/${hook.token}`, { ...text("hook"), auth: null });
      default:
        return ask("POST", `/channels/${id}/messages`, text(`${n}`));
    }
  }

  function interaction(): Promise<Got> {
    const { guild, channel } = places[0]!;
    const id = world.nextId();
    const token = btoa(`interaction:${id}:x`);
    const event = { id, type: 2, token, channel_id: channel.id, guild_id: guild.id };
    world.emit("INTERACTION_CREATE", guild.id, event);
    const answer = { type: 4, data: { content: "hi" } };
    return ask("POST", `/interactions/${id}/${token}/callback`, { json: answer });
  }

  let n = 0;
  for (let second = 0; second < MINUTE_MS / 1000; second++) {
    if (second === 20) limiter.rehash("typing", "another");
    if (second === 30) limiter.rehash("message_read", "in turn", "by turns");
    if (second === 40) limiter.saturate("pins", { forMs: 5000 });
    for (let step = 0; step < 10; step++) {
      for (let i = 0; i < PER_SECOND / 10; i++) asked.push(one(n++));
      callbacks.push(interaction());
      await clock.advance(100);
    }
  }
  const got = await soon(Promise.all(asked));
  return { ...scene, places, got, callbacks: await soon(Promise.all(callbacks)) };
}

function text(content: string) {
  return { json: { content } };
}

Deno.test("ten times overloaded for a minute, everything is answered and only what no header shows is refused", async () => {
  const { got, callbacks, proxy, refused, ledger, sent, places } = await overload(HOURS_MS);
  assert.equal(got.length, 30_000);
  const statuses = new Set(got.map(({ status }) => status));
  assert.deepEqual([...statuses].sort(), [200, 204, 404], "answers are the endpoints' own");
  assert.deepEqual(ledger.violations, []);
  // A channel's name has a hidden limit: one refusal says that it is there, one how large it is.
  const routes = refused().map(({ method, route }) => `${method} ${route}`);
  assert.deepEqual(new Set(routes), new Set(["PATCH /channels/:channel_id"]));
  assert.equal(routes.length, 2 * places.length);

  assert.deepEqual(new Set(callbacks.map(({ status }) => status)), new Set([204]));
  assert.deepEqual(callbacksOf(proxy), { count: 600, atOnce: 600 });

  const last = new Map<string, number>();
  for (const { method, path, text } of sent) {
    const number = /^POST .*messages {"content":"(\d+)"}$/.exec(`${method} ${path} ${text}`)?.[1];
    if (number === undefined) continue;
    assert.ok(Number(number) > (last.get(path) ?? -1), `${number} went too early`);
    last.set(path, Number(number));
  }
  assert.equal(last.size, places.length);
});

Deno.test("ten times overloaded, nobody waits longer than his patience, and who has to go is told when to come again", async () => {
  const { got, proxy, refused, ledger } = await overload(5_000);
  assert.deepEqual(ledger.violations, []);
  assert.deepEqual(refused().filter(({ route }) => route !== "/channels/:channel_id"), []);
  const sentAway = got.filter(({ headers }) => headers.has("x-gatehouse-error"));
  assert.ok(sentAway.length > 20_000 && sentAway.length < 28_000, `${sentAway.length}`);
  for (const { status, headers, text, tookMs } of sentAway) {
    assert.equal(status, 429);
    assert.ok(Number(headers.get("retry-after")) >= 1);
    assert.ok(JSON.parse(text).retry_after > 0);
    assert.ok(tookMs <= 5_000);
  }
  assert.ok(got.every(({ tookMs }) => tookMs <= 5_000 + 2 * (LATENCY_MS + JITTER_MS)));
  assert.deepEqual(callbacksOf(proxy), { count: 600, atOnce: 600 });
});

/** How many callbacks there were, and how many of them waited for less than a millisecond. */
function callbacksOf(proxy: RestProxy): { readonly count: number; readonly atOnce: number } {
  const { queue } = proxy.snapshot.lanes.find(({ lane }) => lane === "callback")!;
  return { count: queue.count, atOnce: queue.buckets[0]!.count };
}
