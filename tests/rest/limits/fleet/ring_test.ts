import assert from "node:assert/strict";
import fc from "fast-check";
import { UNIT_NAME } from "../../../../protocol/fleet.ts";
import { Ring } from "../../../../rest/limits/fleet/ring.ts";

const name = fc.oneof(
  fc.nat(60).map((n) => `unit-${n}`),
  fc.nat(60).map((n) => `gatehouse-${n}`),
  fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/),
).filter((text) => UNIT_NAME.test(text));
const members = fc.uniqueArray(name, { minLength: 1, maxLength: 40 });
const keys = Array.from({ length: 4_000 }, (_, i) => `c0ffee channels/${i * 7_919}`);

Deno.test("the loss of a member moves its keys and no other, to several members", () => {
  fc.assert(
    fc.property(members, fc.nat(), (names, nth) => {
      const gone = names[nth % names.length]!;
      const before = new Ring(names);
      const after = new Ring(names.filter((name) => name !== gone));
      const heirs = new Set<string | null>();
      for (const key of keys) {
        const owner = before.ownerOf(key);
        if (owner === gone) heirs.add(after.ownerOf(key));
        else assert.equal(after.ownerOf(key), owner);
      }
      if (names.length > 2) assert.ok(heirs.size > 1, `${[...heirs]}`);
    }),
    { numRuns: 40 },
  );
});

Deno.test("each member has its share of the ring, a quarter more or less at most", () => {
  fc.assert(
    fc.property(members, (names) => {
      const ring = new Ring(names);
      const counts = new Map<string, number>();
      const asked = names.length * 1_500;
      for (let i = 0; i < asked; i++) {
        const owner = ring.ownerOf(`0d15ea5e webhooks/${i * 104_729}`)!;
        counts.set(owner, (counts.get(owner) ?? 0) + 1);
      }
      for (const name of names) {
        const share = (counts.get(name) ?? 0) / 1_500;
        assert.ok(share > 0.75 && share < 1.25, `${name} of ${names.length} has ${share}`);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("whoever knows the same members gives the same answer", () => {
  const one = new Ring(["b", "a", "c"]);
  const other = new Ring(["c", "b", "a", "b"]);
  assert.deepEqual(one.members, ["a", "b", "c"]);
  for (const key of keys) assert.equal(one.ownerOf(key), other.ownerOf(key));
});

Deno.test("a ring without members has no owners, and one with a single one has one", () => {
  assert.equal(new Ring([]).ownerOf("x"), null);
  assert.equal(new Ring(["only"]).ownerOf("x"), "only");
});
