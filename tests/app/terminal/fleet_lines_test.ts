import assert from "node:assert/strict";
import { FleetLines } from "../../../app/terminal/fleet_lines.ts";
import { fleet } from "../../support/snapshots.ts";

const unit = (name: string, shards: number, isAlive = true) => ({ unit: name, shards, isAlive });

function told(...fleets: Parameters<typeof fleet>[0][]): string[][] {
  const lines = new FleetLines();
  return fleets.map((each) =>
    lines.of(fleet(each)).map(({ level, event, fields }) =>
      `${level}: ${event} ${JSON.stringify(fields)}`
    )
  );
}

Deno.test("a person is told who is in the fleet, who leads, and how the shards are dealt", () => {
  assert.deepEqual(told({}), [[
    'info: unit is in the fleet {"unit":"b"}',
    'info: unit leads the fleet {"unit":"a"}',
    'info: the shards are dealt {"epoch":7,"a":2,"b":2}',
  ]]);
});

Deno.test("nothing is told twice, nor what is on its way", () => {
  const [, again, moving, done] = told({}, {}, { epoch: 8, moves: 1 }, { epoch: 9 });
  assert.deepEqual([again, moving, done], [[], [], [
    'info: the shards are dealt {"epoch":9,"a":2,"b":2}',
  ]]);
});

Deno.test("one that is not heard of any more is warned of where it had shards, and one that left is not", () => {
  const dead = [unit("a", 2), unit("b", 2, false)];
  const left = [unit("a", 4)];
  const [, gone] = told({}, { units: dead });
  const warning = "unit is not heard of any more, others take its shards";
  assert.deepEqual(gone, [`warn: ${warning} {"unit":"b","shards":2}`]);
  const [, , over] = told({}, { epoch: 8, units: [unit("a", 4), unit("b", 0)] }, {
    epoch: 8,
    units: left,
  });
  assert.deepEqual(over, ['info: unit has left the fleet {"unit":"b"}']);
});
