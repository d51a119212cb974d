import assert from "node:assert/strict";
import { joinNats } from "../../app/join_nats.ts";
import { CONFIG_DEFAULTS } from "../../config/config.ts";
import { systemClock } from "../../ports/clock.ts";
import { silentLog } from "../../ports/log.ts";
import { systemRandom } from "../../ports/random.ts";
import { memoryStore } from "../../ports/store.ts";
import { UNIT_NAME } from "../../protocol/fleet.ts";

const join = (config: object, store = memoryStore()) =>
  joinNats({
    config: { ...CONFIG_DEFAULTS, mode: "discord", discordToken: "no token", ...config } as never,
    store,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });

Deno.test("without NATS_URL a unit is by itself, and so is one of the simulator's Discord", async () => {
  assert.equal(await join({}), undefined);
  const natsUrls = ["nats://127.0.0.1:9"];
  assert.equal(await join({ natsUrls, mode: "simulator" }), undefined);
});

Deno.test("with NATS_URL a unit has a name, and a line that dials for as long as it takes", async () => {
  const store = memoryStore();
  const natsUrls = ["nats://127.0.0.1:9"];
  const seat = await join({ natsUrls }, store);
  assert.match(seat!.unitName, UNIT_NAME);
  assert.equal(seat!.line.isUp, false);
  await seat!.line.close();
  const again = await join({ natsUrls }, store);
  assert.equal(again!.unitName, seat!.unitName);
  await again!.line.close();
  const named = await join({ natsUrls, unitName: "a" }, store);
  assert.equal(named!.unitName, "a");
  await named!.line.close();
});
