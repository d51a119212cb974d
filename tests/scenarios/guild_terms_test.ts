/**
 * What a session gets of a guild is what Discord would send to a session of the same terms: the simulated
 * one is asked, by whom nothing was kept.
 */

import assert from "node:assert/strict";
import { INTENTS } from "../../protocol/discord/intents.ts";
import { guildCreateBody } from "../../sim/gateway/ready.ts";
import type { SimGuild } from "../../sim/world/guilds.ts";
import { sorted } from "../guilds/guild_model.ts";
import { createRig } from "../support/rig.ts";

const ALL = 0x331_ffff;
const decoder = new TextDecoder();

for (const membersPerGuild of [20, 120, 300]) {
  Deno.test(`a guild of ${membersPerGuild} members is given as Discord gives it, whatever the terms`, async () => {
    const rig = await createRig({
      shards: 1,
      sim: { guilds: 3, membersPerGuild },
      config: { cache: ["guilds", "members", "presences", "voice"] },
    });
    rig.start();
    await rig.ready();
    await rig.clock.advance(5_000);
    const { pool } = rig.gateway.serving;
    const asked = async <T>(answer: Promise<T>): Promise<T> => {
      await rig.clock.advance(100);
      return await answer;
    };
    const { acknowledged: cursor } = await asked(pool.backlog(0));
    for (const largeThreshold of [50, 100, 250]) {
      for (const without of [0, INTENTS.GUILD_PRESENCES, INTENTS.GUILD_VOICE_STATES]) {
        const terms = { intents: ALL & ~without, largeThreshold };
        const question = { shardId: 0, cursor, terms, after: 0, limitBytes: Infinity };
        const bodies = (await asked(pool.guilds(question)))!.bodies;
        assert.equal(bodies.length, 3);
        for (const body of bodies.map((each) => JSON.parse(decoder.decode(each)))) {
          const wanted = guildCreateBody(rig.sim.world.guilds.get(body.id) as SimGuild, terms);
          const plain = JSON.parse(JSON.stringify(wanted));
          assert.deepEqual(sorted(body), sorted(plain), JSON.stringify(terms));
        }
      }
    }
  });
}
