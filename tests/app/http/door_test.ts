import assert from "node:assert/strict";
import { doorRoute, MOST_DOOR_BYTES } from "../../../app/http/door.ts";
import { logTo } from "../../../ports/log.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import type { DoorAnswer, DoorEvent } from "../../../unit/door/door.ts";
import { discordPosts } from "../../support/discord_posts.ts";

async function setUp({ isOpen = true, hasKey = true } = {}) {
  const clock = createVirtualClock();
  const { app, http } = await discordPosts(clock);
  const taken: { event: DoorEvent; key: string }[] = [];
  const logged: string[] = [];
  let answer: DoorAnswer = { status: 204 };
  const door = {
    take(event: DoorEvent, key: string) {
      taken.push({ event, key });
      return Promise.resolve(answer);
    },
  };
  doorRoute(app, {
    publicKey: hasKey ? http.publicKey : null,
    door: () => isOpen ? door : null,
    clock,
    log: logTo((level, event, fields) =>
      logged.push(`${level} ${event} ${JSON.stringify(fields)}`)
    ),
  });
  return {
    app,
    http,
    taken,
    logged,
    /** What the door says from now on. */
    say: (said: DoorAnswer) => answer = said,
  };
}

const URL = "http://unit/discord";

Deno.test("POST /discord passes Discord's own check of an endpoint", async () => {
  const { http, taken } = await setUp();
  assert.deepEqual(await http.check(URL), { isFit: true, reason: "it answers PING and verifies" });
  assert.equal((await http.send(URL, '{"version":1,"application_id":"1","type":0}')).status, 204);
  assert.deepEqual(taken, []);
});

Deno.test("POST /discord hands on what is signed, under a name that is the same each time", async () => {
  const { http, taken, say } = await setUp();
  say({ status: 202 });
  const { id, status, body } = await http.command(URL, "ping");
  assert.deepEqual([status, body], [202, null]);
  say({ status: 204 });
  for (const n of [1, 1, 2]) {
    assert.equal((await http.webhookEvent(URL, "ENTITLEMENT_CREATE", { n })).status, 204);
  }
  const keys = taken.map(({ key }) => key);
  assert.equal(keys[0], id);
  assert.equal(keys[1], keys[2]);
  assert.notEqual(keys[2], keys[3]);
  assert.equal(taken[0]!.event.t, "INTERACTION_CREATE");
});

Deno.test("POST /discord gives the first response that the door gives", async () => {
  const { http, say } = await setUp();
  say({ status: 200, body: { type: 5 } });
  const { status, body } = await http.command(URL, "ping");
  assert.deepEqual([status, body], [200, { type: 5 }]);
  say({ status: 503, reason: "the disk is full" });
  assert.equal((await http.command(URL, "ping")).status, 503);
});

Deno.test("POST /discord believes nothing that is old, forged, too large or nonsense", async () => {
  const { app, http, taken, logged } = await setUp();
  const event = JSON.stringify({ id: "1", type: 2 });
  assert.equal((await http.send(URL, event, 301_000)).status, 401);
  assert.equal((await http.send(URL, event, -302_000)).status, 401);
  assert.equal((await http.send(URL, event, 200_000)).status, 204);
  assert.equal((await http.send(URL, "x".repeat(MOST_DOOR_BYTES + 1))).status, 413);
  assert.equal((await http.send(URL, "{}")).status, 400);
  let isRead = false;
  const body = new ReadableStream({ pull: () => void (isRead = true) }, { highWaterMark: 0 });
  const bare = await app.request(URL, { method: "POST", body });
  assert.deepEqual(
    [bare.status, isRead],
    [401, false],
    "of who does not even sign nothing is read",
  );
  assert.equal(taken.length, 1);
  assert.match(logged[0]!, /^warn what came to \/discord was refused/);
});

Deno.test("POST /discord is not there without a key, and says 503 before the unit serves", async () => {
  const without = await setUp({ hasKey: false });
  const { status, body } = await without.http.command(URL, "ping");
  assert.equal(status, 404);
  assert.match(JSON.stringify(body), /DISCORD_PUBLIC_KEY/);
  const early = await setUp({ isOpen: false });
  assert.equal((await early.http.command(URL, "ping")).status, 503);
});
