import assert from "node:assert/strict";
import {
  parseAllowed,
  parseAnswer,
  parseStanding,
  parseTold,
} from "../../../../gateway/identify/fleet/words.ts";
import { NO_IDENTIFIES } from "../../../../unit/blank.ts";
import { TOLD } from "./words_stage.ts";

const ANSWER = { heard: 2, permits: [[4, 1, 7, 99.5]], snapshot: NO_IDENTIFIES, why: "" };
const ALLOWED = { life: "1", permits: [[4, 1, 7, 99.5]] };
const STANDING = { leader: "a", snapshot: null };

/** Each word with the fields that must be right. */
const WORDS = [
  ["parseTold()", parseTold, TOLD],
  ["parseAnswer()", parseAnswer, ANSWER],
  ["parseAllowed()", parseAllowed, ALLOWED],
  ["parseStanding()", parseStanding, STANDING],
] as const;

for (const [name, parse, word] of WORDS) {
  Deno.test(`${name} reads what a unit wrote, and nothing else`, () => {
    const copy = JSON.parse(JSON.stringify(word));
    assert.deepEqual(parse(copy), word);
    for (const field of Object.keys(word)) {
      for (const wrong of [undefined, { a: 1 }, [[4]], [["4", 0]]]) {
        const value = { ...copy, [field]: wrong };
        assert.throws(() => parse(value), { code: "bad_message" }, `${field}: ${wrong}`);
      }
    }
    for (const wrong of [null, 1, "text", []]) {
      assert.throws(() => parse(wrong), { code: "bad_message" });
    }
  });
}

Deno.test("parseStanding() reads how things stand where shards are held back", () => {
  const snapshot = { ...NO_IDENTIFIES, held: { untilMs: 5 } };
  assert.deepEqual(parseStanding({ leader: "a", snapshot }), { leader: "a", snapshot });
});
