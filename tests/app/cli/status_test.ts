import assert from "node:assert/strict";
import { EXIT } from "../../../app/cli/exit.ts";
import { keptStream, runCli, unitAt } from "../../support/cli.ts";
import { createNotedUnit } from "../../support/noted_unit.ts";
import { shard, snapshot } from "../../support/snapshots.ts";

const AT = "http://127.0.0.1:8787";

async function withShards(...shards: ReturnType<typeof shard>[]) {
  const { unit } = createNotedUnit();
  return await unitAt(AT, Object.assign(unit, { snapshot: snapshot({ shards }) }));
}

Deno.test("status prints the unit's shards, and ends with 0 though it is not ready", async () => {
  const request = await withShards(shard(0), shard(1, { state: "queued", reason: "waits" }));
  const { code, out, err } = await runCli(["status"], { request });
  assert.deepEqual([code, err], [EXIT.OK, ""]);
  assert.match(
    out,
    /^gatehouse http:\/\/127\.0\.0\.1:8787 · not ready\n {2}✗ shard 1: queued \(waits\)/,
  );
  assert.match(out, /^ +1 +queued .*waits$/m);
});

Deno.test("status --check ends with 5 unless the unit is ready", async () => {
  const well = await runCli(["status", "--check"], { request: await withShards(shard(0)) });
  const request = await withShards(shard(0, { state: "queued" }));
  const ill = await runCli(["status", "--check"], { request });
  assert.deepEqual([well.code, ill.code], [EXIT.OK, EXIT.NOT_READY]);
});

for (const how of [[], ["--json"]]) {
  Deno.test(`status --check ${how.join(" ")} ends with 5 also where nobody reads what it prints`, async () => {
    const request = await withShards(shard(0, { state: "queued" }));
    const out = { ...keptStream(), write: () => raise(new Deno.errors.BrokenPipe()) };
    const { code, err } = await runCli(["status", "--check", ...how], { request, out });
    assert.deepEqual([code, err], [EXIT.NOT_READY, ""]);
  });
}

Deno.test("status --json is the state, with whether it is ready and why not", async () => {
  const request = await withShards(shard(0, { state: "queued", reason: "waits" }));
  const { out } = await runCli(["status", "--json"], { request });
  const { ready, reasons, shards, totalShards } = JSON.parse(out);
  assert.deepEqual([ready, reasons], [false, ["shard 0: queued (waits)"]]);
  assert.deepEqual([shards.length, shards[0].state, totalShards], [1, "queued", 2]);
});

Deno.test("status of nobody ends with a code of its own, and prints nothing else", async () => {
  const { code, out, err } = await runCli(["status"], { env: { LISTEN_PORT: "9000" } });
  assert.deepEqual([code, out], [EXIT.UNREACHABLE, ""]);
  assert.match(err, /^error: No unit answers at http:\/\/127\.0\.0\.1:9000/);
});

function raise(error: Error): never {
  throw error;
}
