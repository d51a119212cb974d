/**
 * Estates of a unit, on a line that a test breaks.
 *
 * @module
 */

import { logTo } from "../../../../ports/log.ts";
import { seededRandom } from "../../../../ports/random.ts";
import { memoryStore } from "../../../../ports/store.ts";
import { type Estate, NO_ESTATE } from "../../../../protocol/estate.ts";
import { createVirtualClock } from "../../../../sim/wire/virtual_clock.ts";
import { Estates } from "../../../../store/estates.ts";
import { createSimBus } from "../../../support/fleet/sim_line.ts";
import { EstateKeys } from "../../../../unit/fleet/estates/estate_keys.ts";

/** Shard `id` of 4. */
export const of = (id: number) => ({ total: 4, id });

/** The estate of a shard of 4 that has lived. */
export function lived(id: number, changed: Partial<Estate> = {}): Estate {
  const session = {
    shardId: id,
    totalShards: 4,
    intents: 1,
    sessionId: `s${id}`,
    resumeUrl: null,
    seq: 10,
    base: 0,
  };
  return { ...NO_ESTATE, session, highest: 10, acknowledged: 10, ...changed };
}

/** A world of units. */
export function setUpWorld() {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(1) });
  const lines: string[] = [];
  const log = logTo((level, event, fields) =>
    lines.push(`${level} ${event} ${JSON.stringify(fields)}`)
  );
  const at = { epoch: 1 };
  async function run<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const settled = () => void (isSettled = true);
    promise.then(settled, settled);
    await clock.runUntil(() => isSettled, 60_000);
    return await promise;
  }
  async function unit(self: string) {
    const line = bus.line(self);
    const own = { epoch: null as number | null };
    const estates = await Estates.open({
      store: memoryStore(),
      clock: line.clock,
      log,
      newStream: "fleet",
    });
    await estates.begin(4, [0, 1, 2, 3], 1);
    const epoch = () => own.epoch ?? at.epoch;
    const keys = new EstateKeys({ self, line, epoch, stream: () => "fleet" });
    return { self, line, estates, keys, own, clock: line.clock, log };
  }
  const value = (key: string) => bus.entries.get(key)?.value as Record<string, unknown> | undefined;
  return { clock, bus, lines, at, run, unit, value };
}
