import assert from "node:assert/strict";
import { NO_ESTATE } from "../../protocol/estate.ts";
import type { ShardKeyText } from "../../protocol/ids.ts";
import {
  lastOfEachId,
  overPoint,
  parsePoints,
  type Point,
  pointOf,
} from "../../store/estate_points.ts";

const at = (highest: number): Point => pointOf({ ...NO_ESTATE, highest });

function last(points: Record<ShardKeyText, Point>, total: number): string[] {
  const keys = lastOfEachId(Object.entries(points) as [ShardKeyText, Point][], total);
  return keys.map(({ id, total }) => `${id}/${total}`).sort();
}

Deno.test("lastOfEachId() gives the shard whose cursors have come farthest, an heir before whom it inherits", () => {
  const points = { "0/2": at(5), "0/4": at(9), "1/2": at(7), "1/4": at(7), "3/4": at(0) } as const;
  assert.deepEqual(last(points, 4), ["0/4", "1/4", "3/4"]);
  assert.deepEqual(last(points, 2), ["0/4", "1/2", "3/4"]);
});

Deno.test("lastOfEachId() leaves out who was given up", () => {
  const points = { "0/2": at(5), "0/4": overPoint(9), "1/2": at(7), "1/8": at(8) } as const;
  assert.deepEqual(last(points, 4), ["0/2", "1/8"]);
});

Deno.test("parsePoints() reads what is written down of points, and of one that was given up how far it came", () => {
  const own = { ...at(9), session: { base: 3, seq: 2 } };
  const saved = { "0/4": own, "1/4": overPoint(8), "2/4": "none", "x": at(1) };
  const points = parsePoints(JSON.parse(JSON.stringify(saved)));
  assert.deepEqual(Object.fromEntries(points), { "0/4": own, "1/4": overPoint(8), "2/4": at(0) });
  assert.equal(parsePoints(7).size, 0);
  const [over] = parsePoints({ "1/4": { ...own, isOver: true } }).values();
  assert.deepEqual(over, overPoint(9));
});
