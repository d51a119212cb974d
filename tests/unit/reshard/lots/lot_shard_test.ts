import assert from "node:assert/strict";
import { type Estate, NO_ESTATE } from "../../../../protocol/estate.ts";
import type { Seen } from "../../../../protocol/reshard.ts";
import type { ShardStatus } from "../../../../protocol/status.ts";
import {
  DEAD_AFTER_MS,
  doneOf,
  KEEPS_UP_MS,
  LOAD_MS,
  LotShard,
} from "../../../../unit/reshard/lots/lot_shard.ts";

const READY = { shardId: 3, state: "ready", reason: "", sinceMs: 0, connection: 1 } as const;
const session = (seq: number, intents = 1) => (
  { shardId: 3, totalShards: 4, intents, sessionId: "s", resumeUrl: null, seq, base: 100 }
);
const facts = (...guildIds: string[]) => ({ user: null, application: null, guildIds });
const seen = (...guildIds: string[]): Seen[] =>
  guildIds.map((guildId, i) => ({ cursor: i + 1, guildId, key: null, atMs: 0 }));

function made(status: Partial<ShardStatus> = {}, estate: Partial<Estate> = {}) {
  const at = {
    status: { ...READY, ...status } as ShardStatus,
    estate: { ...NO_ESTATE, ...estate },
  };
  const sides = { statusOf: () => at.status, estateOf: () => at.estate };
  return { at, shard: new LotShard({ id: 3, total: 4 }, sides) };
}

Deno.test("loadsWith() waits until the shard is ready and something has come of each of its guilds", () => {
  const { at, shard } = made({ state: "queued", reason: "waiting to identify" });
  assert.equal(shard.loadsWith(0), "shard 3 of 4 is queued: waiting to identify");
  at.status = READY;
  at.estate = { ...NO_ESTATE, session: session(0), facts: facts("1", "2") };
  assert.equal(shard.loadsWith(0), "2 guilds of shard 3 of 4 have not loaded");
  shard.see(seen("", "1"), 10);
  assert.deepEqual(shard.loaded, ["1"]);
  assert.equal(shard.loadsWith(10), "1 guilds of shard 3 of 4 have not loaded");
  shard.see(seen("2", "5"), 20);
  assert.equal(shard.loadsWith(20), null);
  assert.deepEqual(shard.loaded, ["1", "2", "5"]);
});

Deno.test("loadsWith() waits for guilds that are down no longer than a minute, anew for each session", () => {
  const { at, shard } = made({}, { session: session(0), facts: facts("1") });
  assert.ok(shard.loadsWith(0));
  assert.ok(shard.loadsWith(LOAD_MS - 1));
  assert.equal(shard.loadsWith(LOAD_MS), null);
  at.estate = { ...at.estate, facts: facts("1") };
  assert.ok(shard.loadsWith(LOAD_MS + 1));
});

Deno.test("loadsWith() takes guilds for loaded that had in an earlier life, and none that load in no case", () => {
  const guilds = { guildIds: ["1", "2"], loadingGuildIds: ["2"] };
  const known = { guilds, facts: facts("1", "2") };
  // Nothing of this session is safe: what is known of guilds is of the one before it.
  assert.match(made({}, { ...known, session: session(0) }).shard.loadsWith(0)!, /^2 guilds/);
  assert.match(made({}, { ...known, session: session(9) }).shard.loadsWith(0)!, /^1 guilds/);
  assert.equal(made({}, { ...known, session: session(0, 512) }).shard.loadsWith(0), null);
});

Deno.test("a guild that the bot was taken out of is not of the shard any more", () => {
  const { shard } = made({}, { session: session(0), facts: facts("1", "2") });
  shard.see(seen("1", "2"), 0);
  shard.see([{ cursor: 9, guildId: "1", key: "~GUILD_DELETE left 1", atMs: 0 }], 0);
  assert.deepEqual([...shard.guildIds], ["2"]);
});

Deno.test("brokenBy tells of another state and of another connection since the shard was whole", () => {
  const { at, shard } = made();
  assert.equal(shard.brokenBy, "shard 3 of 4 has reconnected");
  shard.isWhole();
  assert.equal(shard.brokenBy, null);
  at.status = { ...READY, connection: 2 };
  assert.equal(shard.brokenBy, "shard 3 of 4 has reconnected");
  at.status = { ...READY, state: "resuming", reason: "RESUME sent" };
  assert.equal(shard.brokenBy, "shard 3 of 4 is resuming: RESUME sent");
});

Deno.test("isDead() believes a shard that has stopped after a while: it may be started again", () => {
  const { shard } = made({ state: "stopped", sinceMs: 1_000 });
  assert.equal(shard.isDead(1_000 + DEAD_AFTER_MS - 1), false);
  assert.equal(shard.isDead(1_000 + DEAD_AFTER_MS), true);
  assert.equal(made().shard.isDead(Infinity), false);
});

Deno.test("behind() tells who has not dealt with what came some seconds ago, or up to a cursor", () => {
  const { at, shard } = made({}, { acknowledged: 4 });
  shard.tick(0);
  shard.see(seen("1", "1", "1", "1", "1"), 0);
  shard.tick(KEEPS_UP_MS);
  assert.equal(shard.behind(), null, "it has come just now");
  shard.tick(2 * KEEPS_UP_MS);
  assert.equal(shard.behind(), "the bot is not done with what came on shard 3 of 4");
  at.estate = { ...at.estate, acknowledged: 5, readers: { logger: 4 } };
  assert.equal(shard.behind(), "the reader logger is not done with what came on shard 3 of 4");
  assert.equal(shard.behind(4), null);
});

Deno.test("doneOf() is where the slowest is", () => {
  assert.equal(doneOf({ ...NO_ESTATE, acknowledged: 7 }), 7);
  assert.equal(doneOf({ ...NO_ESTATE, acknowledged: 7, readers: { a: 9, b: 3 } }), 3);
});
