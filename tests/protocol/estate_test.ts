import assert from "node:assert/strict";
import {
  begunAt,
  besideOf,
  canResume,
  cursorFloor,
  type Estate,
  heirOf,
  joined,
  NO_ESTATE,
  parseEstate,
  parseSessionPoint,
  type SessionPoint,
  withCursor,
  withMark,
  withPresence,
  withSafe,
  withSession,
} from "../../protocol/estate.ts";

const FACTS = { user: { id: "1" }, application: { id: "2" }, guildIds: ["3"] };
const GUILDS = { guildIds: ["3"], loadingGuildIds: [] };
const MINUTE_MS = 60_000;

function pointOf(changed: Partial<SessionPoint> = {}): SessionPoint {
  return {
    shardId: 3,
    totalShards: 4,
    intents: 1,
    sessionId: "abc",
    resumeUrl: "wss://resume.test",
    seq: 0,
    base: 0,
    ...changed,
  };
}

const lived = (base = 0): Estate =>
  withSession(NO_ESTATE, { session: pointOf({ base }), facts: FACTS });
const acknowledged = (estate: Estate, cursor: number) => withSafe(estate, { acknowledged: cursor });
const markAt = (cursor: number, atMs = 0) => ({ cursor, mark: "deferred", atMs }) as const;

Deno.test("a shard that never lived starts from cursor 0", () => {
  assert.equal(cursorFloor(NO_ESTATE), 0);
  assert.equal(cursorFloor(withCursor(NO_ESTATE, 0)), 0, "a report says nothing of a life");
});

Deno.test("what the bot acknowledged moves the point on, in the numbers of Discord", () => {
  const estate = acknowledged(lived(100), 107);
  assert.deepEqual([estate.session!.seq, estate.acknowledged], [7, 107]);
  const later = acknowledged(estate, 105);
  assert.deepEqual([later.session!.seq, later.acknowledged], [7, 107], "it went back");
});

Deno.test("an acknowledgement of an earlier session leaves the point of this one alone", () => {
  const session = pointOf({ sessionId: "def", base: 60 });
  const estate = acknowledged(
    withSession(acknowledged(lived(), 40), { session, facts: FACTS }),
    50,
  );
  assert.deepEqual(estate.session, session);
  assert.equal(acknowledged(estate, 60).session!.seq, 0, "the GAP is no event of Discord's");
});

Deno.test("what is on disk moves the point on, and is not taken for acknowledged", () => {
  const estate = withSafe(acknowledged(lived(100), 102), { safe: 107 });
  assert.deepEqual([estate.session!.seq, estate.acknowledged], [7, 102]);
  assert.equal(withSafe(estate, { safe: 105 }).session!.seq, 7, "it went back");
});

Deno.test("the point moves on with what all are done with, the bot with what it is done with", () => {
  const estate = withSafe(lived(100), { acknowledged: 107, safe: 103, readers: { logger: 103 } });
  assert.deepEqual([estate.session!.seq, estate.acknowledged, estate.highest], [3, 107, 107]);
  assert.deepEqual(withSafe(estate, { acknowledged: 108 }).readers, { logger: 103 });
  assert.deepEqual(withSafe(estate, { readers: {} }).readers, {});
});

Deno.test("an heir of another total leaves nobody out who has not read all", () => {
  const estate = withSafe(lived(100), { acknowledged: 107, safe: 103, readers: { logger: 103 } });
  assert.deepEqual(heirOf(estate).readers, { logger: 103 });
});

Deno.test("parseEstate() knows no reader whose name could be a path", () => {
  const readers = { logger: 3, "../x": 3, Logger: 3, audit: "3", "": 3 };
  assert.deepEqual(parseEstate({ ...NO_ESTATE, readers }).readers, { logger: 3 });
});

Deno.test("the guilds are those of what is safe, and stay where they have not changed", () => {
  const estate = withSafe(lived(), { acknowledged: 2, guilds: GUILDS });
  assert.equal(estate.guilds, GUILDS);
  assert.equal(acknowledged(estate, 3).guilds, GUILDS);
});

Deno.test("a shard that lived begins a new session far above what may have been given out", () => {
  for (
    const estate of [
      withSession(acknowledged(lived(), 1_000), null),
      withSession(withCursor(lived(), 1_000), null),
      lived(1_000),
      acknowledged(NO_ESTATE, 1_000),
    ]
  ) {
    assert.ok(cursorFloor(estate) > 1_000_000, `${cursorFloor(estate)}`);
  }
  assert.equal(withSession(lived(), null).session, null);
  assert.ok(cursorFloor(withSession(NO_ESTATE, null)) > 0);
});

