import assert from "node:assert/strict";
import { INTENTS } from "../../protocol/discord/intents.ts";
import type { ShardGuildsOptions } from "../../guilds/shard_guilds.ts";
import { TailRoom } from "../../guilds/tail.ts";
import { MemoryLog, setStage } from "./stage.ts";

const TERMS = { intents: 0xffff, largeThreshold: 50 };
const READY = {
  user: { id: "7" },
  guilds: [{ id: "1", unavailable: true }, { id: "20" }, { id: "3" }],
};

function setUp(options: Partial<ShardGuildsOptions> = {}) {
  const stage = setStage(options);
  const { guilds, got } = stage;
  const bytes = (t: string, d: unknown, s = 1) =>
    new TextEncoder().encode(JSON.stringify({ t, s, op: 0, d }));
  const see = (cursor: number, t: string, d: unknown) => guilds.see(cursor, t, bytes(t, d));
  const create = (cursor: number, id: string, name = "a") =>
    see(cursor, "GUILD_CREATE", { id, name, channels: [{ id: `${id}5` }], members: [] });
  const piece = (cursor: number, after = 0, limitBytes = 1 << 20) =>
    got(guilds.piece({ shardId: 0, cursor, terms: TERMS, after, limitBytes }));
  const names = async (cursor: number) => {
    const found = await piece(cursor);
    return found?.bodies.map((body) => JSON.parse(new TextDecoder().decode(body)).name) ?? null;
  };
  return { ...stage, bytes, see, create, piece, names };
}

Deno.test("without a READY the guilds are not known; from it on they are those that have come", async () => {
  const { guilds, see, create, piece, names } = setUp();
  create(4, "1");
  assert.equal(await piece(4), null);
  see(5, "READY", READY);
  const { guildIds, available, bodies } = (await piece(5))!;
  assert.deepEqual([guildIds, available, bodies], [["1", "3", "20"], 0, []]);
  create(6, "3");
  const one = (await piece(6))!;
  assert.deepEqual([one.guildIds, one.available], [["3", "1", "20"], 1]);
  assert.deepEqual(await names(5), [], "as of a cursor, whatever has come since");
  assert.equal(await piece(3), null);
  assert.equal(await piece(7), null, "nobody knows what will come");
  assert.ok(guilds.isKnown);
});

Deno.test("guilds can be had as of every cursor until everybody is done with more", async () => {
  const { guilds, see, create, clock, names } = setUp();
  see(1, "READY", READY);
  create(2, "1", "a");
  for (const [i, name] of ["b", "c", "d"].entries()) see(3 + i, "GUILD_UPDATE", { id: "1", name });
  assert.deepEqual(await names(3), ["b"]);
  guilds.acknowledged(4);
  await clock.slices();
  assert.deepEqual([await names(4), await names(5)], [["c"], ["d"]]);
  assert.equal(await names(2), null, "nobody goes on from there");
  assert.deepEqual(await names(3), ["b"], "who has begun to ask gets the rest");
});

Deno.test("who has asked in time is answered, however far others have come until it is its turn", async () => {
  const { guilds, see, create, got, names } = setUp();
  see(1, "READY", READY);
  create(2, "1", "a");
  guilds.acknowledged(2);
  see(3, "GUILD_UPDATE", { id: "1", name: "b" });
  const asked = guilds.piece({ shardId: 0, cursor: 2, terms: TERMS, after: 0, limitBytes: 1 });
  guilds.acknowledged(3);
  const { bodies } = (await got(asked))!;
  assert.equal(JSON.parse(new TextDecoder().decode(bodies[0])).name, "a");
  assert.deepEqual(await names(3), ["b"]);
});

Deno.test("what is asked for piece by piece is the same whatever comes in between", async () => {
  const { guilds, see, create, piece, clock } = setUp();
  see(1, "READY", READY);
  for (const [i, id] of ["3", "20", "1"].entries()) create(2 + i, id);
  guilds.acknowledged(4);
  const ids: string[] = [];
  for (let after = 0; after < 3; after++) {
    const { bodies, available } = (await piece(4, after, 1))!;
    assert.deepEqual([bodies.length, available], [1, 3]);
    ids.push(JSON.parse(new TextDecoder().decode(bodies[0])).id);
    see(5 + after, "GUILD_DELETE", { id: ids.at(-1) });
    guilds.acknowledged(5 + after);
    await clock.slices();
  }
  assert.deepEqual(ids, ["1", "3", "20"]);
});

Deno.test("what Discord replays changes nothing once more", async () => {
  const { see, create, names } = setUp();
  see(1, "READY", READY);
  create(2, "1", "a");
  see(3, "GUILD_UPDATE", { id: "1", name: "b" });
  create(2, "1", "a");
  assert.deepEqual(await names(3), ["b"]);
});

