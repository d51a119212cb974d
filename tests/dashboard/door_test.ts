import assert from "node:assert/strict";
import { Door, type DoorOptions } from "../../dashboard/door.ts";
import { IDLE_MS, LONGEST_MS } from "../../dashboard/sessions.ts";
import { createVirtualClock } from "../../sim/mod.ts";

const SECRET = "the unit's secret";

function doorOf(changed: Partial<DoorOptions> = {}) {
  return new Door({
    clock: createVirtualClock(),
    refusalOf: () => null,
    hasSecret: () => true,
    isSecret: (text) => text === SECRET,
    addressOf: () => "http://unit.test:8787/",
    port: () => "8787",
    ...changed,
  });
}

const asked = (headers: Record<string, string>) =>
  new Request("http://unit.test:8787/dashboard/act", { headers });

const PEER = "10.0.0.1";

Deno.test("Door gives a cookie for the secret, and knows who brings it back", () => {
  const door = doorOf();
  assert.equal(door.login("wrong", asked({}), PEER), null);
  const { session, cookie } = door.login(SECRET, asked({}), PEER)!;
  assert.equal(
    cookie,
    `gatehouse_8787=${session.id}; HttpOnly; SameSite=Strict; Path=/dashboard`,
  );
  assert.equal(door.sessionOf(asked({ cookie: `a=b; gatehouse_8787=${session.id}` })), session);
  for (const other of ["", "gatehouse_8787=", `gatehouse_1=${session.id}`, session.id]) {
    assert.equal(door.sessionOf(asked({ cookie: other })), null, other);
  }
});

Deno.test("Door does not take the cookie of another unit, of the same host or not", () => {
  const [one, other] = [doorOf(), doorOf()];
  const { cookie } = one.login(SECRET, asked({}), PEER)!;
  const stolen = cookie.split(";")[0]!;
  assert.ok(one.sessionOf(asked({ cookie: stolen })));
  assert.equal(other.sessionOf(asked({ cookie: stolen })), null);
});

Deno.test("Door wants a cookie over TLS only, where it was reached so", () => {
  const over = (address: string, origin = "") =>
    doorOf({ addressOf: () => address }).login(SECRET, asked({ origin }), PEER)!.cookie;
  assert.match(over("https://bots.example/"), /; Secure$/);
  assert.match(over("http://bots.example/", "https://bots.example"), /; Secure$/);
  assert.doesNotMatch(over("http://bots.example/", "http://bots.example"), /Secure/);
  assert.match(over("https://bots.example/gate/"), /Path=\/gate\/dashboard;/);
});

Deno.test("Door takes a change from a page of its own only", () => {
  const door = doorOf();
  const refusal = (headers: Record<string, string>) => door.originRefusal(asked(headers), PEER);
  assert.equal(refusal({ origin: "http://unit.test:8787" }), null);
  assert.equal(refusal({ origin: "https://unit.test:8787" }), null, "TLS ends before us");
  for (
    const origin of [
      "https://evil.test",
      "http://unit.test",
      "http://unit.test:8788",
      "http://unit.test:8787.evil.test",
      "null",
      "",
    ]
  ) assert.equal(refusal({ origin })?.status, 403, origin);
  assert.match(refusal({})!.error, /Origin is missing/);
});

Deno.test("Door wants to be shown what the page was told", () => {
  const door = doorOf();
  const { session } = door.login(SECRET, asked({}), PEER)!;
  const refusal = (token: string) =>
    door.tokenRefusal(asked({ "x-gatehouse-dashboard": token }), session)?.status ?? null;
  assert.equal(refusal(session.csrf), null);
  assert.equal(refusal(""), 403);
  assert.equal(refusal(session.csrf.slice(1)), 403);
  assert.equal(refusal(door.login(SECRET, asked({}), PEER)!.session.csrf), 403);
});

Deno.test("Door is open where there is no secret, but not to a token that is made up", () => {
  const door = doorOf({ hasSecret: () => false });
  const session = door.sessionOf(asked({}))!;
  assert.ok(session);
  assert.equal(door.needsLogin, false);
  assert.equal(door.tokenRefusal(asked({}), session)?.status, 403);
});

Deno.test("Door lets nobody in by a session that was logged out", () => {
  const door = doorOf();
  const { session, cookie } = door.login(SECRET, asked({}), PEER)!;
  assert.match(door.logout(session, asked({}), PEER), /^gatehouse_8787=; .*Max-Age=0$/);
  assert.equal(door.sessionOf(asked({ cookie: cookie.split(";")[0]! })), null);
});

Deno.test("Door passes on why nobody may come from there", () => {
  const door = doorOf({ refusalOf: () => "Host is not this unit's" });
  assert.deepEqual(door.placeRefusal(asked({})), { status: 401, error: "Host is not this unit's" });
});

Deno.test("Door takes a page that is open for use, and lets none go on longer than a login is good", async () => {
  const clock = createVirtualClock();
  const door = doorOf({ clock });
  const { session } = door.login(SECRET, asked({}), PEER)!;
  for (let passedMs = 0; passedMs < LONGEST_MS; passedMs += IDLE_MS / 2) {
    assert.ok(door.holds(session), `${passedMs}`);
    await clock.advance(IDLE_MS / 2);
  }
  assert.ok(!door.holds(session));
  const open = doorOf({ hasSecret: () => false });
  assert.ok(open.holds(open.sessionOf(asked({}))!));
  const { session: ended } = door.login(SECRET, asked({}), PEER)!;
  door.logout(ended, asked({}), PEER);
  assert.ok(!door.holds(ended));
});
