/**
 * What can go wrong with a request, on demand: errors of servers in between, slow answers,
 * connections that break in the middle, bodies that are not JSON. Chance comes from the seed.
 *
 * @module
 */

import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Ledger } from "../world/ledger.ts";
import type { Reply } from "./call.ts";

/** What happens to a request. */
export type Strike =
  /** Another answer in place of the endpoint's; see {@linkcode ANSWERS}. */
  | { readonly kind: "answer"; readonly reply: Reply }
  /** The answer comes this much later. The endpoint has done its work at once. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** The connection breaks after this many bytes of the answer's body. */
  | { readonly kind: "reset"; readonly afterBytes: number }
  /** The answer's body goes on for as long as somebody reads it. */
  | { readonly kind: "endless" }
  /** The answer's body is compressed. */
  | { readonly kind: "compress"; readonly encoding: "gzip" | "br" };

/** A fault that waits for requests. */
export type RestFault = Strike & {
  /** Default: any. */
  readonly method?: string;
  /** Template such as `/channels/:channel_id/messages`. Default: any, known or not. */
  readonly route?: string;
  /** How many requests it strikes. Default 1. */
  readonly times?: number;
  /** How likely it strikes a request that matches. Default 1. */
  readonly chance?: number;
  /** Whether the endpoint does its work before an `answer` strikes. Default false. */
  readonly acts?: boolean;
  /** Who gives an `answer`: of Cloudflare's, nothing in the headers is Discord's. Default `discord`. */
  readonly by?: "discord" | "cloudflare";
};

/** Answers that a client must survive, for `answer` faults. */
export const ANSWERS = {
  /** 502 by a proxy of Discord's: not JSON, no rate-limit headers. */
  badGateway: {
    status: 502,
    text: "<html><head><title>502 Bad Gateway</title></head></html>",
    headers: { "content-type": "text/html" },
  },
  /** 403 by Cloudflare's firewall, which did not like this request: add it `by: "cloudflare"`. */
  blocked: {
    status: 403,
    text:
      "<!DOCTYPE html><title>Attention Required! | Cloudflare</title><p>You have been blocked</p>",
    headers: { "content-type": "text/html; charset=UTF-8" },
  },
  /** 500 by Discord. */
  serverError: { status: 500, json: { message: "500: Internal Server Error", code: 0 } },
  /** 503 by Discord. */
  unavailable: { status: 503, json: { message: "503: Service Unavailable", code: 0 } },
  /** 202 of a search whose index is not ready: a success with `retry_after`, not a rate limit. */
  notIndexed: {
    status: 202,
    json: {
      message: "Index not yet available. Try again later",
      code: 110000,
      documents_indexed: 0,
      retry_after: 2,
    },
  },
  /** 202 with an empty body. */
  accepted: { status: 202 },
  /** 200 with CSV: not every answer is JSON. */
  csv: { status: 200, text: "user_id\n1234567890\n", headers: { "content-type": "text/csv" } },
} as const satisfies Record<string, Reply>;

/** The faults that wait. */
export interface RestFaults {
  /** Lets a fault wait for requests, until it has struck as often as it may or is cancelled. */
  add(fault: RestFault): Cancel;
  /** The faults that strike this request, oldest first. */
  strike(method: string, route: string): RestFault[];
}

/** No faults. Those that strike go into the ledger. */
export function createRestFaults({ random, clock, ledger }: {
  random: Random;
  clock: Clock;
  ledger: Ledger;
}): RestFaults {
  const waiting = new Map<RestFault, number>();
  return {
    add(fault) {
      const own = { ...fault };
      waiting.set(own, fault.times ?? 1);
      return () => waiting.delete(own);
    },
    strike(method, route) {
      const struck = [...waiting.keys()].filter((fault) =>
        (fault.method ?? method) === method && (fault.route ?? route) === route &&
        (fault.chance === undefined || random() < fault.chance)
      );
      for (const fault of struck) {
        const left = waiting.get(fault)! - 1;
        if (left > 0) waiting.set(fault, left);
        else waiting.delete(fault);
        ledger.add(ledger.faults, {
          fault: `rest ${fault.kind}`,
          shardId: null,
          detail: `${method} ${route}`,
          atMs: clock.now(),
        });
      }
      return struck;
    },
  };
}
