import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../../../../ports/fleet/bus.ts";
import {
  type Asking,
  readAsking,
  readNotice,
  readTelling,
  type Telling,
  writeAsking,
  writeTelling,
} from "../../../../rest/limits/fleet/words.ts";
import { permitWant, placeWant, says } from "./wants.ts";

const HEAD = { unit: "a", life: "l", session: 3, n: 7, atMs: 1_000 };
const NOTHING = { recalls: [], pauses: [], adopts: [], asks: [], leaves: [], overs: [] };

/** As it arrives: as another value, at 5000 by the reader's clock. */
function crossed(asking: Asking): Asking | null {
  const value = JSON.parse(JSON.stringify(writeAsking(asking, 1_000))) as Json;
  return readAsking(value, 5_000, ({ atMs }) => 5_000 - atMs);
}

/** Without functions, which are never alike. */
function flat(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each) => typeof each === "function" ? each() : each),
  );
}

Deno.test("what is asked arrives whole, by the clock of who reads it", () => {
  const want = permitWant({ arrival: 900.5, untilMs: 3_000 });
  const refused = {
    bucket: null,
    refusal: { scope: "hidden", retryAfterMs: 600 },
    isLimitless: false,
  } as const;
  const asking: Asking = {
    ...HEAD,
    recalls: [[want, says("h", 0, 700)]],
    pauses: [["c", 5_000]],
    adopts: [[1, placeWant({ arrival: 950 })]],
    asks: [[2, want]],
    leaves: [4, 5],
    overs: [[6, "lost"], [7, says("h", 1, 70)], [8, refused], [9, "passed"]],
  };
  const there = { ...want, arrival: 4_900.5, untilMs: 7_000 };
  const expected = {
    ...asking,
    recalls: [[there, says("h", 0, 700)]],
    adopts: [[1, placeWant({ arrival: 4_950 })]],
    asks: [[2, there]],
  };
  assert.deepEqual(flat(crossed(asking)), flat(expected));
  assert.deepEqual(flat(crossed({ ...HEAD, ...NOTHING })), flat({ ...HEAD, ...NOTHING }));
});

Deno.test("what is told arrives whole", () => {
  const telling: Telling = {
    ...HEAD,
    seen: 6,
    gives: [1, 2],
    refusals: [[3, "its rate limit is used up", 900]],
    moves: [4],
    isOver: false,
  };
  assert.deepEqual(readTelling(JSON.parse(JSON.stringify(writeTelling(telling)))), telling);
  const over = { ...telling, gives: [], refusals: [], moves: [], isOver: true };
  assert.deepEqual(readTelling(writeTelling(over)), over);
});

Deno.test("notices are read, and others are none", () => {
  const goodbye = { kind: "goodbye", unit: "a", life: "l" } as const;
  const pause = { kind: "pause", unit: "a", credential: "c", forMs: 5 } as const;
  assert.deepEqual(readNotice(goodbye), goodbye);
  assert.deepEqual(readNotice(pause), pause);
  for (const odd of [null, {}, { kind: "other" }, { kind: "pause", unit: "a" }, [1]]) {
    assert.equal(readNotice(odd as Json), null);
  }
});

Deno.test("whatever else comes is not taken for one, and nothing is thrown", () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.record({
      unit: fc.oneof(fc.string(), fc.integer()),
      life: fc.string(),
      session: fc.integer(),
      n: fc.integer(),
      at: fc.double(),
      seen: fc.integer(),
      asks: fc.jsonValue(),
      adopts: fc.jsonValue(),
      recalls: fc.jsonValue(),
      overs: fc.jsonValue(),
      gives: fc.jsonValue(),
    }, { requiredKeys: [] }),
  );
  fc.assert(fc.property(odd, (value) => {
    readAsking(value as Json, 0, () => 0);
    readTelling(value as Json);
    readNotice(value as Json);
  }));
  for (const lane of [99, -1, 0.5]) {
    const bad = { unit: "a", life: "l", session: 0, n: 0, at: 0, asks: [[1, ["c", lane, 0]]] };
    assert.equal(readAsking(bad, 0, () => 0), null, "there is no such lane");
  }
});
