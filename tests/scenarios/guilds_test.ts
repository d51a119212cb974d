/** A guild that loads, comes back or is new, told apart across reconnects and restarts. */

import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { botJoins, botLeaves, guildComesBack, guildGoesDown } from "../../sim/mod.ts";
import { makeOld } from "../support/old_state.ts";
import { createRig } from "../support/rig.ts";

const arrivals = (got: readonly { t: string; d: unknown }[]) =>
  got.filter((event) => event.t === "GUILD_CREATE")
    .map(({ d }) => (d as { gatehouse?: { guild: string } }).gatehouse?.guild);

for (const from of ["this version", "e038c8e"]) {
  Deno.test(`guilds are told apart, also after the unit was restarted and got no READY: state of ${from}`, async () => {
    const store = memoryStore();
    const first = await createRig({ store, sim: { guilds: 5 } });
    first.start();
    await first.ready();
    await first.clock.advance(2_000);
    assert.deepEqual(arrivals(first.got), Array(5).fill("loaded"));
    await first.stop();
    if (from === "e038c8e") await makeOld(store, 1, [0]);

    const second = await createRig({ store, earlier: first });
    second.start();
    await second.ready();
    const { world } = second.sim;
    const [guild] = [...world.guilds.values()];
    guildGoesDown(world, guild!);
    guildComesBack(world, guild!);
    await second.clock.advance(1_000);
    botLeaves(world, guild!);
    botJoins(world, guild!);
    await second.clock.advance(1_000);
    assert.deepEqual(arrivals(second.got), ["available", "joined"]);
  });
}
