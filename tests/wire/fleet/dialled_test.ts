/** A bot that every unit of a fleet dials, under load, whatever becomes of the units. */

import assert from "node:assert/strict";
import { type BotContext, defineBot, serveEvents } from "../../../mod.ts";
import { silentLog } from "../../../ports/log.ts";
import type { Ipc } from "../../../bot/ipc.ts";
import { fleetTest, startFleet, talkTo } from "../../support/fleet/processes.ts";

const TOTAL = 6;

/** What befalls the units while the bot is talked to. */
interface Play extends Pick<Awaited<ReturnType<typeof startFleet>>, "units" | "end" | "areWith"> {
  readonly ipc: Ipc;
  /** Resolves when some more has been said. */
  goOn(): Promise<void>;
}

/** Three units and a bot; whatever is played, the bot gets all that is said, in order and once. */
async function play(befall: (play: Play) => Promise<void>): Promise<void> {
  const heard: string[] = [];
  const context = Promise.withResolvers<BotContext>();
  const bot = defineBot({
    events: { MESSAGE_CREATE: ({ content }) => void heard.push(content ?? "") },
    start: (own) => context.resolve(own),
    handleCommand: (_data, _receptive, { asResponse, cluster }) => asResponse(cluster.id),
  });
  const secretKey = "between-us";
  const server = await serveEvents({ port: 0, secretKey, log: silentLog }, bot);
  await using fleet = await startFleet(["a", "b", "c"], {
    EVENT_HANDLER_URL: `ws://127.0.0.1:${server.port}`,
    EVENT_HANDLER_SECRET_KEY: secretKey,
    INTENTS: "GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT",
  }, { shards: TOTAL, maxConcurrency: TOTAL, guilds: 2 * TOTAL, ringEvents: 20_000 });
  const { sim } = fleet;
  const identifies = sim.ledger.identifies.length;
  const talk = talkTo(sim, TOTAL);
  const { goOn } = talk;
  const { ipc } = await context.promise;
  await goOn();
  await befall({ ...fleet, ipc, goOn });
  await goOn();
  await talk.wasHeard(() => heard);
  assert.equal(sim.ledger.identifies.length, identifies, "an identify was spent");
  assert.deepEqual(sim.ledger.violations, []);
  await server.stop();
}

fleetTest(
  "a bot that every unit dials gets each event once, though one is killed and one leaves",
  async () => {
    await play(async ({ end, areWith, goOn, ipc }) => {
      await end("b", "SIGKILL");
      await areWith("a", ["a", "c"]);
      await goOn();
      assert.equal(await ipc.sendClusterCommand({ clusterId: 0 }, 1, { receptive: true }), 0);
      assert.equal(await end("c", "SIGTERM"), 0);
      await areWith("a", ["a"]);
    });
  },
);

fleetTest(
  "a bot that every unit dials gets each event once, though one stands still, and wakes with what it had",
  async () => {
    await play(async ({ units, areWith, goOn }) => {
      const b = units.get("b")!;
      b.signal("SIGSTOP");
      await areWith("a", ["a", "c"]);
      await goOn();
      b.signal("SIGCONT");
      await goOn();
      await areWith("b", ["a", "b", "c"]);
      await b.ready(60_000);
    });
  },
);
