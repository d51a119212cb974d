import assert from "node:assert/strict";
import { giveSnapshots, type SnapshotsOptions } from "../../downstream/snapshots.ts";
import type { GuildsPiece } from "../../protocol/guild_pieces.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const turns = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

/** The guilds `0` to `count - 1`, two in a piece. */
function pieceOf(count: number, after: number): GuildsPiece {
  const guildIds = Array.from({ length: count }, (_, i) => String(i));
  const bodies = guildIds.slice(after, after + 2).map((id) => encoder.encode(id));
  return { guildIds, available: count, bodies };
}

/** Gives guilds to a client that reads when it is told to. */
function run(changes: Partial<SnapshotsOptions> = {}) {
  const given: string[] = [];
  const asked: number[] = [];
  let read = Promise.withResolvers<void>();
  const state = { isOver: false };
  const done = giveSnapshots({
    count: 5,
    had: 0,
    next: (after) => {
      asked.push(after);
      return Promise.resolve(pieceOf(5, after));
    },
    give: (body) => void given.push(decoder.decode(body)),
    taken: () => read.promise,
    isOver: () => state.isOver,
    ...changes,
  });
  const takes = async () => {
    read.resolve();
    read = Promise.withResolvers<void>();
    await turns();
  };
  return { given, asked, state, done, takes };
}

Deno.test("giveSnapshots() pulls a piece when the socket has taken the one before", async () => {
  const { given, asked, done, takes } = run();
  await turns();
  assert.deepEqual([given.join(), asked], ["0,1", [0]]);
  await takes();
  assert.deepEqual([given.join(), asked], ["0,1,2,3", [0, 2]]);
  await takes();
  assert.deepEqual([given.join(), asked], ["0,1,2,3,4", [0, 2, 4]]);
  await done;
});

Deno.test("giveSnapshots() goes on after what the client has", async () => {
  const { given, asked, done, takes } = run({ had: 3 });
  await takes();
  await done;
  assert.deepEqual([given.join(), asked], ["3,4", [3]]);
});

Deno.test("giveSnapshots() asks nobody where the client has them all, or there are none", async () => {
  for (const changes of [{ had: 5 }, { count: 0 }]) {
    const { asked, done } = run(changes);
    await done;
    assert.deepEqual(asked, []);
  }
});

Deno.test("giveSnapshots() gives nothing to a client that has gone meanwhile", async () => {
  const { given, state, done, takes } = run();
  await turns();
  state.isOver = true;
  await takes();
  await done;
  assert.equal(given.join(), "0,1");
});

Deno.test("giveSnapshots() ends where the guilds are not known any more", async () => {
  const next = (after: number) => Promise.resolve(after === 0 ? pieceOf(5, 0) : null);
  const { given, done, takes } = run({ next });
  await turns();
  await takes();
  await done;
  assert.equal(given.join(), "0,1");
});

Deno.test("giveSnapshots() says that guilds are others than when the session began", async () => {
  for (const piece of [pieceOf(4, 0), { ...pieceOf(5, 0), bodies: [] }]) {
    assert.equal(await run({ next: () => Promise.resolve(piece) }).done, false);
  }
  assert.equal(await run({ next: () => Promise.resolve(null) }).done, true);
});
