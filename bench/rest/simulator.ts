/**
 * The simulator as a process of its own: for benchmarks that need Discord's limits and not only
 * answers.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { lines } from "../program.ts";
import { killer, TOKEN } from "./proxies.ts";

/** A simulator that runs, for the bot of {@linkcode TOKEN}. */
export interface SimulatorProcess {
  /** Where its REST half listens: `http://127.0.0.1:1234`. */
  readonly origin: string;
  /** The rules of Discord's that were broken so far, a line each. */
  brokenRules(): Promise<readonly string[]>;
  /** Ends it. */
  end(): Promise<void>;
}

const SIMULATOR = new URL("../../app/cli/entry.ts", import.meta.url);
/** It tells of broken rules once a second. */
const TELL_MS = 1_500;

/** Starts one without live traffic, on any free ports. */
export async function startSimulator(guilds: number): Promise<SimulatorProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--ignore-env",
      "--allow-net=127.0.0.1",
      `--allow-read=${fileURLToPath(new URL("../..", import.meta.url))}`,
      fileURLToPath(SIMULATOR),
      "sim",
      ...["--port", "0"],
      ...["--guilds", String(guilds)],
      ...["--events-per-second", "0"],
      ...["--token", TOKEN],
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const end = killer(child);
  const said = lines(child.stdout);
  const origin = await originIn(said);
  if (origin === undefined) {
    end();
    throw new Error("Cannot start the simulator: it does not say where it listens");
  }
  const broken: string[] = [];
  const listening = (async () => {
    for await (const line of said) if (line.startsWith("broken rule: ")) broken.push(line);
  })();
  return {
    origin,
    async brokenRules() {
      await new Promise((resolve) => setTimeout(resolve, TELL_MS));
      return broken;
    },
    async end() {
      end();
      await listening;
    },
  };
}

/** What it says of its REST half, which it says first. */
async function originIn(said: AsyncIterator<string>): Promise<string | undefined> {
  for (;;) {
    const { value, done } = await said.next();
    if (done) return undefined;
    const found = /^ *REST +(http:\S+)\/api$/.exec(value);
    if (found) return found[1];
  }
}