Deno.test("what is looked for is found as it is now", async () => {
  const { guilds, see, create, got, clock } = setUp();
  const name = async () => {
    const found = await got(guilds.find({ kind: "guild", guildId: "1" }));
    return (found as { name: string } | null)?.name;
  };
  assert.equal(await name(), undefined);
  see(1, "READY", READY);
  create(2, "1", "a");
  assert.equal(await name(), "a");
  for (const done of [0, 2, 3]) {
    guilds.acknowledged(done);
    await clock.slices();
    see(10 + done, "GUILD_UPDATE", { id: "1", name: `b${done}` });
    assert.equal(await name(), `b${done}`);
  }
  see(20, "GUILD_DELETE", { id: "1" });
  assert.equal(await name(), undefined);
});

Deno.test("a new session tells everything anew", async () => {
  const { see, create, names, piece, guilds, clock } = setUp();
  see(1, "READY", READY);
  create(2, "1", "a");
  see(100, "READY", { user: { id: "7" }, guilds: [{ id: "9" }] });
  assert.deepEqual([await names(2), (await piece(100))!.guildIds], [["a"], ["9"]]);
  guilds.acknowledged(100);
  await clock.slices();
  create(101, "9", "z");
  assert.deepEqual(await names(101), ["z"]);
});

Deno.test("a dispatch that cannot be read changes nothing", async () => {
  const { guilds, see, create, names, lost } = setUp();
  see(1, "READY", READY);
  create(2, "1", "a");
  const text = (raw: string) => new TextEncoder().encode(raw);
  guilds.see(3, "GUILD_UPDATE", text('{"t":"GUILD_UPDATE","s":3,"op":0,"d":{"id":"1","name":}}'));
  guilds.see(4, "GUILD_UPDATE", text("{}"));
  guilds.see(
    5,
    "GUILD_UPDATE",
    text('{"t":"GUILD_UPDATE","s":3,"op":0,"d":{"id":"1","name":"\0"}}'),
  );
  guilds.see(6, "GUILD_UPDATE", text("{"));
  assert.deepEqual([await names(6), lost], [["a"], []]);
});

Deno.test("what is no JSON within changes nothing: whoever gets the guilds could read none of them", async () => {
  const { guilds, see, create, names, got, lost } = setUp({ extras: ["members"] });
  see(1, "READY", READY);
  create(2, "1", "a");
  for (const [i, odd] of ["tru", "[".repeat(2_000) + "]".repeat(2_000)].entries()) {
    const d = `{"guild_id":"1","id":"${i}","odd":${odd}}`;
    const text = `{"t":"CHANNEL_CREATE","s":3,"op":0,"d":${d}}`;
    guilds.see(3 + i, "CHANNEL_CREATE", new TextEncoder().encode(text));
    assert.equal(await got(guilds.find({ kind: "channel", channelId: `${i}` })), null);
  }
  assert.ok(await got(guilds.find({ kind: "channel", channelId: "15" })));
  for (
    const [t, d] of [
      ["GUILD_CREATE", '{"id":"1","name":"b","channels":[{"id":"16","odd":tru}]}'],
      ["GUILD_CREATE", '{"id":"1","name":"b","odd":01}'],
      ["GUILD_MEMBERS_CHUNK", '{"guild_id":"1","members":[{"user":{"id":"7","odd":"\\x"}}]}'],
      ["GUILD_UPDATE", '{"id":"1","name":"b","odd":[1,]}'],
    ] as const
  ) {
    const cursor = guilds.newest + 1;
    guilds.see(cursor, t, new TextEncoder().encode(`{"t":"${t}","s":3,"op":0,"d":${d}}`));
    assert.deepEqual(await names(cursor), ["a"], d);
  }
  assert.deepEqual(lost, []);
});

Deno.test("without room for what nobody takes, the guilds are not known until the next READY", async () => {
  const { see, create, names, lost } = setUp({ room: new TailRoom(2_000) });
  see(1, "READY", READY);
  for (let i = 0; i < 20; i++) create(2 + i, "1", "a");
  assert.equal(lost.length, 1);
  assert.match(lost[0]!, /no room/);
  assert.equal(await names(21), null);
  see(30, "READY", READY);
  create(31, "1", "b");
  assert.deepEqual(await names(31), ["b"]);
});

Deno.test("a log that cannot be read is as good as none: the guilds are not known", async () => {
  const log = new MemoryLog();
  const { see, create, names, lost } = setUp({ room: new TailRoom(1), log });
  see(1, "READY", READY);
  create(2, "1", "a");
  assert.deepEqual(await names(2), ["a"]);
  log.read = () => Promise.reject(new Error("the disk is gone"));
  create(3, "1", "b");
  assert.equal(await names(3), null);
  assert.deepEqual([lost, log.forgotten], [["the disk is gone"], 1]);
});

