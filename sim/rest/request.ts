/**
 * What the head of a request says: version and path, whose credential, which client, and why.
 *
 * @module
 */

import { invalidForm, plainError, RestError } from "./error.ts";
import type { Route } from "./route.ts";
import type { RestSettings } from "./settings.ts";
import type { World } from "../world/world.ts";

/** Where a request goes. */
export interface Address {
  /** API version; 6 where the path names none. */
  readonly version: number;
  /** Path below the version, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/**
 * Reads `/api[/v10]/…`. Versions 6 to 10 are served, and served alike.
 *
 * @throws {RestError} 404 outside `/api`, 50041 for another version.
 */
export function readAddress(url: string): Address {
  const { pathname, searchParams } = new URL(url);
  const found = /^\/api(?:\/v(\d+))?(\/.*)$/.exec(pathname);
  if (!found) throw plainError(404);
  const version = Number(found[1] ?? 6);
  if (version < 6 || version > 10) throw new RestError(400, 50041, "Invalid API version provided.");
  return { version, path: found[2]!, query: searchParams };
}

/**
 * Whose limits a request counts for: its credential, or `undefined` where it has none that is valid
 * on a route that anyone may call.
 *
 * @throws {RestError} 401 where the route needs another credential.
 */
export function identify(
  request: Request,
  auth: Route["auth"],
  settings: RestSettings,
  world: World,
): string | undefined {
  const credential = request.headers.get("authorization") ?? "";
  const isBot = credential.startsWith("Bot ") && world.acceptsToken(credential);
  const isBearer = settings.bearerTokens.some((token) => credential === `Bearer ${token}`);
  if (isBot || (isBearer && auth !== "bot")) return credential;
  if (auth === "anyone") return undefined;
  throw plainError(401);
}

/**
 * Looks at the User-Agent, where the settings ask for it.
 *
 * @throws {RestError} 40333 for one that is not a bot's.
 */
export function checkAgent(request: Request, { userAgents }: RestSettings): void {
  const agent = request.headers.get("user-agent") ?? "";
  if (userAgents === "any" || /^DiscordBot \(.+\)/.test(agent)) return;
  throw new RestError(403, 40333, "internal network error");
}

const LONGEST_REASON = 512;

/** The audit log reason, decoded from UTF-8 in percent-encoding. @throws {RestError} 50035 */
export function readReason(request: Request): string | undefined {
  const header = request.headers.get("x-audit-log-reason");
  if (header === null) return undefined;
  const reason = decode(header);
  if (reason === undefined || reason.length < 1 || reason.length > LONGEST_REASON) {
    throw invalidForm("reason", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 512 in length.");
  }
  return reason;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
