import assert from "node:assert/strict";
import { ANSWERED_MS, Questions } from "../../../unit/reshard/questions.ts";

const ask = { op: 8, d: { guild_id: "1", query: "", limit: 0 } };
const all = () => true;

Deno.test("Questions knows what was asked of late, and not for ever", () => {
  const questions = new Questions();
  questions.note("1", ask, 1_000);
  questions.note("2", ask, 2_000);
  assert.deepEqual(questions.of(all, 2_000 + ANSWERED_MS), [["2", ask]]);
  assert.deepEqual(questions.of((id) => id === "1", 1_000), [["1", ask]]);
  assert.equal(questions.of(all, 2_000).length, 2);
  questions.note("3", ask, 3 * ANSWERED_MS);
  assert.deepEqual(questions.of(all, 0).map(([guildId]) => guildId), ["3"]);
});
