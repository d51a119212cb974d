import assert from "node:assert/strict";
import { silentLog } from "../../../ports/log.ts";
import type { Presence } from "../../../protocol/discord/presence.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import { shardKeyText } from "../../../protocol/ids.ts";
import type { ShardPayload } from "../../../protocol/worker_message.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { type FarCommands, UnitCommands } from "../../../unit/reshard/commands.ts";
import { Voice } from "../../../unit/reshard/voice.ts";
import { memoryStore } from "../../../ports/store.ts";
import { Owners } from "../../../unit/reshard/owners.ts";

/** A guild of shard 0 of 2 and 0 of 4, and so on. */
const GUILDS = [0n, 1n, 2n, 3n].map((place) => String((place << 22n) + 9n));
const [ZERO, ONE, TWO, THREE] = GUILDS as [string, string, string, string];
const IDLE: Presence = { since: null, afk: false, status: "idle", activities: [] };

/** A unit that goes from 2 to 4 shards, whose lots move when the test says so. */
function setUp(far?: FarCommands) {
  const clock = createVirtualClock();
  const sent: string[] = [];
  const moved: number[] = [];
  const state = {
    isEnding: new Set<string>(),
    settled: Promise.resolve(),
    sending: Promise.resolve(),
    presences: new Map<string, Presence>(),
  };
  const commands = new UnitCommands({
    clock,
    log: silentLog,
    ...(far && { far }),
    owners: () => new Owners({ total: 2, move: { to: 4, moved } }),
    settled: () => state.settled,
    poolOf: (shard) => {
      const reach = (what: string) => {
        if (shard.id < 0 || shard.id >= shard.total) {
          throw new GatehouseError("no_shard", "caller", "no such");
        }
        if (state.isEnding.has(shardKeyText(shard))) {
          return Promise.reject(new GatehouseError("not_ready", "host", "it ends"));
        }
        sent.push(`${shardKeyText(shard)} ${what}`);
        return state.sending;
      };
      return {
        // deno-lint-ignore require-await -- what is thrown becomes a rejection
        sendPayload: async (_, payload) => reach(textOf(payload)),
        async requestMembers(_, { guildId }) {
          await reach(`members ${guildId}`);
          return { members: [], notFound: [guildId] };
        },
      };
    },
    voice: new Voice({
      clock,
      log: silentLog,
      store: memoryStore(),
      ask: () => Promise.resolve(Response.json({ channel_id: "5" })),
    }),
    presenceOf: (shard) => state.presences.get(shardKeyText(shard)) ?? null,
  });
  return { clock, commands, sent, moved, state };
}

function textOf({ op, d }: ShardPayload): string {
  const { guild_id, guild_ids } = d as Record<string, unknown>;
  return `${op} ${guild_ids ?? guild_id ?? ""}`.trim();
}

const join = (guild_id: string, channel_id: string | null = "5") => (
  { op: 4, d: { guild_id, channel_id } }
);
const members = (guild_id: string) => ({ op: 8, d: { guild_id, query: "", limit: 0 } });

Deno.test("a command of a guild goes to the shard that has it now, whichever shard is named", async () => {
  const { commands, sent, moved } = setUp();
  await commands.send(1, join(ONE));
  await commands.send(0, members(THREE));
  moved.push(1);
  await commands.send(1, join(ONE, null));
  await commands.send(1, members(THREE));
  await commands.send(3, { op: 43, d: { guild_id: TWO, fields: [] } });
  await commands.requestMembers({ guildId: THREE });
  assert.deepEqual(sent, [
    `1/2 4 ${ONE}`,
    `1/2 8 ${THREE}`,
    `1/4 4 ${ONE}`,
    `3/4 8 ${THREE}`,
    `0/2 43 ${TWO}`,
    `3/4 members ${THREE}`,
  ]);
});

Deno.test("a command of several guilds is divided among their shards", async () => {
  const { commands, sent, moved } = setUp();
  const sounds = { op: 31, d: { guild_ids: GUILDS } };
  await commands.send(0, sounds);
  moved.push(1);
  await commands.send(0, sounds);
  assert.deepEqual(sent, [
    `0/2 31 ${[ZERO, TWO]}`,
    `1/2 31 ${[ONE, THREE]}`,
    `0/2 31 ${[ZERO, TWO]}`,
    `1/4 31 ${ONE}`,
    `3/4 31 ${THREE}`,
  ]);
});

