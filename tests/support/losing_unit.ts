/**
 * A unit that plays, as `gatehouse demo`, and loses its worker as soon as it has one; nobody waits between two lives,
 * which would be two minutes in all.
 *
 * @module
 */

import { onTerminal, serveUnit } from "../../app/terminal/run_unit.ts";
import { stopSignals } from "../../app/terminal/signals.ts";
import { every, systemClock } from "../../ports/clock.ts";

const LOOK_MS = 20;

const code = await onTerminal(
  { simulator: true },
  (settled) =>
    serveUnit(settled, stopSignals(), (unit) =>
      every(systemClock, LOOK_MS, () => {
        const [worker] = unit.snapshot.workers;
        if (worker?.state === "running") unit.gateway?.pool.crash(worker.workerId, "throw");
        if (worker?.state === "restarting") unit.gateway?.pool.spawnShards();
      })),
);
Deno.exit(code);
