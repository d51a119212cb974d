/** Whatever an event's body is, it goes to the bot as an event, and nothing else comes of it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { readBatch } from "../../protocol/event_frame.ts";
import { NO_ESTATE } from "../../protocol/estate.ts";
import { parseInteraction } from "../../protocol/discord/interaction.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { FromWorker } from "../../protocol/worker_message.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Bucket } from "../../workers/bucket.ts";
import { fakeSockets } from "../support/fake_sockets.ts";
import { WORKER } from "../support/fake_threads.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { cluster } from "../support/peers.ts";

/** Events that something in the worker looks into. */
const TYPES =
  ("GUILD_CREATE GUILD_UPDATE GUILD_DELETE GUILD_ROLE_CREATE GUILD_ROLE_DELETE GUILD_EMOJIS_UPDATE " +
    "CHANNEL_CREATE CHANNEL_DELETE THREAD_LIST_SYNC GUILD_MEMBER_ADD GUILD_MEMBERS_CHUNK " +
    "GUILD_MEMBER_UPDATE GUILD_MEMBER_REMOVE USER_UPDATE INTERACTION_CREATE RATE_LIMITED " +
    "MESSAGE_UPDATE RESUMED UNHEARD_OF").split(" ");
const NAMES =
  ("id guild_id unavailable members channels threads roles role user guilds nonce meta data " +
    "chunk_index chunk_count not_found presences opcode retry_after token type options").split(" ");
const VALUES = [
  null,
  true,
  -1,
  0.5,
  1e300,
  "",
  "x",
  "7",
  "99999999999999999999999",
  [],
  [null],
  {},
];

const value = fc.oneof(
  fc.constantFrom<unknown>(...VALUES),
  fc.constantFrom([{ id: null, user: null }], [[7]], { id: 7, options: [null] }, { nonce: 8 }),
);
const body = fc.oneof(
  fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 8 }),
  fc.constantFrom<unknown>(...VALUES),
).map((d) => JSON.stringify(d));
/** Not JSON, behind a head that is as usual. */
const garbage = fc.constantFrom("{", '{"id":', '{"id":"7",x}', "nul", "{]", "");
const events = fc.array(
  fc.tuple(fc.constantFrom(...TYPES), fc.oneof({ weight: 9, arbitrary: body }, garbage)),
  { minLength: 1, maxLength: 12 },
);

Deno.test("every event goes to the bot as it came, whatever its body is, also after a minute away", async () => {
  await fc.assert(
    fc.asyncProperty(events, fc.boolean(), async (events, isAway) => {
      const clock = createVirtualClock();
      const { connect, sockets } = fakeSockets();
      const posted: FromWorker[] = [];
      const bucket = new Bucket(
        { ...WORKER, cache: ["members"], cacheAllMembers: true },
        { clock, connect, random: () => 0, openSpool: memorySpool() },
        (message) => void posted.push(structuredClone(message)),
      );
      bucket.receive({ type: "IDENTIFY_SHARD", shardId: 2, estate: NO_ESTATE });
      await clock.advance(0);
      bucket.receive({ type: "ALLOW_IDENTIFY", shardId: 2, permit: 5, intents: 3 });
      const link = () =>
        bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
      if (!isAway) link();
      const socket = sockets[0]!;
      socket.events.open();
      socket.say({ t: null, s: null, op: OP.HELLO, d: { heartbeat_interval: 600_000 } });
      const guilds = [{ id: "7", unavailable: true }];
      const ready = { session_id: "s", resume_gateway_url: "wss://r.test", guilds };
      socket.say({ t: "READY", s: 1, op: 0, d: ready });
      events.forEach(([t, d], i) => {
        const text = `{"t":"${t}","s":${i + 2},"op":0,"d":${d}}`;
        socket.events.message(new TextEncoder().encode(text), true);
      });
      await clock.advance(2_000);
      for (const each of posted.splice(0)) {
        if (each.type === "AWAY") {
          const mark = parseInteraction(each.payload) ? "deferred" : null;
          bucket.receive({ type: "MARK", shardId: 2, cursor: each.cursor, mark });
        } else posted.push(each);
      }
      await clock.advance(58_000);
      if (isAway) link();
      await clock.advance(1_000);
      const came = posted.flatMap((it) => it.type === "EVENTS" ? readBatch(it.batch).records : []);
      const all = Array.from({ length: 1 + events.length }, (_, i) => i + 1);
      assert.deepEqual(came.map(({ cursor }) => cursor), all);
      assert.equal(sockets.length, 1, "the connection was given up");
    }),
    { numRuns: 600 },
  );
});
