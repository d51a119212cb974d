/** Built-in clusters of a fleet that a unit joins, under load. */

import assert from "node:assert/strict";
import { fleetTest, startFleet, talkTo } from "../../support/fleet/processes.ts";

const TOTAL = 6;
const BOT = new URL("../../support/society_bot.ts", import.meta.url).pathname;

fleetTest(
  "shards that go to a unit that joins bring each event to one cluster, and once",
  async () => {
    await using fleet = await startFleet(["a", "b"], {
      BOT_MODULE: BOT,
      INTENTS: "GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT",
    }, { shards: TOTAL, maxConcurrency: TOTAL, guilds: 2 * TOTAL, ringEvents: 20_000 });
    const { sim, start, command, areWith } = fleet;
    const identifies = sim.ledger.identifies.length;
    const talk = talkTo(sim, TOTAL);
    await talk.goOn();
    const c = await start("c");
    await c.ready(90_000);
    await areWith("a", ["a", "b", "c"]);
    await talk.goOn();
    const heard = async () => {
      const { results } = await command("c", { all: true }, { do: "heard" });
      const numberOf = (content: string) => Number(content.split(" ")[1]);
      // Those that a shard brought to two clusters follow each other.
      return (results as string[][]).flat().sort((a, b) => numberOf(a) - numberOf(b));
    };
    await talk.wasHeard(heard);
    const told = await command("a", { all: true }, { do: "heard" });
    assert.ok((told.results as string[][]).every(({ length }) => length > 0), "each had its part");
    assert.equal(sim.ledger.identifies.length, identifies, "an identify was spent");
    assert.deepEqual(sim.ledger.violations, []);
  },
);
