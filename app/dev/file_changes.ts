/**
 * Tells when something changes in the folders of some files, also of files that are not there yet.
 *
 * @module
 */

import { dirname } from "node:path";
import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { messageOf } from "../../protocol/errors.ts";

/** An editor writes a file in several steps, and a person saves several files at once. */
export const SETTLE_MS = 150;

/** What it takes to watch. */
export interface FileChangesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Something may have changed, and nothing has since for {@linkcode SETTLE_MS}. */
  readonly settled: () => void;
}

/** Watches folders. Nothing is watched before {@linkcode FileChanges.watch}. */
export class FileChanges {
  readonly #options: FileChangesOptions;
  #watchers = new Map<string, Deno.FsWatcher>();
  #refused = new Set<string>();
  #cancel: Cancel = () => {};

  constructor(options: FileChangesOptions) {
    this.#options = options;
  }

  /** Watches the folders of these files, and no others any more. */
  watch(files: readonly string[]): void {
    const folders = new Set(files.map(dirname));
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#open(folder);
  }

  /** Watches nothing any more. */
  close(): void {
    this.#cancel();
    this.watch([]);
  }

  #open(folder: string): void {
    try {
      const watcher = Deno.watchFs(folder, { recursive: false });
      this.#watchers.set(folder, watcher);
      this.#follow(watcher);
    } catch (error) {
      // There will be a change above it when it comes.
      if (error instanceof Deno.errors.NotFound || this.#refused.has(folder)) return;
      this.#refused.add(folder);
      this.#options.log.warn("a folder of the bot cannot be watched", {
        folder,
        error: messageOf(error),
      });
    }
  }

  async #follow(watcher: Deno.FsWatcher): Promise<void> {
    const { clock, settled } = this.#options;
    for await (const { kind } of watcher) {
      if (kind === "access") continue;
      this.#cancel();
      this.#cancel = clock.after(SETTLE_MS, settled);
    }
  }
}

/** What a file looks like from outside: size and time; empty where it is not there, or not for us to see. */
export function stampOf(path: string): string {
  try {
    const { size, mtime } = Deno.statSync(path);
    return `${size} ${mtime?.getTime()}`;
  } catch (error) {
    const { NotFound, NotADirectory, NotCapable } = Deno.errors;
    if ([NotFound, NotADirectory, NotCapable].some((kind) => error instanceof kind)) return "";
    throw error;
  }
}
