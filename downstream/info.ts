/**
 * The answers to `GET /gateway` and `GET /gateway/bot`, which put a library behind Gatehouse: our own
 * address, and as many shards as the unit's fleet has. See
 * [Discord Docs/Get Gateway Bot](https://discord.com/developers/docs/events/gateway#get-gateway-bot).
 *
 * @module
 */

/** Body of `GET /gateway`. */
export interface GatewayAnswer {
  readonly url: string;
}

/** Body of `GET /gateway/bot`. */
export interface GatewayBotAnswer extends GatewayAnswer {
  readonly shards: number;
  readonly session_start_limit: {
    readonly total: number;
    readonly remaining: number;
    readonly reset_after: number;
    readonly max_concurrency: number;
  };
}

/** Libraries refuse to start when fewer starts are left than they have shards. */
const LEAST_STARTS = 1000;

/** The answer to `GET /gateway`; `url` is our WebSocket address, without a query. */
export function gatewayAnswer(url: string): GatewayAnswer {
  return { url };
}

/**
 * The answer to `GET /gateway/bot`. To identify with us costs nothing at Discord, so all shards may
 * do so at once and the limit never runs down.
 */
export function gatewayBotAnswer(url: string, totalShards: number): GatewayBotAnswer {
  const starts = Math.max(LEAST_STARTS, totalShards);
  return {
    url,
    shards: totalShards,
    session_start_limit: {
      total: starts,
      remaining: starts,
      reset_after: 0,
      max_concurrency: totalShards,
    },
  };
}
