import assert from "node:assert/strict";
import { planServices } from "../../fleet/services.ts";
import { card, NONE } from "./fleets.ts";

const BOTH = ["counter", "images"];
const [a, b, c] = ["a", "b", "c"].map((unit) => card(unit, { services: BOTH }));

Deno.test("planServices() gives each service one unit, and spreads them", () => {
  const society = { cards: [b!, a!, card("d")], unheard: NONE };
  assert.deepEqual(planServices({}, society), { counter: "a", images: "b" });
});

Deno.test("planServices() leaves a service where it is, whoever joins", () => {
  const now = { counter: "b", images: "b" };
  assert.equal(planServices(now, { cards: [a!, b!, c!], unheard: NONE }), now);
});

Deno.test("planServices() moves it when its unit dies, leaves, or has its code no more", () => {
  const now = { counter: "b", images: "a" };
  const next = { counter: "a", images: "a" };
  assert.deepEqual(planServices(now, { cards: [a!], unheard: NONE }), next);
  assert.deepEqual(
    planServices(now, { cards: [a!, { ...b!, isLeaving: true }], unheard: NONE }),
    next,
  );
  assert.deepEqual(
    planServices(now, { cards: [a!, { ...b!, services: [] }], unheard: NONE }),
    next,
  );
});

Deno.test("planServices() waits for who was not heard, and keeps it with the last that has its code", () => {
  const now = { counter: "b", images: "b" };
  assert.equal(planServices(now, { cards: [a!], unheard: new Set(["b"]) }), now);
  assert.equal(
    planServices(now, { cards: [{ ...b!, isLeaving: true }, card("d")], unheard: NONE }),
    now,
  );
  assert.deepEqual(planServices(now, { cards: [card("d")], unheard: NONE }), {});
});