Deno.test("what was kept is used where it is of the same form, whole, and goes as far as Discord goes on", async () => {
  const first = setUp({ log: new MemoryLog() });
  first.see(1, "READY", READY);
  first.create(2, "1", "a");
  first.guilds.acknowledged(2);
  const base = (await first.got(first.guilds.base()))!;
  assert.deepEqual([base.cursor, base.botId], [2, "7"]);
  const kept = { ...base, parts: [...base.parts], newest: 9 };
  for (const [after, isKnown] of [[9, true], [10, false]] as const) {
    const { guilds, names, lost } = setUp({ log: new MemoryLog() });
    guilds.load(kept);
    guilds.goesOnAfter(after);
    assert.deepEqual(await names(9), isKnown ? ["a"] : null);
    assert.equal(lost.length, isKnown ? 0 : 1);
  }
  const { guilds, names } = setUp();
  assert.throws(() => guilds.load({ ...kept, form: "another" }), { code: "bad_state" });
  assert.throws(
    () => guilds.load({ ...kept, parts: [{ guildId: "1", bytes: new Uint8Array(3) }] }),
    {
      code: "bad_state",
    },
  );
  assert.equal(await names(9), null);
  assert.equal(await setUp().guilds.newest, 0);
});

Deno.test("what was acknowledged and not kept is waited for until Discord has said it again", async () => {
  const first = setUp({ log: new MemoryLog() });
  first.see(1, "READY", READY);
  first.create(2, "1", "a");
  first.guilds.acknowledged(2);
  const base = (await first.got(first.guilds.base()))!;
  const { guilds, clock, create, see, names } = setUp({ log: new MemoryLog() });
  guilds.load({ ...base, parts: [...base.parts], newest: 2 });
  guilds.goesOnAfter(2);
  guilds.acknowledged(5);
  const asked = names(5);
  await clock.slices();
  create(3, "3", "b");
  see(4, "GUILD_UPDATE", { id: "1", name: "c" });
  await clock.slices();
  see(5, "MESSAGE_CREATE", {});
  assert.deepEqual(await asked, ["c", "b"]);
  create(6, "20", "d");
  assert.deepEqual([await names(5), await names(6)], [["c", "b"], ["c", "b", "d"]]);
  assert.equal(await names(4), null, "everybody is done with more");
});

Deno.test("who waits for guilds that are lost hears of it", async () => {
  const first = setUp({ log: new MemoryLog() });
  first.see(1, "READY", READY);
  first.guilds.acknowledged(1);
  const base = (await first.got(first.guilds.base()))!;
  const { guilds, names } = setUp({ log: new MemoryLog() });
  guilds.load({ ...base, parts: [...base.parts], newest: 1 });
  guilds.acknowledged(5);
  const asked = names(5);
  guilds.goesOnAfter(4);
  assert.equal(await asked, null);
});

Deno.test("the form of what is kept hangs on what is kept", () => {
  assert.notEqual(setUp().guilds.form, setUp({ extras: ["voice"] }).guilds.form);
  const [a, b] = [["voice", "members"], ["members", "voice"]] as const;
  assert.equal(setUp({ extras: a }).guilds.form, setUp({ extras: b }).guilds.form);
});

Deno.test("members of a shard that Discord does not tell of are not kept: they would grow old", async () => {
  let intents = 0xffff;
  const { guilds, see, got } = setUp({ extras: ["members"], intents: () => intents });
  const members = [{ user: { id: "8" }, roles: [] }];
  const found = () => got(guilds.find({ kind: "member", guildId: "1", userId: "8" }));
  see(1, "READY", READY);
  see(2, "GUILD_CREATE", { id: "1", members });
  assert.ok(await found());
  intents &= ~INTENTS.GUILD_MEMBERS;
  see(3, "READY", READY);
  see(4, "GUILD_CREATE", { id: "1", members });
  see(5, "GUILD_MEMBER_ADD", { guild_id: "1", user: { id: "8" }, roles: [] });
  assert.equal(await found(), null);
});

Deno.test("guilds as of a cursor are as after what others have served since, each by itself, also where none had come", async () => {
  const cutOf: Record<string, number> = { "1": 4, "3": 6 };
  const { guilds, see, create, clock, names, piece } = setUp({
    served: () => (
      {
        through: 6,
        has: ({ cursor, payload }) => {
          const { t, d } = JSON.parse(new TextDecoder().decode(payload));
          return t === "READY" || cursor <= (cutOf[d.id] ?? 0);
        },
      }
    ),
  });
  see(1, "READY", READY);
  create(2, "1", "a");
  create(3, "3", "b");
  for (const [cursor, id] of [[4, "1"], [5, "1"], [6, "3"], [7, "3"]] as const) {
    see(cursor, "GUILD_UPDATE", { id, name: `${cursor}` });
  }
  const before = (await piece(0))!;
  assert.deepEqual([before.guildIds, before.available], [["1", "3", "20"], 2]);
  assert.deepEqual(await names(0), ["4", "6"]);
  assert.deepEqual(await names(5), ["5", "6"], "what was served, and what came up to there");
  assert.deepEqual(await names(7), ["5", "7"]);
  guilds.acknowledged(2);
  await clock.slices();
  assert.equal(await names(1), null, "somebody is done with more");
});
