/**
 * What the world sends: events of one size, or of a busy bot's kinds and sizes. Bodies are serialised
 * and deflated once, so that the simulator is not what is measured; each is stamped with its run and
 * the time at which it was sent.
 *
 * @module
 */

import { preparedTail } from "../../sim/world/body.ts";
import type { Simulator } from "../../sim/mod.ts";
import { stamped } from "./stamp.ts";
import { makePayloads, PAYLOAD_KINDS, type PayloadKind } from "../payloads.ts";

/** What can be sent: bytes of one event, or the usual mix. */
export type Payload = "300" | "1200" | "mix";

/** The name that tables have. */
export const PAYLOADS: Readonly<Record<Payload, string>> = {
  300: "300 B",
  1200: "1.2 KB",
  mix: "the usual mix",
};

const KINDS = { 300: PAYLOAD_KINDS.small, 1200: PAYLOAD_KINDS.message } as const;
const VARIANTS = 32;
/** What the guild and the stamp add to a body, about. */
const HEAD_BYTES = 55;

/** Sends the next event of a run. */
export type Send = (run: number) => void;

/** One sender for each payload. Call it once for a simulator: all it sends is stamped from then on. */
export function createSenders({ traffic, world }: Simulator): Record<Payload, Send> {
  let run = 0;
  const publish = world.publish;
  world.publish = (t, guildId, body) => {
    const sentMs = performance.timeOrigin + performance.now();
    publish(t, guildId, stamped(body, { run, sentMs }));
  };
  const guildIds = [...world.guilds.keys()];
  const oneSize = (kind: PayloadKind): Send => {
    const tails = tailsOf(kind);
    let sent = 0;
    return (ofRun) => {
      run = ofRun;
      const guildId = guildIds[sent % guildIds.length]!;
      const tail = tails[sent++ % VARIANTS]!;
      world.publish(kind.t, guildId, { key: "", head: `{"guild_id":"${guildId}",`, tail });
    };
  };
  return {
    300: oneSize(KINDS[300]),
    1200: oneSize(KINDS[1200]),
    mix(ofRun) {
      run = ofRun;
      traffic.burst(1);
    },
  };
}

function tailsOf({ t, bytes }: PayloadKind) {
  return makePayloads({ label: "", t, bytes: bytes - HEAD_BYTES }, VARIANTS).map((payload) => {
    const text = new TextDecoder().decode(payload);
    return preparedTail(text.slice(text.indexOf('"members"'), -1));
  });
}