Deno.test("what is of no guild goes to the shard that is named, of whichever total it serves", async () => {
  const { commands, sent, moved } = setUp();
  const presence = { op: 3, d: IDLE };
  await commands.send(1, presence);
  moved.push(1);
  for (const id of [0, 1, 3]) await commands.send(id, presence);
  await commands.send(1, { op: 8, d: { guild_id: "all" } });
  assert.deepEqual(sent, ["1/2 3", "0/2 3", "1/4 3", "3/4 3", "1/4 8 all"]);
  await assert.rejects(commands.send(4, presence), { code: "no_shard" });
  await assert.rejects(commands.send(-1, presence), { code: "no_shard" });
});

Deno.test("what is of no guild goes to who has the guilds of a shard that does not serve", async () => {
  const { commands, sent, moved } = setUp();
  const presence = { op: 3, d: IDLE, totalShards: 2 };
  moved.push(1);
  await commands.send(1, presence);
  await commands.send(1, { ...presence, totalShards: 4 });
  await commands.send(2, { ...presence, totalShards: 4 });
  assert.deepEqual(sent, ["1/4 3", "3/4 3", "1/4 3", "0/2 3"]);
});

Deno.test("a command waits while it is being decided who has its guild", async () => {
  const { clock, commands, sent, moved, state } = setUp();
  const decided = Promise.withResolvers<void>();
  state.settled = decided.promise;
  const waiting = [commands.send(1, join(ONE)), commands.requestMembers({ guildId: ONE })];
  await commands.send(1, { op: 3, d: IDLE });
  await clock.advance(5);
  assert.deepEqual(sent, ["1/2 3"]);
  moved.push(1);
  decided.resolve();
  await Promise.all(waiting);
  assert.deepEqual(sent.slice(1), [`1/4 4 ${ONE}`, `1/4 members ${ONE}`]);
});

Deno.test("a command that a shard could not send before it ended goes to the one that has the guild since", async () => {
  const { clock, commands, sent, moved, state } = setUp();
  state.isEnding.add("1/2");
  const decided = Promise.withResolvers<void>();
  const waiting = [
    commands.send(1, { op: 31, d: { guild_ids: [ONE, THREE] } }),
    commands.requestMembers({ guildId: THREE }),
  ];
  state.settled = decided.promise;
  await clock.advance(5);
  moved.push(1);
  decided.resolve();
  await Promise.all(waiting);
  assert.deepEqual(sent.sort(), [`1/4 31 ${ONE}`, `3/4 31 ${THREE}`, `3/4 members ${THREE}`]);
  state.isEnding.add("1/4");
  await assert.rejects(commands.send(1, join(ONE)), { code: "not_ready" });
});

/** Shard 1 of 2 was held back for a minute and a half, and has ended since. */
async function left({ clock, commands, moved, sent }: ReturnType<typeof setUp>): Promise<void> {
  commands.held(SHARD);
  await clock.advance(90_000);
  moved.push(1);
  sent.length = 0;
  await commands.leave(SHARD);
}
const SHARD = { total: 2, id: 1 };

Deno.test("who has a shard's guilds when it ends is told where the bot is in voice, and what may be unanswered", async () => {
  const unit = setUp();
  const { clock, commands, sent } = unit;
  await commands.send(0, members(ONE));
  await commands.send(0, join(ONE));
  await commands.send(0, join(THREE));
  await commands.send(0, join(ZERO));
  await clock.advance(60_000);
  await commands.send(0, { op: 31, d: { guild_ids: [THREE, ZERO] } });
  await commands.send(0, join(THREE, null));
  await clock.advance(5_000);
  await left(unit);
  assert.deepEqual(sent.toSorted(), [`1/4 4 ${ONE}`, `3/4 31 ${THREE}`]);
  await commands.leave(SHARD);
  assert.equal(sent.length, 2, "once");
});

