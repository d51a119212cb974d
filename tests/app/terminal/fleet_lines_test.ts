import assert from "node:assert/strict";
import { FleetLines } from "../../../app/terminal/fleet_lines.ts";
import { fleet } from "../../support/snapshots.ts";

const unit = (name: string, shards: number, isAlive = true) => ({ unit: name, shards, isAlive });

function told(...fleets: Parameters<typeof fleet>[0][]): string[][] {
  const lines = new FleetLines();
  return fleets.map((each) =>
    lines.of(fleet(each)).map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`)
  );
}

Deno.test("a person is told how the shards are dealt once they are, and not twice", () => {
  const [first, again, moving, done] = told({}, {}, { epoch: 8, moves: 1 }, {
    epoch: 9,
    units: [unit("a", 1), unit("b", 3)],
  });
  assert.deepEqual(first, ['the shards are dealt {"epoch":7,"a":2,"b":2}']);
  assert.deepEqual([again, moving], [[], []]);
  assert.deepEqual(done, ['the shards are dealt {"epoch":9,"a":1,"b":3}']);
});

Deno.test("shards of a unit that is away are not dealt, nor are those of nobody", () => {
  const lines = told({ units: [unit("a", 2), unit("b", 2, false)] }, { unowned: 1 }, { epoch: 0 });
  assert.deepEqual(lines, [[], [], []]);
});