Deno.test("cursors that were given out do not go back", () => {
  const estate = withCursor(lived(), 9);
  assert.equal(withCursor(estate, 8), estate);
});

Deno.test("a mark is kept until the bot has dealt with its event", () => {
  const estate = [5, 6, 9].reduce((it, cursor) => withMark(it, markAt(cursor)), lived());
  const cursors = ({ marks }: Estate) => marks.map(({ cursor }) => cursor);
  assert.equal(acknowledged(estate, 4).marks, estate.marks);
  assert.deepEqual(cursors(acknowledged(estate, 6)), [9]);
  assert.deepEqual(cursors(withSafe(estate, { safe: 9 })), [5, 6, 9]);
  assert.equal(withMark(acknowledged(estate, 9), markAt(8)).marks.length, 0);
});

Deno.test("a mark is forgotten when the interaction's token is dead", () => {
  const first = withMark(withMark(lived(), markAt(1)), markAt(2, MINUTE_MS));
  const later = withMark(first, markAt(3, 15 * MINUTE_MS));
  assert.deepEqual(later.marks.map(({ cursor }) => cursor), [2, 3]);
});

Deno.test("an heir of another total has the cursors and what waits, and no session", () => {
  const estate = withMark(
    acknowledged(withSafe(lived(), { safe: 8, guilds: GUILDS }), 5),
    markAt(7),
  );
  const presence = { status: "idle" };
  assert.deepEqual(heirOf(withPresence(estate, presence)), {
    ...NO_ESTATE,
    highest: 8,
    acknowledged: 5,
    marks: [markAt(7)],
    presence,
  });
});

Deno.test("parseEstate() takes no presence that Discord could not read", () => {
  const presence = { status: "idle", activities: "chess" };
  assert.equal(parseEstate({ ...NO_ESTATE, presence }).presence, null);
});

Deno.test("parseEstate() reads what was written down", () => {
  const estate = withMark(withSafe(lived(100), { acknowledged: 107, guilds: GUILDS }), markAt(108));
  assert.deepEqual(parseEstate(JSON.parse(JSON.stringify(estate))), estate);
});

Deno.test("parseEstate() leaves out what is not what it should be, and takes a shard for one that lived", () => {
  for (const other of [undefined, null, 7, "text", [], {}]) {
    assert.deepEqual(parseEstate(other), { ...NO_ESTATE, highest: 0 });
  }
  const garbled = {
    session: { ...pointOf(), seq: "7" },
    highest: -1,
    acknowledged: 1.5,
    guilds: { guildIds: "all" },
    marks: [null, [1, "deferred", 0], markAt(-1), { ...markAt(2), mark: "x" }, markAt(3)],
    facts: { guildIds: null },
  };
  assert.deepEqual(parseEstate(garbled), { ...NO_ESTATE, highest: 0, marks: [markAt(3)] });
});

const point: SessionPoint = {
  shardId: 3,
  totalShards: 8,
  intents: 513,
  sessionId: "abc",
  resumeUrl: "wss://us.discord.gg",
  seq: 42,
  base: 1000,
};

Deno.test("joined() gives up a session that another has followed, and no cursor that was given out", () => {
  const estate = { ...NO_ESTATE, session: pointOf({ base: 10, seq: 5 }), highest: 3 };
  const near = joined({ ...estate, acknowledged: 40 });
  assert.deepEqual([near.session, near.highest], [estate.session, 40]);
  const far = joined({ ...estate, acknowledged: 2_000_000 });
  assert.deepEqual([far.session, far.highest], [null, 2_000_000]);
  assert.equal(joined(estate).highest, 15);
  assert.equal(joined({ ...estate, highest: 99 }).highest, 99);
});

Deno.test("parseEstate() believes no cursor that a record has no room for", () => {
  for (const cursor of [2 ** 47 + 1, 2 ** 48, 2 ** 52]) {
    const { highest, acknowledged } = parseEstate({ highest: cursor, acknowledged: cursor });
    assert.deepEqual([highest, acknowledged], [0, 0]);
    assert.equal(parseSessionPoint(pointOf({ base: cursor })), undefined);
  }
  assert.equal(parseSessionPoint(pointOf({ base: 2 ** 47, seq: 1 })), undefined);
});