Deno.test("what a shard is still sending when it ends is told again, too", async () => {
  const unit = setUp();
  const { clock, commands, sent, state } = unit;
  const slow = Promise.withResolvers<void>();
  state.sending = slow.promise;
  const sending = commands.send(1, join(ONE));
  await clock.advance(1);
  state.sending = Promise.resolve();
  commands.held(SHARD);
  unit.moved.push(1);
  const leaving = commands.leave(SHARD);
  await clock.advance(4_000);
  assert.deepEqual(sent, [`1/2 4 ${ONE}`]);
  slow.resolve();
  await Promise.all([sending, leaving]);
  assert.deepEqual(sent, [`1/2 4 ${ONE}`, `1/4 4 ${ONE}`]);
});

Deno.test("who has a shard's guilds is told the presence where it was set since it came up", async () => {
  const unit = setUp();
  unit.state.presences.set("1/2", IDLE).set("1/4", { ...IDLE });
  await left(unit);
  assert.deepEqual(unit.sent, ["3/4 3"]);
});

Deno.test("a shard that rose and ends again, or one that goes on, leaves nothing to anybody", async () => {
  const { commands, sent } = setUp();
  await commands.send(1, join(ONE));
  await commands.leave({ total: 4, id: 1 });
  commands.held(SHARD);
  commands.lifted(SHARD);
  await commands.leave(SHARD);
  assert.equal(sent.length, 1);
});

Deno.test("what cannot be told again keeps nobody else from it", async () => {
  const unit = setUp();
  const { commands, sent, state } = unit;
  await commands.send(0, join(ONE));
  await commands.send(0, join(THREE));
  state.isEnding.add("1/4");
  await left(unit);
  assert.deepEqual(sent, [`3/4 4 ${THREE}`]);
});

Deno.test("what is of a shard of another unit goes there, each with its guilds, and is noted there", async () => {
  const far: string[] = [];
  const { commands, sent } = setUp({
    isFar: ({ id }) => id === 1,
    send: (shard, payload) =>
      Promise.resolve(void far.push(`${shardKeyText(shard)} ${textOf(payload)}`)),
    requestMembers: (shard, { guildId }) => {
      far.push(`${shardKeyText(shard)} members ${guildId}`);
      return Promise.resolve({ members: ["far"], notFound: [] });
    },
  });
  await commands.send(0, { op: 31, d: { guild_ids: [ZERO, ONE, TWO, THREE] } });
  await commands.send(0, { op: 3, d: IDLE });
  await commands.send(1, { op: 3, d: IDLE });
  const { members } = await commands.requestMembers({ guildId: ONE });
  assert.deepEqual(members, ["far"]);
  assert.deepEqual(sent, [`0/2 31 ${ZERO},${TWO}`, "0/2 3"]);
  assert.deepEqual(far, [`1/2 31 ${ONE},${THREE}`, "1/2 3", `1/2 members ${ONE}`]);
  await assert.rejects(commands.send(9, { op: 3, d: IDLE }), { code: "no_shard" });
  await assert.rejects(commands.send(-1, { op: 3, d: IDLE }), { code: "no_shard" });
});

Deno.test("what a shard did not do before it went to another unit is done there, once", async () => {
  const far: string[] = [];
  let isAway = false;
  const { commands, state } = setUp({
    isFar: () => isAway,
    send: ({ id }, payload) => Promise.resolve(void far.push(`${id} ${textOf(payload)}`)),
    requestMembers: ({ id }, { guildId }) => {
      far.push(`${id} members ${guildId}`);
      return Promise.reject(new GatehouseError("away", "peer", "it is away"));
    },
  });
  state.isEnding.add("0/2").add("1/2");
  const going = [commands.send(1, join(ONE)), commands.send(0, { op: 3, d: IDLE })];
  const members = commands.requestMembers({ guildId: ONE });
  isAway = true;
  await Promise.all(going);
  await assert.rejects(members, { code: "away" }, "what fails there has failed");
  assert.deepEqual(far.toSorted(), [`0 3`, `1 4 ${ONE}`, `1 members ${ONE}`]);
});
