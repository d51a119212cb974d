import assert from "node:assert/strict";
import { EXIT } from "../../../app/cli/exit.ts";
import type { Snapshot } from "../../../protocol/status.ts";
import { runCli, statesAt, unitAt } from "../../support/cli.ts";
import { createNotedUnit } from "../../support/noted_unit.ts";
import { lots, reshard } from "../../support/reshards.ts";
import { snapshot } from "../../support/snapshots.ts";

const AT = "http://127.0.0.1:8787";

async function run(...args: string[]) {
  const { unit, called } = createNotedUnit();
  const request = await unitAt(AT, unit);
  return { ...await runCli(["reshard", ...args], { request }), called };
}

Deno.test("reshard 4 begins, and says what it takes and where to look", async () => {
  const { code, out, called } = await run("4");
  assert.equal(code, EXIT.OK);
  assert.deepEqual(called, [["begin", 4, "operator"]]);
  assert.match(
    out,
    /^The reshard from \d+ to 4 shards begins: .* identifies of .* left for it today\.$/m,
  );
  assert.match(out, /gatehouse reshard --watch/);
});

Deno.test("one lot is one, and one identify", async () => {
  const begun = Response.json(
    reshard({ from: 1, to: 1 + 4, lots: lots(4, 5), identifiesNeeded: 1 }),
  );
  const { out } = await runCli(["reshard", "5"], { request: () => Promise.resolve(begun) });
  assert.match(out, / begins: 1 lot of guilds, 1 identify of 898 that are left/);
});

Deno.test("what the unit refuses is told in its words", async () => {
  const { code, err } = await run("2");
  assert.equal(code, EXIT.REFUSED);
  assert.match(err, /^error: Cannot .*there are 2 already/);
  const paused = await run("pause");
  assert.equal(paused.code, EXIT.REFUSED);
  assert.match(paused.err, /no reshard is under way/);
});

Deno.test("pause, resume and cancel steer the one that is under way", async () => {
  for (const how of ["pause", "resume", "cancel"]) {
    const paths: string[] = [];
    const request: typeof fetch = (input) => {
      paths.push(new URL(String(input)).pathname);
      return Promise.resolve(Response.json(reshard({ state: "paused" })));
    };
    const { code, out } = await runCli(["reshard", how], { request });
    assert.deepEqual([code, paths], [EXIT.OK, [`/control/reshard/${how}`]]);
    assert.match(out, /^reshard 2 → 4 paused/);
  }
});

Deno.test("without an argument it says how the reshard stands, or that there was none", async () => {
  const say = async (state: Snapshot) =>
    (await runCli(["reshard"], { request: statesAt(state) })).out;
  assert.match(await say(snapshot({ reshard: reshard() })), /^reshard 2 → 4 running/);
  assert.match(
    await say(snapshot({ reshard: reshard({ state: "done" }) })),
    /^The reshard .* done/,
  );
  assert.equal(await say(snapshot()), "There has been no reshard since the unit started.\n");
  const { out } = await runCli(["reshard", "--json"], { request: statesAt(snapshot()) });
  assert.equal(out, "null\n");
});

Deno.test("what is neither a number nor a verb is told, with the nearest", async () => {
  const misspelt = await run("puase");
  assert.equal(misspelt.code, EXIT.USAGE);
  assert.match(
    misspelt.err,
    /Expected a number of shards, pause, resume or cancel\.\n\(Did you mean pause\?\)/,
  );
  assert.match((await run("0")).err, /Expected a whole number from 1 to \d+/);
  assert.deepEqual((await run("0")).called, []);
});
