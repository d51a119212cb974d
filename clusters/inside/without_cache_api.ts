/**
 * Takes from the bot's globals what would write to the disk without a permission, before its module is
 * loaded.
 *
 * @module
 */

/** Without the Cache API a bot finds, as in other runtimes, that there is none. */
export function withoutCacheApi(): void {
  const scope = globalThis as { caches?: unknown };
  delete scope.caches;
}
