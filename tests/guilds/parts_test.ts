import assert from "node:assert/strict";
import { Guilds } from "../../guilds/guilds.ts";
import { createBody } from "../../guilds/create.ts";
import type { Guild } from "../../guilds/guild.ts";
import { WarmPages } from "../../guilds/page.ts";
import { freeze, guildsOf, partsOf } from "../../guilds/parts.ts";
import type { Work } from "../../guilds/slices.ts";

const ALL = { members: true, presences: true, voice: true };

function run<T>(work: Work<T>): T {
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

const text = (guild: Guild) =>
  new TextDecoder().decode(run(createBody(guild, { intents: 0xffff, largeThreshold: 9e9 }, null)));

function stateOf(members: number): Guilds {
  const guilds = new Guilds(new WarmPages(1 << 20));
  const apply = (t: string, d: unknown) => run(guilds.apply(t, JSON.stringify(d), ALL));
  apply("READY", { user: { id: "7" }, guilds: [{ id: "2" }] });
  const member = (_: unknown, i: number) => {
    const noise = Array.from({ length: 30 }, (_, j) => Math.sin(i * 31 + j)).join();
    return { user: { id: String(i * 7_919) }, nick: `ä${noise}` };
  };
  apply("GUILD_CREATE", {
    id: "1",
    name: "a",
    channels: [],
    members: Array.from({ length: members }, member),
  });
  return guilds;
}

for (const members of [0, 3, 3_000]) {
  Deno.test(`guilds with ${members} members are the same when they have been on disk`, () => {
    const guilds = stateOf(members);
    const parts = [...partsOf(guilds, run(freeze(guilds)))];
    assert.ok(parts.every(({ bytes }) => bytes.length < 300 * 1024));
    const again = guildsOf(parts, new WarmPages(1));
    assert.deepEqual([...again.keys()].toSorted(), ["1", "2"]);
    assert.equal(again.get("2"), null);
    assert.equal(text(again.get("1")!), text(guilds.all.get("1")!));
    if (members === 3_000) assert.ok(parts.length > 2, "it takes several parts");
  });
}

Deno.test("a part that is torn, or missing, is told", () => {
  const guilds = stateOf(3_000);
  const all = [...partsOf(guilds, run(freeze(guilds)))];
  const parts = all.filter(({ bytes }) => bytes.length > 0);
  const read = (some: typeof parts) => guildsOf(some, new WarmPages(1));
  for (const keep of [3, 20, 5_000]) {
    const torn = [{ ...parts[0]!, bytes: parts[0]!.bytes.slice(0, keep) }];
    assert.throws(() => read(torn), { code: "bad_state" }, `${keep} bytes`);
  }
  assert.throws(() => read(parts.slice(1)), { code: "bad_state" });
  assert.throws(() => read(parts.slice(0, 1)), { code: "bad_state" });
});
