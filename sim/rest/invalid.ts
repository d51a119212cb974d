/**
 * Discord bans an address that sends too many invalid requests. Counted per address, because the
 * ban is Cloudflare's, who knows no bots.
 * See [Discord Docs/Invalid Request Limit](https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans).
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import { take, type Usage } from "./bucket.ts";
import type { Reply } from "./call.ts";
import { createRecent } from "./recent.ts";
import type { RestSettings } from "./settings.ts";

/** Invalid requests and bans, by address. */
export interface InvalidRequests {
  /** What a banned address gets, else `undefined`. It does not come from Discord, and looks so. */
  ban(address: string): Reply | undefined;
  /** Counts one; true when it was one too many, so that the address is banned from now on. */
  count(address: string): boolean;
  /** Whether this address was told before that this webhook does not exist: then it is invalid. */
  wasTold(address: string, webhookId: string): boolean;
  /** Invalid requests of an address in this window. */
  counted(address: string): number;
}

/** Nothing counted, nobody banned. */
export function createInvalidRequests(clock: Clock, settings: RestSettings): InvalidRequests {
  const usages = new Map<string, Usage>();
  const bannedUntilMs = new Map<string, number>();
  const told = createRecent<true>(10_000);
  return {
    ban(address) {
      const leftMs = (bannedUntilMs.get(address) ?? -Infinity) - clock.now();
      return leftMs > 0 ? banReply(settings.banPage, leftMs) : undefined;
    },
    count(address) {
      const { invalidLimit: limit, invalidWindowMs: windowMs } = settings;
      const { usage, remaining } = take(
        { limit, windowMs, kind: "fixed" },
        usages.get(address),
        clock.now(),
      );
      usages.set(address, usage);
      if (remaining > 0) return false;
      bannedUntilMs.set(address, clock.now() + settings.banMs);
      return true;
    },
    wasTold(address, webhookId) {
      const key = `${address} ${webhookId}`;
      const before = told.get(key) === true;
      told.set(key, true);
      return before;
    },
    counted(address) {
      const usage = usages.get(address);
      return usage !== undefined && usage.restoredAtMs > clock.now() ? usage.used : 0;
    },
  };
}

function banReply(page: RestSettings["banPage"], leftMs: number): Reply {
  if (page === "html") {
    return {
      status: 429,
      text: "<!DOCTYPE html><title>Access denied</title><p>error code: 1015</p>",
      headers: { "content-type": "text/html; charset=UTF-8" },
    };
  }
  return {
    status: 429,
    json: {
      code: 0,
      message: "You are being blocked from accessing our API temporarily due to exceeding our " +
        "rate limits frequently.",
    },
    headers: { "Retry-After": String(Math.ceil(leftMs / 1000)) },
  };
}
