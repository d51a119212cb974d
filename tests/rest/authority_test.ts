import assert from "node:assert/strict";
import fc from "fast-check";
import { authorityOf, type CountedBy } from "../../rest/authority.ts";

const COUNT: CountedBy = {
  credential: "9f2c",
  route: "POST /channels/:id/messages",
  major: "channels/1",
};

/** Ten thousand channels. */
const COUNTS = Array.from({ length: 10_000 }, (_, i): CountedBy => ({
  ...COUNT,
  major: `channels/${1_100_000_000_000_000_000n + BigInt(i) * 4_194_304n}`,
}));

const FLEETS = [
  ["a", "b", "c", "d", "e"],
  ["rest-0", "rest-1", "rest-2", "rest-3", "rest-4"],
  ["10.0.0.1:8787", "10.0.0.2:8787", "10.0.0.3:8787", "10.0.0.4:8787", "10.0.0.5:8787"],
  ["http://proxy.example:8001", "http://proxy.example:8002", "x", "", "éü"],
] as const;

function sharesOf(members: readonly string[]): Map<string, number> {
  const shares = new Map(members.map((member) => [member, 0]));
  for (const count of COUNTS) {
    const member = authorityOf(count, members);
    shares.set(member, shares.get(member)! + 1);
  }
  return shares;
}

for (const members of FLEETS) {
  Deno.test(`each of ${members.join(" ")} counts about a fifth of ten thousand channels`, () => {
    for (const [member, share] of sharesOf(members)) {
      assert.ok(share > 1_800 && share < 2_200, `${member}: ${share}`);
    }
  });

  Deno.test(`when one of ${members.join(" ")} goes, only its own channels move, and to all others`, () => {
    for (const gone of members) {
      const left = members.filter((member) => member !== gone);
      const heirs = new Map<string, number>();
      for (const count of COUNTS) {
        const before = authorityOf(count, members);
        const after = authorityOf(count, left);
        if (before !== gone) assert.equal(after, before);
        else heirs.set(after, (heirs.get(after) ?? 0) + 1);
      }
      for (const member of left) assert.ok(heirs.get(member)! > 350, `${member}: ${heirs}`);
    }
  });
}

const MEMBERS = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 });

Deno.test("authorityOf() gives one of the members, the same in whatever order they are named", () => {
  const shuffled = MEMBERS.chain((members) =>
    fc.tuple(fc.constant(members), fc.shuffledSubarray(members, { minLength: members.length }))
  );
  fc.assert(fc.property(shuffled, fc.string(), ([members, others], major) => {
    const member = authorityOf({ ...COUNT, major }, members);
    assert.ok(members.includes(member));
    assert.equal(authorityOf({ ...COUNT, major }, others), member);
  }));
});

Deno.test("authorityOf() gives all routes of one top-level resource one authority", () => {
  const routes = ["POST /channels/:id/messages", "GET /channels/:id", "PUT /guilds/:id/bans/:id"];
  for (const { major } of COUNTS.slice(0, 100)) {
    const found = routes.map((route) => authorityOf({ ...COUNT, route, major }, FLEETS[0]));
    assert.equal(new Set(found).size, 1);
  }
});

Deno.test("authorityOf() goes by the first segment of the path where there is no such resource", () => {
  const of = (route: string) => authorityOf({ ...COUNT, route, major: "" }, FLEETS[1]);
  assert.equal(of("GET /users/@me"), of("PATCH /users/:id/x"));
  assert.equal(of("GET /"), of("POST /"));
  const words = Array.from({ length: 50 }, (_, i) => of(`GET /word${i}/x`));
  assert.equal(new Set(words).size, 5, "others go elsewhere");
});

Deno.test("authorityOf() spreads the credentials, too: not all for one resource go to one member", () => {
  const found = COUNTS.slice(0, 100).map((_, i) =>
    authorityOf({ ...COUNT, credential: `${i}` }, FLEETS[1])
  );
  assert.equal(new Set(found).size, 5);
});

Deno.test("authorityOf() says that it cannot choose among none", () => {
  assert.throws(() => authorityOf(COUNT, []), RangeError);
});
