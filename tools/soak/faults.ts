/**
 * What a soak does to a unit, by name.
 *
 * @module
 */

import { sleep, systemClock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Simulator } from "../../sim/mod.ts";
import type { UnitProcess } from "../../tests/support/unit_process.ts";
import type { Recorder } from "./recorder.ts";

/** The unit under test and its surroundings. */
export interface Stage {
  readonly sim: Simulator;
  readonly bot: Recorder;
  readonly random: Random;
  unit: UnitProcess;
  /** Prints a line for who watches. */
  tell(line: string): void;
  /** Starts the unit again on the same state. */
  startUnit(settings?: Record<string, string>): Promise<UnitProcess>;
}

/** Every fault; each is over, though not healed, when its promise resolves. */
export const FAULTS: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  async "bot restarts"({ bot }) {
    await bot.stop();
    await bot.start();
  },
  async "bot is away for 20 s"({ bot }) {
    await bot.stop();
    await pause(20_000);
    await bot.start();
  },
  async "bot is slow for 15 s"({ bot }) {
    bot.pace(3_000);
    await pause(15_000);
    bot.pace(0);
  },
  async "disk is full while the bot is away"(stage) {
    await stage.unit.end("SIGTERM");
    stage.unit = await stage.startUnit({ QUEUE_DISK_BYTES: "1" });
    await stage.unit.ready(60_000);
    await stage.bot.stop();
    await pause(10_000);
    await stage.bot.start();
    await stage.unit.ready(60_000);
    await stage.unit.end("SIGTERM");
    stage.unit = await stage.startUnit();
  },
  async "worker crashes"({ unit, random }) {
    const { workers } = await (await unit.control("GET", "/state")).json();
    const workerId = Math.floor(random() * workers.length);
    await (await unit.control("POST", `/workers/${workerId}/crash?how=throw`)).body?.cancel();
  },
  async "unit: SIGTERM"(stage) {
    await stage.unit.end("SIGTERM");
    stage.unit = await stage.startUnit();
  },
  async "unit: SIGKILL"(stage) {
    await stage.unit.end("SIGKILL");
    stage.unit = await stage.startUnit();
  },
  async "unit: SIGKILL while the bot is away"(stage) {
    await stage.bot.stop();
    await pause(8_000);
    await stage.unit.end("SIGKILL");
    stage.unit = await stage.startUnit();
    await stage.bot.start();
  },
  async "resume host is dead for 10 s"({ sim }) {
    const over = sim.faults.killResumeHost();
    sim.faults.cut();
    await pause(10_000);
    over();
  },
  async "resume host is silent for 10 s"({ sim }) {
    const over = sim.faults.noHandshake({ host: "resume" });
    sim.faults.cut();
    await pause(10_000);
    over();
  },
  async "RESUMEs go unanswered for 10 s"({ sim }) {
    const over = sim.faults.noResumed();
    sim.faults.cut();
    await pause(10_000);
    over();
  },
  async "every connection is cut"({ sim }) {
    await Promise.resolve(sim.faults.cut());
  },
  async "a peer freezes"({ sim, random }) {
    await Promise.resolve(sim.faults.freeze({ shardId: Math.floor(random() * 8) }));
  },
  async "frames are corrupt"({ sim }) {
    await Promise.resolve(sim.faults.corruptNext());
  },
  async "op 7 to every shard"({ sim }) {
    await Promise.resolve(sim.faults.reconnect());
  },
  async "op 9 true to every shard"({ sim }) {
    await Promise.resolve(sim.faults.invalidate(true));
  },
};

/** Waits in real time. */
export function pause(ms: number): Promise<void> {
  return sleep(systemClock, ms);
}
