import assert from "node:assert/strict";
import { shardKeyText } from "../../../protocol/ids.ts";
import type { Side } from "../../../unit/reshard/lots/sides.ts";
import { toldSide } from "../../../unit/reshard/told_side.ts";

Deno.test("who is to hear what a shard was told hears it before that ends, and knows since when it is held", async () => {
  const done: string[] = [];
  const note = (what: string) => (id: number) => void done.push(`${what} ${id}`);
  const held = { through: 1, guildIds: [], atMs: 0 };
  const side: Side = {
    bringUp: note("bring up"),
    watch: note("watch"),
    serve: note("serve"),
    lift: note("lift"),
    hold: (id) => (note("hold")(id), Promise.resolve(held)),
    hear: (id) => Promise.resolve(note("hear")(id)),
    endShard: (id) => Promise.resolve(note("end")(id)),
  };
  const leaving = Promise.withResolvers<void>();
  const noteKey = (what: string) => (key: { total: number; id: number }) =>
    void done.push(`${what} ${shardKeyText(key)}`);
  const told = toldSide(2, side, {
    held: noteKey("held"),
    lifted: noteKey("lifted"),
    leave: (key) => (noteKey("leave")(key), leaving.promise),
  });
  told.bringUp(1, { kind: "rises" });
  told.watch(1, true);
  assert.equal(await told.hold(1), held);
  told.lift(1);
  await told.hear(1);
  told.serve(1, { from: [], through: 0, guilds: {}, others: 0, loads: [], mayRepeat: [] });
  const ending = told.endShard(1);
  leaving.resolve();
  await ending;
  assert.deepEqual(done, [
    "bring up 1",
    "watch 1",
    "held 1/2",
    "hold 1",
    "lifted 1/2",
    "lift 1",
    "hear 1",
    "serve 1",
    "leave 1/2",
    "end 1",
  ]);
});
