/**
 * Words that several checks use.
 *
 * @module
 */

import type { ParsedConfig } from "../../../config/parse.ts";

/** Why what needs settings cannot be looked at; `null`: it can. `simulated`: why not in the simulator, if so. */
export function configOf(settings: ParsedConfig, simulated: string | null = null): string | null {
  if (!settings.ok) return "the settings come first";
  return settings.config.mode === "simulator" ? simulated : null;
}

/** Why nothing is known of what Discord says to a bot that it knows. */
export const TOKEN_FIRST = "the token comes first";

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** A size for a person: `4 GiB`, `1.5 MiB`. */
export function bytesText(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const size = bytes / 1024 ** step;
  return `${size < 10 ? Math.round(size * 10) / 10 : Math.round(size)} ${UNITS[step]}`;
}

/** A number for a person: `12,345`. */
export function countText(count: number): string {
  return count.toLocaleString("en");
}