Deno.test("canResume() wants the same shard, the same count and the same intents", () => {
  assert.equal(canResume(point, { shardId: 3, totalShards: 8, intents: 513 }), true);
  for (const other of [{ shardId: 4 }, { totalShards: 16 }, { intents: 1 }]) {
    assert.equal(canResume(point, { shardId: 3, totalShards: 8, intents: 513, ...other }), false);
  }
});

Deno.test("canResume() takes a session that lacks what Discord refused, unless it has to be whole", () => {
  const narrow = { ...point, intents: 1, wanted: 513 };
  const shard = { shardId: 3, totalShards: 8, intents: 513 };
  assert.equal(canResume(narrow, shard), true);
  assert.equal(canResume(narrow, { ...shard, isWhole: true }), false);
  assert.equal(canResume(point, { ...shard, isWhole: true }), true);
  // The same intents, but now nothing more is wanted.
  assert.equal(canResume(narrow, { ...shard, intents: 1 }), false);
});

Deno.test("parseSessionPoint() keeps which intents were wanted, where it says so", () => {
  const narrow = { ...point, intents: 1, wanted: 513 };
  assert.deepEqual(parseSessionPoint(narrow), narrow);
  assert.deepEqual(parseSessionPoint({ ...point, wanted: "all" }), point);
});

Deno.test("parseSessionPoint() keeps when a session began, where that is known", () => {
  const { session } = begunAt({ session: point, facts: FACTS }, 1_700_000_000_000);
  assert.deepEqual(session, { ...point, beganAtMs: 1_700_000_000_000 });
  assert.deepEqual(parseSessionPoint(JSON.parse(JSON.stringify(session))), session);
  assert.deepEqual(parseSessionPoint({ ...point, beganAtMs: "long ago" }), point);
  assert.equal(begunAt({ session: null, facts: FACTS }, 5).session, null);
});

Deno.test("parseSessionPoint() gives back a point that was written as JSON", () => {
  assert.deepEqual(parseSessionPoint(JSON.parse(JSON.stringify(point))), point);
});

Deno.test("parseSessionPoint() leaves out what it does not know", () => {
  assert.deepEqual(parseSessionPoint({ ...point, later: true }), point);
});

Deno.test("parseSessionPoint() does without a host that nobody could connect to", () => {
  for (const resumeUrl of [undefined, null, {}, -1, true, "", "::", "https://x", "wss://"]) {
    assert.deepEqual(parseSessionPoint({ ...point, resumeUrl }), { ...point, resumeUrl: null });
  }
});

Deno.test("parseSessionPoint() refuses a point with a field missing or of another kind", () => {
  for (const field of Object.keys(point).filter((name) => name !== "resumeUrl")) {
    for (const value of [undefined, null, {}, -1, 1.5, NaN, true, "", 2 ** 53 - 1]) {
      if (value === 2 ** 53 - 1 && !["seq", "base"].includes(field)) continue;
      assert.equal(parseSessionPoint({ ...point, [field]: value }), undefined, `${field} ${value}`);
    }
  }
  for (const value of [undefined, null, "point", 3, []]) {
    assert.equal(parseSessionPoint(value), undefined);
  }
});

Deno.test("besideOf() begins above all that its id has given out, with the readers of its parents", () => {
  const parents = [
    { ...NO_ESTATE, readers: { logger: 7 } },
    { ...NO_ESTATE, readers: { logger: 9, stats: 3 }, presence: { status: "idle" } },
  ];
  const begun = besideOf(null, 1_000, parents);
  const floor = cursorFloor(begun);
  assert.ok(floor > 2 ** 32, "those before it go on meanwhile, and are not to catch up");
  assert.deepEqual(begun.readers, { logger: floor, stats: floor });
  assert.deepEqual([begun.presence, begun.acknowledged], [{ status: "idle" }, begun.highest]);
  assert.deepEqual(besideOf(null, null, []), NO_ESTATE);
  assert.ok(cursorFloor(besideOf(null, null, parents)) > 0, "so that its beginning can be told");
  const own = { ...begun, readers: { stats: floor + 4 }, highest: floor + 5, presence: null };
  assert.deepEqual(besideOf(own, 1, parents), {
    ...own,
    readers: { logger: floor + 5, stats: floor + 4 },
  });
});
