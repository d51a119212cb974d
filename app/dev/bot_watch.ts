/**
 * Which bots are to be started again, as their files change: those whose own files have, once they can be
 * loaded. What cannot be loaded replaces nothing.
 *
 * @module
 */

import type { Survey } from "../../clusters/module_graph.ts";
import type { Log } from "../../ports/log.ts";

/** What a file looks like from outside: it is another when this is. */
export type StampOf = (path: string) => string;

/** What a watch needs. */
export interface BotWatchOptions {
  /** Modules of bots, as the settings name them. */
  readonly modules: readonly string[];
  /** What a module is made of, and whether it can be loaded. */
  survey(module: string): Promise<Survey>;
  readonly stampOf: StampOf;
  readonly log: Log;
}

type Stamps = ReadonlyMap<string, string>;

/** One module's files, as they were. */
interface Seen {
  /** When they were looked at last. */
  stamps: Stamps;
  problem: string | undefined;
  /** Of what runs, or is to run next. */
  running: Stamps | null;
}

/** Watches the files of bots. Ask {@linkcode BotWatch.look} whenever one may have changed. */
export class BotWatch {
  readonly #options: BotWatchOptions;
  readonly #seen: Map<string, Seen>;

  constructor(options: BotWatchOptions) {
    this.#options = options;
    this.#seen = new Map(options.modules.map((module) => [module, {
      stamps: new Map(),
      problem: undefined,
      running: null,
    }]));
  }

  /** All files that any of them is made of, there or not. */
  get files(): string[] {
    return [...new Set([...this.#seen.values()].flatMap(({ stamps }) => [...stamps.keys()]))];
  }

  /** Whether all of them could be loaded when they were looked at last. */
  get isSound(): boolean {
    return [...this.#seen.values()].every(({ problem }) => problem === undefined);
  }

  /**
   * Looks at all files; gives the modules that are to be started again. The first look gives all that can be
   * loaded. Tells what cannot be, once for each state of its files.
   */
  async look(): Promise<string[]> {
    const looks = [...this.#seen].map(async ([module, seen]) =>
      await this.#changed(module, seen) ? [module] : []
    );
    return (await Promise.all(looks)).flat();
  }

  async #changed(module: string, seen: Seen): Promise<boolean> {
    const { survey, stampOf, log } = this.#options;
    const stamped = (paths: Iterable<string>): Stamps =>
      new Map([...paths].map((path) => [path, stampOf(path)]));
    const isNew = seen.stamps.size === 0;
    if (!isNew && differing(seen.stamps, stamped(seen.stamps.keys())).length === 0) return false;
    const { files, problem } = await survey(module);
    // Of what cannot be read at all, the files are those of before.
    const stamps = stamped(files.length === 0 ? seen.stamps.keys() : files);
    seen.stamps = stamps;
    seen.problem = problem;
    if (problem !== undefined) {
      if (seen.running !== null) {
        log.error("the bot cannot be loaded: what runs goes on", { module, problem });
      } else log.error("the bot cannot be loaded: it is waited for", { module, problem });
      return false;
    }
    const changed = seen.running === null ? [] : differing(seen.running, stamps);
    const isRunning = seen.running !== null && changed.length === 0;
    seen.running = stamps;
    if (isRunning) log.info("the bot is as it was", { module });
    else if (changed.length > 0) log.info("the bot has changed", { module, files: changed });
    return !isRunning;
  }
}

/** Files that are not the same in both. */
function differing(before: Stamps, now: Stamps): string[] {
  const paths = new Set([...before.keys(), ...now.keys()]);
  return [...paths].filter((path) => before.get(path) !== now.get(path));
}
