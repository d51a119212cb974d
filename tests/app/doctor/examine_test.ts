import assert from "node:assert/strict";
import { CHECKS, examine } from "../../../app/doctor/examine.ts";
import { parseConfig } from "../../../config/parse.ts";
import { factsOf } from "../../support/doctor_facts.ts";

const names = Object.values(CHECKS).flatMap((checks) => Object.keys(checks));

Deno.test("examine() has something to say of everything it looks at, whatever is known", async () => {
  const unknown = { discord: null, nats: [], consumers: [], bots: [] };
  const settings = await parseConfig({ TOTAL_SHARDS: "four" });
  const nowhere = { state: null, port: null, permissions: null };
  for (
    const facts of [
      factsOf(),
      factsOf({ config: { mode: "simulator", discordToken: "" }, rest: unknown }),
      factsOf({ host: nowhere, rest: { ...unknown, settings } }),
    ]
  ) {
    const said = new Set(examine(facts).map(({ check }) => check));
    assert.deepEqual([...said].toSorted(), names.toSorted());
  }
});

const isWrong = ({ verdict }: { verdict: string }) => verdict === "fail" || verdict === "warn";

Deno.test("examine() finds nothing wrong with a unit that could be started", () => {
  assert.deepEqual(examine(factsOf()).filter(isWrong), []);
});

Deno.test("examine() says what to do about whatever is wrong", () => {
  const works = { "zlib-stream": true, "zstd-stream": false, none: true };
  const wrong = examine(factsOf({
    config: { gatewayCompression: "zstd-stream", intents: 1 << 15 },
    host: { deno: "1.0.0", inflates: { works, isFast: true } },
    state: { free: { is: 1 } },
    discord: { aheadMs: 60_000, hello: { failed: "refused" } },
  })).filter(isWrong);
  assert.deepEqual(
    [...new Set(wrong.map(({ check }) => check))],
    ["Deno", "disk", "clock", "compression", "intents", "gateway"],
  );
  assert.ok(wrong.every(({ advice }) => advice !== null && advice !== ""));
});
