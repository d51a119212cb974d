import assert from "node:assert/strict";
import { withMove } from "../../../../unit/reshard/record.ts";
import { Steering } from "../../../../unit/reshard/lots/steering.ts";
import { MOVING } from "../../../support/records.ts";

Deno.test("what is said holds at once, and is written down where nobody has said anything since", () => {
  const steering = new Steering(MOVING.move!);
  assert.equal(steering.in(MOVING), MOVING);
  steering.change({ isPaused: true });
  assert.equal(steering.isPaused, true);
  const written = steering.in(MOVING);
  assert.deepEqual([written.move!.isPaused, written.move!.steered], [true, 1]);
  const newer = withMove(MOVING, { goal: 2, steered: 2 });
  assert.equal(steering.in(newer), newer);
});

Deno.test("what others have said since holds, and is told once", () => {
  const steering = new Steering(MOVING.move!);
  const back = withMove(MOVING, { goal: 2, failed: "closed 4010", steered: 1 }).move!;
  assert.deepEqual([steering.take(back), steering.take(back)], [true, false]);
  assert.deepEqual([steering.goal, steering.failed], [2, "closed 4010"]);
  steering.change({ isPaused: true });
  assert.deepEqual(steering.said, { goal: 2, isPaused: true, failed: "closed 4010", steered: 2 });
  assert.equal(steering.take(back), false);
});

Deno.test("a move that has ended elsewhere is where it has ended", () => {
  const steering = new Steering(MOVING.move!);
  steering.endAt(2);
  assert.equal(steering.goal, 2);
});
