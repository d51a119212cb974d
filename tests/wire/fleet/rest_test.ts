/** Three units as processes of their own, on a real server: their REST proxies keep Discord's limits as one. */

import assert from "node:assert/strict";
import { fleetTest, startFleet } from "../../support/fleet/processes.ts";

const NAMES = ["a", "b", "c"] as const;

fleetTest(
  "rest proxies of a fleet are refused nothing that one would not be, whoever dies and whatever is away",
  async () => {
    await using fleet = await startFleet(NAMES, {}, { shards: 3, maxConcurrency: 3, guilds: 6 });
    const { sim, units, nats, end } = fleet;
    const channels = [...sim.world.guilds.values()]
      .flatMap(({ channels }) => channels.filter(({ type }) => type === 0).slice(0, 1));

    /** Messages to each channel, by way of all units in turn; gives the statuses. */
    async function post(each: number): Promise<number[]> {
      const urls = await Promise.all([...units.values()].map((unit) => unit.url()));
      const asked = channels.flatMap(({ id }, at) =>
        Array.from({ length: each }, async (_, n) => {
          const url = urls[(at + n) % urls.length]!;
          const answer = await fetch(`${url}/api/v10/channels/${id}/messages`, {
            method: "POST",
            headers: { authorization: "Bot any", "content-type": "application/json" },
            body: JSON.stringify({ content: `${n}` }),
          });
          await answer.text();
          return answer.status;
        })
      );
      return [...new Set(await Promise.all(asked))];
    }
    const refused = () => sim.ledger.rest.filter(({ status }) => status === 429);

    assert.deepEqual(await post(8), [200]);
    assert.deepEqual(refused(), []);

    const during = post(8);
    // Its own callers go with it; those of the others are not to notice.
    await nats.kill();
    assert.deepEqual(await during, [200]);
    await nats.start();
    assert.deepEqual(await post(2), [200]);
    assert.deepEqual(refused().filter(({ scope }) => scope === "global"), []);

    await end("b", "SIGKILL");
    assert.deepEqual(await post(4), [200]);
    assert.deepEqual(refused().filter(({ scope }) => scope === "global"), []);
    const before = refused().length;
    await end("c", "SIGTERM");
    assert.deepEqual(await post(4), [200]);
    assert.equal(refused().length, before, "who leaves costs nobody anything");
  },
);
