/**
 * Knobs of the REST half that have nothing to do with the gateway. Each is read when it is needed,
 * so a change holds from then on.
 *
 * @module
 */

/** The knobs with their values. */
export interface RestSettings {
  /** Bearer tokens that are valid. Default `["sim-bearer"]`. */
  bearerTokens: readonly string[];
  /**
   * `discord`: a request whose User-Agent is not `DiscordBot (…)` gets 403 with code 40333. Default
   * `any`: Discord blocks some, by rules that nobody outside knows.
   */
  userAgents: "any" | "discord";
  /** Invalid requests (401, 403, 429 unless shared) per address and window. Default 10 000. */
  invalidLimit: number;
  /** The window of `invalidLimit`. Default 600 000. */
  invalidWindowMs: number;
  /** How long an address is banned then (reports say minutes to a day). Default 3 600 000. */
  banMs: number;
  /** What a banned address gets. Default `json`. */
  banPage: "json" | "html";
  /** Largest file of an upload. Default 10 MiB. */
  maxFileBytes: number;
  /** Largest request. Default 25 MiB. */
  maxRequestBytes: number;
  /** Time for the first response to an interaction. Default 3000. */
  interactionDeadlineMs: number;
  /** How long an interaction's token works. Default 900 000. */
  interactionTokenMs: number;
}

/** The knobs with their defaults filled in. */
export function restSettings(options: Partial<RestSettings> = {}): RestSettings {
  return {
    bearerTokens: ["sim-bearer"],
    userAgents: "any",
    invalidLimit: 10_000,
    invalidWindowMs: 600_000,
    banMs: 3_600_000,
    banPage: "json",
    maxFileBytes: 10 * 1024 * 1024,
    maxRequestBytes: 25 * 1024 * 1024,
    interactionDeadlineMs: 3000,
    interactionTokenMs: 900_000,
    ...options,
  };
}
