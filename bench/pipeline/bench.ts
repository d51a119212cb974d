/**
 * What benchmarks of whole parties work with, and what they clean up: the meter, folders that go away
 * at the end, Gatehouse as it was.
 *
 * @module
 */

import { startProgram } from "../program.ts";
import { checkOut, takeAway } from "./base.ts";
import type { MeterQuestion } from "./meter.ts";
import type { ProcessReading } from "./schedstat.ts";

/** Whatever is written goes here, into a folder that goes away at the end. */
const TEMPORARY = "/tmp";

/** Reads `/proc`. */
export interface Meter {
  /** Why it cannot, or `null`. */
  whyNot(): Promise<string | null>;
  /** A process and its descendants. */
  read(pid: number): Promise<readonly ProcessReading[]>;
  end(): Promise<void>;
}

/** What is at hand until it is disposed of. */
export interface Bench extends AsyncDisposable {
  readonly meter: Meter;
  /** Where Gatehouse as it was is checked out; `null` where it cannot be, or was not asked for. */
  readonly baseTree: string | null;
  /** A new, empty one. */
  folder(): Promise<string>;
}

/**
 * Prepares everything; checks Gatehouse as it was out if `wantsBase`, and says so aloud where that
 * fails. A signal ends the process, and leaves nothing behind.
 *
 * @throws {Error} Where processor time by thread cannot be read.
 */
export async function openBench(wantsBase: boolean): Promise<Bench> {
  const meter = startMeter();
  const problem = await meter.whyNot();
  if (problem !== null) {
    await meter.end();
    throw new Error(`Cannot measure processor time by thread: ${problem}`);
  }
  const above = await Deno.makeTempDir({ dir: TEMPORARY, prefix: "gatehouse-bench-" });
  const tree = `${above}/base`;
  const tidy = async () => {
    if (wantsBase) await takeAway(tree);
    await Deno.remove(above, { recursive: true });
  };
  const leave = () => void tidy().finally(() => Deno.exit(130));
  for (const signal of SIGNALS) Deno.addSignalListener(signal, leave);
  const missing = wantsBase ? await checkOut(tree) : null;
  if (missing !== null) console.log(`\nSkipped: Gatehouse as it was, because ${missing}`);
  return {
    meter,
    baseTree: wantsBase && missing === null ? tree : null,
    folder: () => Deno.makeTempDir({ dir: above }),
    async [Symbol.asyncDispose]() {
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, leave);
      await meter.end();
      await tidy();
    },
  };
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

function startMeter(): Meter {
  const program = startProgram(new URL("./meter.ts", import.meta.url), [], "all");
  return {
    whyNot: () => program.ask<string | null>({ do: "try" } satisfies MeterQuestion),
    read: (pid) => program.ask({ do: "read", pid } satisfies MeterQuestion),
    end: () => program.end(),
  };
}
