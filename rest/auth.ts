/**
 * Who may use the unit's HTTP port, and as whom. Decisions only: it reads the head of a request and
 * keeps nothing.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { READER_NAME } from "../protocol/ids.ts";
import type { ClusterKey, ServiceKey } from "../protocol/peer.ts";

/**
 * What the REST proxy does with a request: send it as the `bot`, with our token in place of the
 * caller's credential; send it `as is`; send it as a `stranger`'s, where it carries a token of its own
 * (`strangers.ts`); or refuse it.
 */
export type RestVerdict = "bot" | "as is" | "stranger" | { readonly refused: string };

/** Why a request may not come from where it comes, in words for the caller, or `null` where it may. */
export type Authorize = (request: Request) => string | null;

/** A built-in cluster or service. */
export type BuiltIn = ClusterKey | ServiceKey;

/** Who stands at the unit's own doors: who runs it, code that it runs, or a consumer with the key of event links. */
export type UnitCaller = "operator" | "consumer" | BuiltIn;

/** Who stands there, or why nobody is let in, in words for the caller. */
export type UnitVerdict = UnitCaller | { readonly refused: string };

/** What decides. */
export interface AuthRules {
  /** `REST_AUTHORIZATION`; `undefined` where there is none, which is for loopback only. */
  readonly secret: string | undefined;
  /** Credentials that are valid at this moment, and whose each is. */
  readonly credentials: ReadonlyMap<string, BuiltIn>;
  /** `EVENT_HANDLER_SECRET_KEY`, which opens event links and nothing else. Default: none. */
  readonly linkKey?: string | null;
  /** Whether we listen on a loopback address only. */
  readonly loopback: boolean;
  readonly own: OwnPlace;
}

/** Where programs of this machine reach us. */
export interface OwnPlace {
  /** In lower case, an IPv6 address in brackets: see {@linkcode authorityOf}. */
  readonly names: ReadonlySet<string>;
  readonly port: string;
}

/** What a `Host` header, or an address behind its scheme, names. */
export interface Authority {
  /** In lower case, without the dot that may end it. */
  readonly name: string;
  /** Empty where none is given. */
  readonly port: string;
}

/** Header by which a caller shows our secret and keeps its own `Authorization`. */
export const OWN_CREDENTIAL_HEADER = "x-gatehouse-authorization";

/**
 * As whom a request to the REST proxy acts.
 *
 * The secret, alone or with a name behind it (`secret:logger`), or a built-in cluster's credential, by itself
 * or after `Bot ` or `Bearer `, acts as the bot. Who shows nothing is a stranger, and any other credential is refused.
 *
 * A caller that shows the secret in {@linkcode OWN_CREDENTIAL_HEADER} passes with whatever credential
 * is its own, or none: so several bots, and users' `Bearer` tokens, share one proxy.
 *
 * On loopback without a secret every program on the machine may call: any `Bot …` value acts as the bot,
 * `Bearer …` and nothing pass as they are. A web page may not: a foreign `Origin` or `Host` is refused.
 * Secrets are compared in constant time.
 *
 * @example
 * ```ts
 * import { authorizeRest } from "./auth.ts";
 * const rules = {
 *   secret: "s3cret",
 *   credentials: new Map(),
 *   loopback: false,
 *   own: { names: new Set<string>(), port: "8787" },
 * };
 * console.assert(authorizeRest(new Headers({ authorization: "Bot s3cret" }), rules) === "bot");
 * console.assert(authorizeRest(new Headers(), rules) === "stranger");
 * const user = { authorization: "Bearer abc", "x-gatehouse-authorization": "s3cret" };
 * console.assert(authorizeRest(new Headers(user), rules) === "as is");
 * ```
 */
export function authorizeRest(headers: Headers, rules: AuthRules): RestVerdict {
  const refused = authorizePlace(headers, rules);
  if (refused) return { refused };
  if (headers.has(OWN_CREDENTIAL_HEADER)) {
    const { value } = readCredential(headers, OWN_CREDENTIAL_HEADER);
    if (!isOpen(rules) && !isBots(value, rules)) {
      return { refused: `${OWN_CREDENTIAL_HEADER} is not this unit's REST_AUTHORIZATION` };
    }
    // Our secret is no credential of the caller's: it must not go to Discord.
    return isBots(readCredential(headers).value, rules) ? "bot" : "as is";
  }
  const { scheme, value } = readCredential(headers);
  if (value === "") return isOpen(rules) ? "as is" : "stranger";
  if (isBots(value, rules)) return "bot";
  if (!isOpen(rules)) return { refused: `${WRONG}; ${ANOTHERS}` };
  if (scheme === "bearer") return "as is";
  return scheme === "other" ? { refused: WRONG } : "bot";
}

/**
 * Who wants to see and steer the unit: events, metrics, control; {@linkcode refusalOf} says where each may.
 * Who shows the secret is an operator, who shows a built-in cluster's credential is that cluster. On loopback
 * without a secret every program on the machine that shows neither is an operator; web pages from elsewhere
 * are refused.
 */
export function authorizeUnit(headers: Headers, rules: AuthRules): UnitVerdict {
  const refused = authorizePlace(headers, rules);
  if (refused) return { refused };
  const { value } = readCredential(headers);
  const owner = ownerOf(value, rules);
  if (owner !== null) return owner;
  if (isOpen(rules)) return "operator";
  return { refused: value === "" ? MISSING : WRONG };
}

/**
 * Why somebody may not enter by this path; `null` where he may. Operators may everywhere, a consumer to event
 * links only; what a built-in cluster or service may do under `/control` is looked at there.
 */
