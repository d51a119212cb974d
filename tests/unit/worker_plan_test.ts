import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../config/config.ts";
import type { GatewayController } from "../../unit/controllers.ts";
import { createControllers } from "../../unit/controllers.ts";
import { planWorkers } from "../../unit/worker_plan.ts";
import { shardRange } from "../../protocol/ids.ts";

const none = () => {
  throw new Error("the unit is not asked");
};

function plan(calculateWorkerId?: GatewayController["calculateWorkerId"]) {
  const controllers = createControllers(none);
  if (calculateWorkerId) controllers.gateway.calculateWorkerId = calculateWorkerId;
  return planWorkers({
    config: { ...CONFIG_DEFAULTS, discordToken: "t", shardsPerWorker: 3 },
    shardIds: shardRange(4, 10),
    cores: 8,
    controllers,
  });
}

Deno.test("workers have consecutive shards unless the program has it otherwise", () => {
  assert.deepEqual(plan(), [[4, 5], [6, 7], [8, 9, 10]]);
  assert.deepEqual(plan((shardId) => shardId % 2), [[4, 6, 8, 10], [5, 7, 9]]);
  const swapped = (shardId: number, proposed?: readonly (readonly number[])[]) =>
    shardId === 4 ? 1 : shardId === 6 ? 0 : proposed!.findIndex((ids) => ids.includes(shardId));
  assert.deepEqual(plan(swapped), [[5, 6], [4, 7], [8, 9, 10]]);
});

for (
  const [what, calculate, received] of [
    ["a gap", (shardId: number) => shardId % 2 * 2, "0, 2"],
    ["something else than a number of a worker", (shardId: number) => shardId / 4, "1, 1.25"],
    ["no number", () => NaN, "NaN"],
  ] as const
) {
  Deno.test(`a plan with ${what} is refused`, () => {
    assert.throws(() => plan(calculate), {
      code: "bad_config",
      message: new RegExp(
        `^Cannot plan workers: gateway.calculateWorkerId: expected worker ids .*, received ${received}`,
      ),
    });
  });
}
