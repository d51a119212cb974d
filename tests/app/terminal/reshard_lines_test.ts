import assert from "node:assert/strict";
import { reshardLine, ReshardLines } from "../../../app/terminal/reshard_lines.ts";
import type { LotPhase, ReshardSnapshot } from "../../../protocol/reshard.ts";
import { lots, reshard } from "../../support/reshards.ts";

/** The lines that these changes are worth, one after another. */
function told(...changes: ReshardSnapshot[]): string[] {
  const lines = new ReshardLines();
  return changes.flatMap((each) => lines.of(each)).map(({ level, event, fields }) =>
    `${level} ${event} ${JSON.stringify(fields)}`
  );
}

Deno.test("ReshardLines tells how a reshard begins, shard by shard how it goes on, and what it took", () => {
  const step = (...phases: LotPhase[]) => ({ lots: lots(2, 4, ...phases) });
  const one = { guildsMoved: 800, anchors: 600, quiet: 200, identifiesSpent: 3, leftMs: 9_000 };
  const both = { guildsMoved: 1_600, anchors: 1_300, quiet: 299, forced: 1, identifiesSpent: 4 };
  const lines = told(
    reshard({ leftMs: 20_000 }),
    reshard(step("rising", "rising")),
    reshard(step("holding", "comparing")),
    reshard({ ...step("moved", "holding"), ...one, identifiesLeft: 895 }),
    reshard({ ...step("moved", "moved"), ...both, identifiesLeft: 894, leftMs: 0 }),
    reshard({ ...step("moved", "moved"), ...both, identifiesLeft: 894, state: "done" }),
  );
  assert.deepEqual(lines, [
    'info reshard begins {"from":2,"to":4,"by":"operator","identifiesNeeded":4,' +
    '"identifiesLeft":898,"left":"20 s"}',
    'info shards serve in place of others {"shards":"0, 2 of 4","inPlaceOf":"0 of 2",' +
    '"moved":"1 of 2 lots","guilds":800,"anchors":600,"quiet":200,"forced":0,' +
    '"identifiesSpent":3,"identifiesLeft":895,"left":"9 s"}',
    'info shards serve in place of others {"shards":"1, 3 of 4","inPlaceOf":"1 of 2",' +
    '"moved":"2 of 2 lots","guilds":1600,"anchors":1300,"quiet":299,"forced":1,' +
    '"identifiesSpent":4,"identifiesLeft":894,"left":"0 s"}',
    'info reshard is done {"from":2,"to":4,"guilds":1600,"anchors":1300,"quiet":299,"forced":1,' +
    '"identifiesSpent":4,"identifiesLeft":894}',
  ]);
});

Deno.test("ReshardLines tells of a thousand shards in about twenty lines", () => {
  const moved = (count: number) =>
    reshard({
      from: 1_000,
      to: 2_000,
      lots: lots(1_000, 2_000, ...Array.from({ length: count }, (): LotPhase => "moved")),
    });
  const lines = told(...Array.from({ length: 1_001 }, (_, count) => moved(count)));
  assert.equal(lines.length, 21);
  assert.match(lines[1]!, /"shards":"0-49, 1000-1049 of 2000","inPlaceOf":"0-49 of 1000"/);
  assert.match(lines.at(-1)!, /"moved":"1000 of 1000 lots"/);
});

Deno.test("ReshardLines tells how it is steered, and why it ended", () => {
  const reason = "Discord does not take shard 0 of 4";
  const lines = told(
    reshard(),
    reshard({ state: "paused", reason: "asked to" }),
    reshard({ state: "paused", reason: "asked to" }),
    reshard({ leftMs: 65_000 }),
    reshard({ state: "cancelling" }),
    reshard({ state: "cancelling", lots: lots(2, 4, "moved") }),
    reshard({ state: "cancelled", lots: lots(2, 4, "moved", "moved") }),
    reshard({ startedAtMs: 9 }),
    reshard({ startedAtMs: 9, state: "failed", reason }),
  );
  assert.deepEqual(lines.slice(1, 5).concat(lines.slice(6)), [
    'info reshard is paused {"from":2,"to":4,"reason":"asked to"}',
    'info reshard goes on {"from":2,"to":4,"left":"1 min 5 s"}',
    'warn reshard is taken back {"from":2,"to":4}',
    'warn reshard was taken back {"from":2,"to":4}',
    `error reshard failed {"from":2,"to":4,"reason":"${reason}"}`,
  ]);
  assert.match(lines[5]!, /^info reshard begins/);
});

Deno.test("ReshardLines tells of one that an earlier life began how far it is", () => {
  const [line, ...others] = told(
    reshard({ lots: lots(2, 4, "moved") }),
    reshard({ lots: lots(2, 4, "moved", "rising") }),
  );
  assert.equal(
    line,
    'info reshard is running {"from":2,"to":4,"by":"operator","moved":"1 of 2 lots",' +
      '"identifiesNeeded":4,"identifiesLeft":898}',
  );
  assert.deepEqual(others, []);
});

Deno.test("reshardLine() says where it has got to, while it is under way", () => {
  const on = reshard({
    lots: lots(4, 8, "moved", "holding", "rising", "rising"),
    from: 4,
    to: 8,
    guildsMoved: 812,
    identifiesSpent: 5,
    identifiesLeft: 893,
    leftMs: 9_000,
  });
  assert.equal(
    reshardLine(on),
    "reshard 4 → 8 running · about 9 s left · 1 of 4 lots moved, rising 2, holding 1 · 812 guilds · " +
      "5 identifies, 893 left",
  );
  // The bar of `gatehouse reshard --watch` stands before it, on a terminal of 80 columns.
  assert.ok(reshardLine(on).indexOf("about 9 s left") + "about 9 s left".length < 80 - 25);
  assert.match(
    reshardLine({ ...on, identifiesSpent: 1, guildsMoved: 1 }),
    /· 1 guild · 1 identify, /,
  );
  const paused = reshardLine({ ...on, state: "paused", forced: 2, leftMs: null });
  assert.match(paused, /^reshard 4 → 8 paused · .* 812 guilds \(2 forced\) · .* 893 left$/);
  assert.match(
    reshardLine({ ...on, state: "cancelling" }),
    /cancelling · about 9 s left · 1 of 4 lots back, rising/,
  );
  assert.deepEqual([reshardLine(null), reshardLine({ ...on, state: "done" })], ["", ""]);
});
