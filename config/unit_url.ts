/**
 * The address of a unit that runs, as somebody types it.
 *
 * @module
 */

/**
 * The address in a text: of `http` where it names no scheme, that of the dashboard for its unit's. `null` where it is
 * none, or of no HTTP.
 *
 * @example
 * ```ts
 * import { unitUrl } from "./unit_url.ts";
 * console.assert(unitUrl("10.0.0.7:8787/dashboard")?.href === "http://10.0.0.7:8787/");
 * console.assert(unitUrl("ws://10.0.0.7:8787") === null);
 * ```
 */
export function unitUrl(text: string): URL | null {
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  url.pathname = url.pathname.replace(/\/+(dashboard(\/.*)?)?$/, "");
  url.search = "";
  url.hash = "";
  return url;
}
