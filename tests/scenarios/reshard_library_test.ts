/** Libraries on `/gateway` while their guilds move to another total: every event once, on the same connection. */

import assert from "node:assert/strict";
import { createScenario } from "../support/reshard/scenario.ts";

const WAYS: readonly {
  readonly from: number;
  readonly to: number;
  readonly by: number;
  readonly why: string;
}[] = [
  { from: 2, to: 4, by: 2, why: "the old total" },
  { from: 2, to: 4, by: 4, why: "the new total" },
  { from: 3, to: 4, by: 1, why: "a divisor of both" },
  { from: 4, to: 2, by: 2, why: "the new, smaller total" },
  { from: 2, to: 4, by: 8, why: "a multiple of both" },
];

for (const { from, to, by, why } of WAYS) {
  Deno.test(`libraries that go by ${why} (${by}) while ${from} shards become ${to}`, async () => {
    const scenario = await createScenario({
      from,
      to,
      seed: from * 10 + by,
      sim: { numberEvents: true },
    });
    const { stage } = scenario;
    for (let id = 0; id < by; id++) {
      const library = await stage.identify([id, by]);
      assert.ok(library.got.some(({ t }) => t === "READY"), `no READY for ${id} of ${by}`);
    }
    scenario.begin();
    const done = await scenario.ended();
    assert.equal(done.state, "done", done.reason);
    await scenario.assertWhole({ identifies: { [from]: from, [to]: to }, total: to });
    for (const library of stage.libraries) {
      assert.equal(library.closedWith, null);
      const numbers = library.events().map(({ s }) => s!);
      assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
      assert.equal(library.got.filter(({ t }) => t === "READY").length, 1);
    }
  });
}
