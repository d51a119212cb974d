/** Discord waits for three seconds: what it gets by then while the disk hangs. */

import assert from "node:assert/strict";
import { doorRoute } from "../../../app/http/door.ts";
import { silentLog } from "../../../ports/log.ts";
import type { OpenSpool } from "../../../ports/spool.ts";
import { memoryStore } from "../../../ports/store.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { Door } from "../../../unit/door/door.ts";
import { discordPosts } from "../../support/discord_posts.ts";
import { memorySpool } from "../../support/memory_spool.ts";
import { cluster } from "../../support/peers.ts";
import { pause } from "../../support/recorded_socket.ts";

/** When Discord has to have its answer, and a little before. */
const SOON_ENOUGH_MS = 2_900;
const ADDRESS = "http://unit/discord";

/** `/discord` before a door whose disk takes nothing, and never says so. */
async function setUp(isBotUp: boolean) {
  const clock = createVirtualClock();
  const open = memorySpool();
  const openSpool: OpenSpool = async (...which) => {
    const spool = await open(...which);
    spool.append = () => new Promise(() => {});
    return spool;
  };
  const door = new Door({
    clock,
    store: memoryStore(),
    openSpool,
    log: silentLog,
    inviteCode: null,
    clusterIds: [0],
    firstQueueId: 0,
    ownerOf: () => ({ shard: { id: 0, total: 1 }, clusterId: 0 }),
    diskLimitBytes: 1 << 30,
    send: () => {},
  });
  await door.open();
  if (isBotUp) door.link(cluster(0), 1, 1 << 20);
  const { app, http } = await discordPosts(clock);
  let begun = Promise.withResolvers<void>();
  doorRoute(app, {
    publicKey: http.publicKey,
    door: () => ({
      take(event, key) {
        begun.resolve();
        return door.take(event, key);
      },
    }),
    clock,
    log: silentLog,
  });
  return {
    http,
    /** The status that Discord has in time; `null`: it has none. */
    async inTime(post: () => Promise<{ readonly status: number }>, waitMs = SOON_ENOUGH_MS) {
      begun = Promise.withResolvers();
      let status: number | null = null;
      const posted = post().then((answer) => status = answer.status);
      // Signatures are looked at in real time.
      await begun.promise;
      await clock.advance(waitMs);
      await Promise.race([posted, pause(0)]);
      return status as number | null;
    },
  };
}

for (const isBotUp of [true, false]) {
  const where = isBotUp ? "is there" : "is away";
  Deno.test(`an interaction is answered within 3 s while the disk hangs and its bot ${where}`, async () => {
    const { http, inTime } = await setUp(isBotUp);
    assert.equal(await inTime(() => http.command(ADDRESS, "ping")), 503);
    assert.equal(await inTime(() => http.command(ADDRESS, "ping")), 503, "so is the next");
  });
}

Deno.test("a webhook event that comes again while the disk hangs is answered within 3 s, each time", async () => {
  const { http, inTime } = await setUp(false);
  const post = () => http.webhookEvent(ADDRESS, "ENTITLEMENT_CREATE", { n: 1 });
  assert.equal(await inTime(post, 700), null, "it may still be written");
  assert.equal(await inTime(post), 503);
  assert.equal(await inTime(post), 503);
});
