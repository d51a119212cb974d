import assert from "node:assert/strict";
import {
  encodeLeaderCard,
  encodeUnitCard,
  isNewerLife,
  LEADER_KEY,
  lifeAfter,
  parseLeaderCard,
  parseUnitCard,
  unitKey,
} from "../../fleet/cards.ts";
import type { Json } from "../../ports/fleet/bus.ts";
import { card } from "./fleets.ts";

const CARD = card("a", { services: ["counter"], cores: 4, epoch: 7, isLeaving: true });
const LEADER = { unit: "a", life: "1-0", beat: 3, term: 2 };

Deno.test("parseUnitCard() and parseLeaderCard() read what was written, and what a newer version adds", () => {
  const newer = (value: Json) => ({ ...value as { [name: string]: Json }, newer: { deep: [1] } });
  assert.deepEqual(parseUnitCard(unitKey("a"), encodeUnitCard(CARD)), CARD);
  assert.deepEqual(parseUnitCard(unitKey("a"), newer(encodeUnitCard(CARD))), CARD);
  assert.deepEqual(parseLeaderCard(LEADER_KEY, newer(encodeLeaderCard(LEADER))), LEADER);
});

Deno.test("parseUnitCard() refuses another unit's card, and one with a field that is none", () => {
  assert.throws(() => parseUnitCard(unitKey("b"), encodeUnitCard(CARD)), {
    code: "bad_message",
    message: 'Cannot read key unit.b: unit is "a", the name in the key was wanted',
  });
  const written = encodeUnitCard(CARD) as { [name: string]: Json };
  for (const name of Object.keys(written)) {
    const { [name]: _, ...rest } = written;
    assert.throws(() => parseUnitCard(unitKey("a"), rest), {
      code: "bad_message",
      message: new RegExp(`^Cannot read key unit.a: ${name} is undefined`),
    });
  }
  assert.throws(() => parseLeaderCard(LEADER_KEY, { ...LEADER, term: 0 }), { code: "bad_message" });
  assert.throws(() => parseLeaderCard(LEADER_KEY, "a"), { code: "bad_message" });
});

Deno.test("lifeAfter() makes a life that is newer than any before, and one of two at a time the newer", () => {
  let life = lifeAfter(null, "ff");
  for (let n = 0; n < 12; n++) {
    const next = lifeAfter(life, "00");
    assert.deepEqual([isNewerLife(next, life), isNewerLife(life, next)], [true, false]);
    life = next;
  }
  const [one, other] = [lifeAfter(life, "01"), lifeAfter(life, "02")];
  assert.deepEqual([isNewerLife(one, other), isNewerLife(other, one)], [false, true]);
  assert.ok(isNewerLife(lifeAfter("garbage", "1"), "garbage"));
});
