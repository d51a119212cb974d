/**
 * From method and path to the endpoint that answers. Pure; the table itself is the sum of what the
 * endpoint files declare.
 *
 * @module
 */

import type { Call, Reply } from "./call.ts";
import { plainError } from "./error.ts";
import type { LimitUse } from "./limiter.ts";
import type { LimitName } from "./limits.ts";

/** One endpoint. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path below the version, such as `/channels/:channel_id/messages`. */
  readonly template: string;
  /** Who may call. `anyone`: a credential is not looked at. `user`: a Bearer token does, too. */
  readonly auth: "bot" | "user" | "anyone";
  /**
   * The limits that count, by the path's top-level resource unless another is named. Default: none,
   * so that only the global limit does.
   */
  readonly limits?: (call: Call) => readonly (LimitName | LimitUse)[];
  /** Does what the endpoint does. */
  readonly answer: (call: Call) => Reply | Promise<Reply>;
}

/** For {@linkcode Route.limits}: always these. */
export function always(...names: readonly LimitName[]): () => readonly LimitName[] {
  return () => names;
}

/** A route and what stands in the path for its parameters, decoded. */
export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  /** Top-level resource that limits are counted by; empty where the route has none. */
  readonly major: string;
}

/**
 * The route of a request. A literal segment wins over a parameter, so that `messages/pins` is not
 * taken for a message.
 *
 * @param path Path below the version, still encoded.
 * @throws {RestError} 404 where no route has this path; 405 where one has, for another method.
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): Match {
  const segments = path.split("/");
  let best: Match | undefined;
  let bestLiterals = -1;
  let pathKnown = false;
  for (const route of routes) {
    const wanted = route.template.split("/");
    const params = paramsOf(wanted, segments);
    if (!params) continue;
    pathKnown = true;
    const literals = wanted.length - Object.keys(params).length;
    if (route.method !== method || literals <= bestLiterals) continue;
    bestLiterals = literals;
    best = { route, params, major: majorOf(wanted, params) };
  }
  if (best) return best;
  throw plainError(pathKnown ? 405 : 404);
}

/** The limits of a request. */
export function limitsOf({ route, major }: Match, call: Call): LimitUse[] {
  return (route.limits?.(call) ?? []).map((use) =>
    typeof use === "string" ? { name: use, major } : use
  );
}

/** Whether a request answers an interaction: the global limit does not count those. */
export function isInteraction({ params }: Match, applicationId: string): boolean {
  if (params.interaction_token !== undefined) return true;
  return params.webhook_token !== undefined && params.webhook_id === applicationId;
}

function paramsOf(
  wanted: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (wanted.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, name] of wanted.entries()) {
    const segment = segments[i]!;
    if (!name.startsWith(":")) {
      if (name !== segment) return undefined;
    } else if (segment === "") return undefined;
    else params[name.slice(1)] = decode(segment);
  }
  return params;
}

/** A path that is not valid percent-encoding is taken as it stands. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function majorOf(wanted: readonly string[], params: Readonly<Record<string, string>>): string {
  if (!["channels", "guilds", "webhooks"].includes(wanted[1]!)) return "";
  const id = params[wanted[2]?.slice(1) ?? ""] ?? "";
  return params.webhook_token ? `${id}/${params.webhook_token}` : id;
}
