import assert from "node:assert/strict";
import { soakCode, type Soaked, soakText } from "../../../tools/soak/report.ts";

const VERDICT = { events: 152_661, lost: 0, twice: 0, outOfOrder: 0, gaps: 0 };
const CLEAN: Soaked = {
  asked: "seed 4, 500 events/s over 8 shards, 5 min",
  struck: new Map([["unit: SIGKILL", 1], ["a peer freezes", 6]]),
  verdict: VERDICT,
  identifies: 0,
  violations: 0,
};

const CODES: Readonly<Record<string, [of: Partial<Soaked>, code: number]>> = {
  "nothing went wrong": [{}, 0],
  "one event was lost": [{ verdict: { ...VERDICT, lost: 1 } }, 1],
  "one was seen twice": [{ verdict: { ...VERDICT, twice: 1 } }, 1],
  "one was out of order": [{ verdict: { ...VERDICT, outOfOrder: 1 } }, 1],
  "an identify was spent": [{ identifies: 1 }, 1],
  // A negative number of identifies does not make up for a loss.
  "a shard never identified, and one was lost": [
    { identifies: -1, verdict: { ...VERDICT, lost: 1 } },
    1,
  ],
  "a rule was broken": [{ violations: 1 }, 1],
  "nothing came at all": [{ verdict: { ...VERDICT, events: 0 } }, 1],
};

for (const [what, [of, code]] of Object.entries(CODES)) {
  Deno.test(`a soak ends with ${code} where ${what}`, () => {
    assert.equal(soakCode({ ...CLEAN, ...of }), code);
  });
}

Deno.test("a soak prints the faults by name, and every number of the verdict", () => {
  const verdict = { events: 9, lost: 1, twice: 2, outOfOrder: 3, gaps: 4 };
  const text = soakText({ ...CLEAN, verdict, identifies: 5, violations: 6 });
  assert.equal(
    text,
    `
seed 4, 500 events/s over 8 shards, 5 min

| fault | times |
|---|---|
| a peer freezes | 6 |
| unit: SIGKILL | 1 |

| events | lost | seen twice | out of order | gaps | identifies spent | violations |
|---|---|---|---|---|---|---|
| 9 | 1 | 2 | 3 | 4 | 5 | 6 |`,
  );
});