export function refusalOf(
  verdict: UnitVerdict,
  path: string,
): { readonly error: string; readonly status: 401 | 403 } | null {
  if (typeof verdict === "object" && "refused" in verdict) {
    return { error: verdict.refused, status: 401 };
  }
  if (verdict === "operator" || path === "/events") return null;
  if (verdict !== "consumer" && path.startsWith("/control/")) return null;
  const error = `${path} is not for this credential: it wants REST_AUTHORIZATION`;
  return { error, status: verdict === "consumer" ? 401 : 403 };
}

/** Which built-in cluster or service somebody has proved to be, if any. */
export function builtInOf(verdict: UnitVerdict): BuiltIn | undefined {
  return typeof verdict === "object" && "kind" in verdict ? verdict : undefined;
}

/**
 * Why a request is refused for where it comes from, whatever credential it shows. All that is asked of
 * a socket on `/gateway`: who that is, its IDENTIFY or RESUME tells: {@linkcode isConsumerToken}.
 */
export function authorizePlace(headers: Headers, rules: AuthRules): string | null {
  if (rules.secret !== undefined) return null;
  if (!rules.loopback) return "REST_AUTHORIZATION is not set, and this is not a loopback address";
  // A page whose name was made to point at this machine sends its own name; what port it sends, or
  // whether any, says nothing.
  if (!isOwnName(authorityOf(headers.get("host") ?? ""), rules.own)) {
    return "Host is not this unit's";
  }
  const origin = headers.get("origin");
  if (origin === null || isOwnPage(origin, rules.own)) return null;
  return "Origin is not this unit's: web pages from elsewhere may not call it";
}

/**
 * Whether a caller may be told why the unit is not ready: who is let in, and on loopback every program
 * of this machine.
 */
export function mayKnowWhy(headers: Headers, rules: AuthRules): boolean {
  const verdict = authorizeUnit(headers, rules);
  if (verdict === "operator" || builtInOf(verdict)) return true;
  return authorizePlace(headers, { ...rules, secret: undefined }) === null;
}

/**
 * Reads a `Host` header: `null` where it is none.
 *
 * @example
 * ```ts
 * import { authorityOf } from "./auth.ts";
 * console.assert(authorityOf("LocalHost.:8787")?.name === "localhost");
 * console.assert(authorityOf("[::1]")?.port === "");
 * ```
 */
export function authorityOf(host: string): Authority | null {
  const [, name, port = ""] = /^(\[[\da-f:.]+\]|[\w.-]*[\w-])\.?(?::(\d*))?$/i.exec(host) ?? [];
  return name === undefined ? null : { name: name.toLowerCase(), port };
}

/** Whether it names us. */
export function isOwnName(authority: Authority | null, { names }: OwnPlace): boolean {
  return authority !== null && names.has(authority.name);
}

/** A page of ours has our port: another one of this machine may be anybody's. */
function isOwnPage(origin: string, own: OwnPlace): boolean {
  const [, host = ""] = /^https?:\/\/(.*)$/i.exec(origin) ?? [];
  const authority = authorityOf(host);
  return isOwnName(authority, own) && (authority!.port || "80") === own.port;
}

/**
 * Whether the token of an IDENTIFY or RESUME, without `Bot `, lets in: it can take any shard, so a built-in
 * cluster's credential is none.
 */
export function isConsumerToken(token: string, rules: AuthRules): boolean {
  return isOpen(rules) || ownerOf(token, rules) === "operator";
}

/** Why who shows nothing is refused. */
export const MISSING = "Authorization is missing: it must be REST_AUTHORIZATION";
const WRONG = "Authorization is not this unit's REST_AUTHORIZATION";
const ANOTHERS = `with a credential of your own, that goes into ${OWN_CREDENTIAL_HEADER}`;

/** Open to every program on the machine. */
function isOpen({ secret, loopback }: AuthRules): boolean {
  return secret === undefined && loopback;
}

interface Credential {
  /** `bare` is one word by itself. */
  readonly scheme: "bot" | "bearer" | "bare" | "other";
  /** Empty where there is none. */
  readonly value: string;
}

function readCredential(headers: Headers, header = "authorization"): Credential {
  const text = headers.get(header)?.trim() ?? "";
  const [, scheme, value] = /^(bot|bearer) +(\S+)$/i.exec(text) ?? [];
  if (scheme && value) return { scheme: scheme.toLowerCase() as "bot" | "bearer", value };
  return { scheme: text.includes(" ") ? "other" : "bare", value: text };
}

/** Who acts as the bot: all but those who only get its events. */
function isBots(value: string, rules: AuthRules): boolean {
  const owner = ownerOf(value, rules);
  if (owner !== null) return owner !== "consumer";
  // Who reads beside the bot has one token for `/gateway` and for here: our secret, and a name behind it.
  const [, secret, name] = /^(.*):([^:]*)$/.exec(value) ?? [];
  return READER_NAME.test(name ?? "") && ownerOf(secret!, rules) === "operator";
}

/** Whose a credential is; `null`: none of ours. */
function ownerOf(value: string, { secret, credentials, linkKey }: AuthRules): UnitCaller | null {
  const ours: [string, UnitCaller][] = [...credentials];
  if (typeof linkKey === "string") ours.push([linkKey, "consumer"]);
  if (secret !== undefined) ours.push([secret, "operator"]);
  const given = digest(value);
  let owner: UnitCaller | null = null;
  // Every one is compared: leaving early would tell which one it was.
  for (const [credential, whose] of ours) {
    if (timingSafeEqual(given, digest(credential))) owner = whose;
  }
  return owner;
}

/** Digests have one length, which the comparison needs; so not even a secret's length shows. */
function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
