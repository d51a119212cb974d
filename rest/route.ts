/**
 * From the path of a request to what its rate limits hang on. Pure, and without a list of Discord's
 * routes: a segment is sorted by its looks, so that a route that is new tomorrow works today.
 * See [Discord Docs/Rate Limits](https://discord.com/developers/docs/topics/rate-limits).
 *
 * @module
 */

/** What a request is, as far as rate limits are concerned. */
export interface Route {
  /** As the caller gave it, in upper case. */
  readonly method: string;
  /**
   * Path below the version with every variable part replaced: `/channels/:id/messages/:id`. Safe
   * for logs and metrics: it is bounded and holds no id and no token.
   */
  readonly template: string;
  /**
   * The top-level resource that limits are counted by: `channels/123`, `guilds/123`,
   * `webhooks/123`, `webhooks/123/token`; empty where there is none. May hold a token: never log
   * it.
   */
  readonly major: string;
  /**
   * `callback`: first response to an interaction. `interaction`: what follows it, by the
   * interaction's token. `webhook`: a webhook by its token. `other`: all else.
   */
  readonly kind: "callback" | "interaction" | "webhook" | "other";
}

/** Segments of a template; what comes after them is one `…`. Discord's longest paths have seven. */
const MOST_SEGMENTS = 12;

/** Longest segment that is taken for a word. */
const LONGEST_WORD = 32;

const VERSION = /^v\d{1,3}$/;
/** Snowflakes, and the small numbers of a poll's answers. 64 bits have no more digits. */
const ID = /^\d{1,20}$/;
/** A segment that Discord wrote: `messages`, `voice-status`, `oauth2`, `widget.png`, `@me`. */
const WORD = /^@?[a-z][a-z_-]*\d?(\.[a-z]+)?$/;

/** Resources whose id, where it comes next, has limits of its own. */
const MAJOR_RESOURCES: ReadonlySet<string> = new Set(["channels", "guilds", "webhooks"]);

/** Resources that are addressed as `/{id}/{token}`. */
const RESOURCES_WITH_TOKEN: ReadonlySet<string> = new Set(["webhooks", "interactions"]);

/** What comes after these may look like a word, or like an id, and is a code all the same. */
const PARENTS_OF_CODES: ReadonlySet<string> = new Set([
  "invites",
  "templates",
  "activity-instances",
]);

/** How the token of every interaction begins: `interaction:` in base64. */
const INTERACTION_TOKEN = "aW50ZXJhY3Rpb246";

/**
 * What a request is, as far as rate limits are concerned. Takes any text for a path and never
 * throws.
 *
 * Method, template and major are the best guess at what is counted together that can be had before
 * Discord's `X-RateLimit-Bucket` tells. Everything below the `reactions` of a message has one
 * template, because all writes to the reactions of a channel share one limit.
 *
 * @param path Below `/api`, as it came: still encoded, with or without a version, without query.
 *
 * @example
 * ```ts
 * import { routeOf } from "./route.ts";
 * const route = routeOf("delete", "/v10/channels/123/messages/456");
 * console.assert(route.method === "DELETE");
 * console.assert(route.template === "/channels/:id/messages/:id");
 * console.assert(route.major === "channels/123");
 * console.assert(route.kind === "other");
 * ```
 */
export function routeOf(method: string, path: string): Route {
  const upper = method.toUpperCase();
  const segments = segmentsOf(path);
  return {
    method: upper,
    template: templateOf(segments),
    major: majorOf(segments),
    kind: kindOf(upper, segments),
  };
}

/** Without the version: limits are shared across versions. */
function segmentsOf(path: string): readonly string[] {
  const segments = path.split("/").filter((segment) => segment !== "");
  if (VERSION.test(segments[0] ?? "")) segments.shift();
  return segments;
}

function templateOf(segments: readonly string[]): string {
  let template = "";
  for (let i = 0; i < segments.length; i++) {
    if (i === MOST_SEGMENTS) return `${template}/…`;
    template += `/${placeOf(segments, i)}`;
    if (segments[i] === "reactions" && segments[i - 2] === "messages") break;
  }
  return template || "/";
}

/** What stands in the template for the segment at `i`. */
function placeOf(segments: readonly string[], i: number): string {
  const segment = segments[i]!;
  // By its place, whatever it looks like: a token must never be taken for a word.
  if (i === 2 && RESOURCES_WITH_TOKEN.has(segments[0]!)) return ":token";
  if (i > 0 && PARENTS_OF_CODES.has(segments[i - 1]!)) return ":code";
  if (ID.test(segment)) return ":id";
  return segment.length <= LONGEST_WORD && WORD.test(segment) ? segment : ":code";
}

function majorOf([resource = "", id = "", token]: readonly string[]): string {
  if (!MAJOR_RESOURCES.has(resource) || !ID.test(id)) return "";
  const major = `${resource}/${id}`;
  // By the application's id alone, all of its interactions would seem to share one limit.
  return resource === "webhooks" && token !== undefined ? `${major}/${token}` : major;
}

function kindOf(method: string, segments: readonly string[]): Route["kind"] {
  const [resource, id = "", token, action] = segments;
  if (!ID.test(id) || token === undefined) return "other";
  if (resource === "webhooks") {
    return token.startsWith(INTERACTION_TOKEN) ? "interaction" : "webhook";
  }
  const isCallback = resource === "interactions" && action === "callback" && segments.length === 4;
  return isCallback && method === "POST" ? "callback" : "other";
}
