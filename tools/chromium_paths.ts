/**
 * Where Chromium is on machines that have it: Debian's package. The dashboard is tested in it.
 *
 * @module
 */

/** Files that may be there. */
export const CHROMIUM_PATHS: readonly string[] = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
