/**
 * A bot made with `@discordjs/ws`, which knows nothing of us, goes through a reshard under load: real workers, real
 * sockets, every message once and in order per guild.
 */

import assert from "node:assert/strict";
import { sleep, systemClock } from "../../../ports/clock.ts";
import { LACKS_NODE, npmBot } from "../../support/libraries/npm.ts";
import { openStage, SECRET } from "../../support/libraries/stage.ts";
import { until } from "../../support/unit_process.ts";

const FROM = 2;
const TO = 4;
const EVENTS_PER_SECOND = 500;

const SKIPPED = LACKS_NODE === null ? "" : `: SKIPPED, there is no ${LACKS_NODE} here`;

Deno.test({
  name:
    `@discordjs/ws goes through a reshard from ${FROM} to ${TO} shards, and gets every message once${SKIPPED}`,
  ignore: LACKS_NODE !== null,
  async fn() {
    await using stage = await openStage({ shards: FROM });
    const { sim, gatehouse } = stage;
    const bot = stage.bot(await npmBot("discordjs_ws.cjs"));
    await bot.hears("ready");
    sim.traffic.setMix({ MESSAGE_CREATE: 1 });
    sim.traffic.setRate(EVENTS_PER_SECOND);
    const body = JSON.stringify({ totalShards: TO });
    const headers = { authorization: SECRET };
    const asked = await fetch(`${gatehouse}/control/reshard`, { method: "POST", headers, body });
    assert.equal(asked.status, 202);
    let last = "";
    await until(
      async () => {
        const state = await (await fetch(`${gatehouse}/control/state`, { headers })).json();
        last = JSON.stringify(state.reshard);
        return state.totalShards === TO && state.shards.length === TO;
      },
      120_000,
      () => `${TO} shards do not serve: ${last}; ${bot.story()}`,
    );
    await sleep(systemClock, 2_000);
    sim.traffic.setRate(0);
    // Both totals have got what came meanwhile: an event is one message.
    const sent = () => [
      ...new Set(sim.ledger.events.filter(({ t }) => t === "MESSAGE_CREATE").map(({ key }) => key)),
    ];
    const came = () => bot.all("message").map(({ id }) => id);
    const missing = () => new Set(sent()).difference(new Set(came())).size;
    await until(() => missing() === 0, 30_000, () => `it lacks ${missing()} of ${sent().length}`);
    assert.equal(came().length, sent().length, "none came twice");
    const events = new Map(sim.ledger.events.map(({ key, event }) => [key, event!]));
    const guildOf = new Map(sim.ledger.world.map(({ event, guildId }) => [event, guildId]));
    const byGuild = Map.groupBy(came().map((id) => events.get(id)!), (it) => guildOf.get(it));
    for (const [guildId, order] of byGuild) {
      assert.deepEqual(order, order.toSorted((a, b) => a - b), `of guild ${guildId}`);
    }
    assert.ok(byGuild.size > 1, `messages of ${byGuild.size} guilds`);
    assert.ok(sent().length > EVENTS_PER_SECOND * 5, `only ${sent().length}`);
    const told = await (await fetch(`${gatehouse}/api/v10/gateway/bot`, { headers })).json();
    assert.equal(told.shards, TO);
    assert.equal(sim.ledger.identifies.length, FROM + TO);
    assert.deepEqual(sim.ledger.violations, []);
  },
});
