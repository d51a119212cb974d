/**
 * How the gateway side of a unit begins: what an earlier life has written down is taken up, in order, before
 * anything connects.
 *
 * @module
 */

import type { IdentifyGate } from "../ports/identify_gate.ts";
import { endAfter, endTogether } from "../ports/lives/ending.ts";
import { messageOf } from "../protocol/errors.ts";
import { type GatewayOptions, UnitGateway } from "./gateway.ts";
import { loadHabits } from "./habits.ts";
import { createIdentifyQueue, type IdentifyOptions } from "./identify.ts";
import type { OpenedTotals } from "./reshard/opening.ts";
import { takeUp } from "./reshard/take_up.ts";
import { Voice } from "./reshard/voice.ts";

/** What opening it takes. */
export interface OpenGatewayOptions extends GatewayOptions, Pick<OpenedTotals, "keptIds"> {
  /** Makes the gate that all shards identify through. Default: the unit's own queue. */
  readonly openGate?: (options: IdentifyOptions) => Promise<IdentifyGate>;
}

/**
 * Opens it. The estates are the gateway's from here on.
 *
 * @throws Why it cannot be opened; nothing is open then.
 */
export async function openGateway(options: OpenGatewayOptions): Promise<UnitGateway> {
  const { log, estates, openGate = createIdentifyQueue } = options;
  let gateway: UnitGateway | undefined;
  const gate = await openGate({
    ...options,
    allow: (...permit) => gateway?.allowIdentify(...permit),
    notSaved: (error) => log.error("identify budget was not saved", { error: messageOf(error) }),
  });
  try {
    gateway = await join(options, gate);
    await gateway.consumers.load();
    await gateway.door.open();
    return gateway;
  } catch (error) {
    const unmade = () => endTogether(() => gate.stop(), () => estates.close());
    return await endAfter(error, () => gateway ? gateway.stop() : unmade());
  }
}

async function join(options: OpenGatewayOptions, gate: IdentifyGate): Promise<UnitGateway> {
  const { opening: { record } } = options;
  await takeUp({ ...options, shardIds: options.keptIds ?? options.shardIds });
  const totals = [record.total, ...(record.move ? [record.move.to] : [])];
  const habits = await Promise.all(
    totals.map((totalShards) => loadHabits({ ...options, totalShards })),
  );
  const voice = await Voice.load({ ...options, ask: options.rest.ask });
  return new UnitGateway(options, gate, habits, voice);
}
