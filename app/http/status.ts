/**
 * Our errors as statuses of HTTP.
 *
 * @module
 */

import type { GatehouseError } from "../../protocol/errors.ts";

/** What a caller did wrong, or what stands in the way; what is not here is our own fault, 500. */
export const STATUS: Readonly<
  Partial<Record<GatehouseError["code"], 400 | 404 | 409 | 413 | 503 | 504>>
> = {
  away: 503,
  bad_message: 400,
  refused: 409,
  too_large: 413,
  no_shard: 404,
  no_target: 404,
  not_ready: 503,
  worker_lost: 503,
  deadline: 504,
};
