import assert from "node:assert/strict";
import { annotate } from "../../../protocol/discord/body.ts";
import { identityOf } from "../../../protocol/discord/identity.ts";
import { type EventRecord, gapRecord, RECORD } from "../../../protocol/event_frame.ts";
import type { Cuts } from "../../../protocol/reshard.ts";
import { asServed, isServed } from "../../../workers/handover/served.ts";

/** Guild 4194304 is shard 1 of 2; it had guilds 4194304 and 12582912, and not 20971520. */
const [A, B, NEW] = ["4194304", "12582912", "20971520"] as const;
const CUTS: Cuts = {
  from: [{ total: 2, id: 1 }],
  through: 100,
  guilds: { [A]: 50, "": 30 },
  others: 80,
  loads: [NEW],
  mayRepeat: [B],
};

function dispatch(cursor: number, t: string, d: unknown): EventRecord {
  const body = new TextEncoder().encode(JSON.stringify({ t, s: cursor, op: 0, d }));
  return { shardId: 3, kind: RECORD.DISPATCH, cursor, body };
}

const sent = (record: EventRecord) => asServed(record, CUTS, identityOf);
const message = (cursor: number, guildId?: string) =>
  dispatch(cursor, "MESSAGE_CREATE", { id: `${cursor}`, ...guildId && { guild_id: guildId } });
/** Kinds of what is sent for messages of a guild with these cursors. */
const kinds = (guildId: string | undefined, ...cursors: number[]) =>
  cursors.map((cursor) => sent(message(cursor, guildId)).kind);

Deno.test("asServed() leaves out what others have served, guild by guild, and delivers the rest", () => {
  const { DISPATCH, SERVED } = RECORD;
  assert.deepEqual(kinds(A, 1, 50, 51), [SERVED, SERVED, DISPATCH]);
  assert.deepEqual(kinds(B, 80, 81, 100), [SERVED, DISPATCH, DISPATCH]);
  assert.deepEqual(kinds(undefined, 30, 31), [SERVED, DISPATCH]);
  const { body, ...served } = sent(message(7, A));
  assert.deepEqual([served, body.length], [{ shardId: 3, kind: SERVED, cursor: 7 }, 0]);
  const record = message(51, A);
  assert.equal(sent(record), record);
});

Deno.test("asServed() delivers everything above what was cut, whatever a guild's cut is", () => {
  const record = message(101, A);
  assert.equal(
    asServed(record, { ...CUTS, others: 999, guilds: { [A]: 999 } }, identityOf),
    record,
  );
});

Deno.test("asServed() says of a guild that loads that it has moved, and where from", () => {
  const create = (id: string, guild = "loaded") => {
    const record = dispatch(9, "GUILD_CREATE", { id, name: "x".repeat(2_000) });
    return { ...record, body: annotate(record.body, { guild }) };
  };
  const json = ({ body }: EventRecord) => JSON.parse(new TextDecoder().decode(body));
  const moved = sent(create(A));
  assert.deepEqual([moved.kind, moved.cursor], [RECORD.MOVED, 9]);
  assert.deepEqual(json(moved), { guildId: A, from: { total: 2, id: 1 }, mayRepeat: false });
  assert.equal(json(sent(create(B))).mayRepeat, true);
  const dd = dispatch(60, "GUILD_LOADED_DD", { id: A });
  assert.equal(sent(dd).kind, RECORD.MOVED, "after its cut, too: the bot has the guild");
  const fresh = create(NEW);
  assert.equal(sent(fresh), fresh, "the bot has not had it");
  const late = { ...create(A), cursor: 101 };
  assert.equal(sent(late), late);
});

Deno.test("asServed() serves what is the session's own, and leaves its RESUMED out", () => {
  for (const [t, d] of [["READY", { v: 10 }], ["GUILD_MEMBERS_CHUNK", { guild_id: A }]] as const) {
    const record = dispatch(3, t, d);
    assert.equal(sent(record), record, t);
  }
  assert.equal(sent(dispatch(4, "RESUMED", {})).kind, RECORD.SERVED);
  assert.equal(sent(dispatch(101, "RESUMED", {})).kind, RECORD.DISPATCH);
});

Deno.test("asServed() tells a GAP where something may be missing, not where others have served all before it", () => {
  const gap = (to: number) => gapRecord(3, { from: null, to, count: null, reason: "lost" });
  assert.equal(sent(gap(30)).kind, RECORD.SERVED);
  const told = gap(31);
  assert.equal(sent(told), told);
  const none = gap(1);
  assert.equal(asServed(none, { ...CUTS, guilds: {}, others: 0 }, identityOf), none);
});

Deno.test("asServed() throws for what cannot be read", () => {
  const body = new TextEncoder().encode("no JSON");
  assert.throws(() => sent({ ...message(5), body }), SyntaxError);
});

Deno.test("isServed() tells what guilds as of an earlier cursor are as after: what does not come, and READY", () => {
  const rows: readonly (readonly [cursor: number, t: string, d: object, isServed: boolean])[] = [
    [2, "READY", { guilds: [] }, true],
    [50, "GUILD_UPDATE", { id: A }, true],
    [51, "GUILD_UPDATE", { id: A }, false],
    [9, "GUILD_CREATE", { id: B }, true],
    [9, "GUILD_CREATE", { id: NEW }, false],
    [9, "GUILD_MEMBERS_CHUNK", { guild_id: A, members: [] }, false],
    [101, "READY", { guilds: [] }, false],
  ];
  for (const [cursor, t, d, is] of rows) {
    const { body: payload } = dispatch(cursor, t, d);
    assert.equal(isServed({ cursor, payload }, CUTS, identityOf), is, `${t} ${cursor}`);
  }
});
