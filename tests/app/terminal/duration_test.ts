import assert from "node:assert/strict";
import { duration } from "../../../app/terminal/duration.ts";

Deno.test("duration() is rounded up and leaves out what is nothing", () => {
  const said = [0, 1, 1_000, 59_001, 125_000, 3_600_000, 3_780_000].map(duration);
  assert.deepEqual(said, ["0 s", "1 s", "1 s", "1 min", "2 min 5 s", "1 h", "1 h 3 min"]);
});
