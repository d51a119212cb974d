/**
 * Attacks on the unit's sense of time.
 *
 * @module
 */

import { type Attack, pause } from "./stage.ts";

const FROZEN_MS = 20_000;

/** By name. */
export const CLOCK_ATTACKS: Readonly<Record<string, Attack>> = {
  "the process is frozen for 20 s": {
    isQuick: false,
    isStill: true,
    async run({ unit, sim }) {
      const sockets = () => sim.ledger.connections.length;
      const before = sockets();
      unit.signal("SIGSTOP");
      await pause(FROZEN_MS);
      unit.signal("SIGCONT");
      await pause(5_000);
      const bad = unit.lines.filter(({ message }) => /was lost|is away|heartbeat/.test(message));
      if (bad.length > 0) throw new Error(bad.map(({ message }) => message).join(", "));
      const opened = sockets() - before;
      if (opened > 0) throw new Error(`${opened} connections to Discord were opened anew`);
      return "SIGSTOP, 20 s, SIGCONT: no worker, no link and no session was given up";
    },
  },
};
