import assert from "node:assert/strict";
import { find, type FinderOptions } from "../../../unit/peers/finder.ts";
import type { Wanted } from "../../../protocol/link_call.ts";

/** Clusters 0 to 2, each with what it answers; guild `1n` is of cluster n. */
function setUp(
  answers: readonly unknown[],
  respond: () => Response | Promise<Response> = notFound,
  cached: FinderOptions["cached"] = () => [],
) {
  const asked: unknown[] = [];
  const paths: string[] = [];
  const options: FinderOptions = {
    switchboard: {
      ask: (peer, verb, value, timeoutMs) => {
        assert.ok(peer.kind === "cluster");
        asked.push([peer.id, verb, value, timeoutMs]);
        const answer = answers[peer.id];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
    cached,
    directory: {
      clusterIds: [0, 1, 2],
      clusterOfGuild: (guildId) => /^1[012]$/.test(guildId) ? Number(guildId[1]) : null,
    },
    rest: async (path) => {
      paths.push(path);
      return await respond();
    },
  };
  return {
    asked,
    paths,
    find: (wanted: Wanted, rest = false, ms?: number) => find(options, wanted, rest, ms),
  };
}

const notFound = () => Response.json({ message: "Unknown" }, { status: 404 });
const NOTHING = [null, null, null];
const USER: Wanted = { kind: "user", userId: "7" };

Deno.test("the cluster that gets a guild's events is asked for the guild and its members, no other", async () => {
  const { asked, find } = setUp(["of 0", "of 1", "of 2"]);
  const guild: Wanted = { kind: "guild", guildId: "11" };
  const member: Wanted = { kind: "member", guildId: "12", userId: "7" };
  assert.deepEqual([await find(guild), await find(member)], ["of 1", "of 2"]);
  assert.deepEqual(asked, [[1, "find", guild, 5000], [2, "find", member, 5000]]);
});

Deno.test("our caches are asked first, and clusters only where those know nothing", async () => {
  const known = { id: "7", username: "cached" };
  const lost = () => Promise.reject(new Error("the worker is lost"));
  const one = setUp(["of 0"], notFound, () => [Promise.resolve(null), Promise.resolve(known)]);
  assert.equal(await one.find(USER), known);
  assert.deepEqual(one.asked, []);
  const other = setUp(["of 0"], notFound, () => [lost(), Promise.resolve(null)]);
  assert.equal(await other.find(USER), "of 0");
  const terms: unknown[] = [];
  const third = setUp(NOTHING, notFound, (...asked) => (terms.push(asked), []));
  assert.equal(await third.find(USER, false, 70), null);
  assert.deepEqual(terms, [[USER, 70]]);
});

Deno.test("a cluster has as long to answer as is said", async () => {
  const { asked, find } = setUp(["of 0", "of 1", "of 2"]);
  await find({ kind: "guild", guildId: "10" }, false, 50);
  assert.deepEqual(asked, [[0, "find", { kind: "guild", guildId: "10" }, 50]]);
});

Deno.test("every cluster is asked for a channel or a user, and the first that knows answers", async () => {
  for (const wanted of [USER, { kind: "channel", channelId: "5" }] as Wanted[]) {
    const { asked, find } = setUp([null, { id: "of 1" }, new Error("away")]);
    assert.deepEqual(await find(wanted), { id: "of 1" });
    assert.deepEqual(asked.map((it) => (it as unknown[])[0]), [0, 1, 2]);
  }
});

Deno.test("who answers at once is not kept waiting by who never does", async () => {
  const { find } = setUp([new Promise(() => {}), "known", new Promise(() => {})]);
  assert.equal(await find(USER), "known");
});

Deno.test("what nobody knows is null, and Discord is not asked unless it shall be", async () => {
  const { find, paths } = setUp([null, undefined, new Error("away")]);
  assert.equal(await find(USER), null);
  assert.equal(await find({ kind: "guild", guildId: "99" }), null);
  assert.deepEqual(paths, []);
});

Deno.test("Discord is asked for what nobody knows, each thing where Discord has it", async () => {
  const { find, paths } = setUp(NOTHING, () => Response.json({ id: "of Discord" }));
  const wanted: Wanted[] = [
    { kind: "guild", guildId: "10" },
    { kind: "channel", channelId: "5" },
    USER,
    { kind: "member", guildId: "99", userId: "7" },
  ];
  for (const one of wanted) assert.deepEqual(await find(one, true), { id: "of Discord" });
  assert.deepEqual(paths, ["/guilds/10", "/channels/5", "/users/7", "/guilds/99/members/7"]);
});

Deno.test("Discord is not asked for what a cluster knows", async () => {
  const { find, paths } = setUp([null, null, 0]);
  assert.equal(await find(USER, true), 0, "0 is an answer");
  assert.deepEqual(paths, []);
});

Deno.test("what Discord does not know is null; another refusal is an error that says which", async () => {
  assert.equal(await setUp(NOTHING).find(USER, true), null);
  const forbidden = setUp(NOTHING, () => Response.json({}, { status: 403 }));
  const refused = { code: "refused", blame: "discord", message: /Discord answered 403/ };
  await assert.rejects(forbidden.find(USER, true), refused);
  const broken = setUp(NOTHING, () => Promise.reject(new TypeError("no route")));
  await assert.rejects(broken.find(USER, true), /no route/);
});

Deno.test("what is no guild, channel, user or member, or has no id, is refused before anybody is asked", async () => {
  const wrong = [
    undefined,
    null,
    {},
    "user",
    { kind: "role", roleId: "1" },
    { kind: "user" },
    { kind: "user", userId: 7 },
    { kind: "user", userId: "../guilds/1" },
    { kind: "guild", guildId: "" },
    { kind: "member", guildId: "10" },
    { kind: "member", guildId: "10", userId: "@me" },
  ];
  for (const wanted of wrong) {
    const { asked, paths, find } = setUp(["known", "known", "known"]);
    await assert.rejects(find(wanted as never, true), { code: "bad_message", blame: "caller" });
    assert.deepEqual([asked, paths], [[], []]);
  }
});
