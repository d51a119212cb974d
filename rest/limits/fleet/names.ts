/**
 * What stands for a secret where other units hear it: a hash, from which nobody finds the secret. The same
 * secret has the same name in every unit.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Route } from "../../route.ts";

/** 128 bits: no two secrets have one name. */
const LENGTH = 22;
/** Credentials whose names are kept; a bot has one. */
const MOST = 1_024;

/** Names of credentials, kept for those in use. */
export class Names {
  readonly #known = new Map<string, string>();

  /** The name of a credential. */
  of(credential: string): string {
    const known = this.#known.get(credential);
    if (known !== undefined) return known;
    const name = hash("credential", credential);
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(credential, name);
    return name;
  }
}

/**
 * A route as other units may know it: the token of a webhook or an interaction in `major` has its name's place.
 *
 * @example
 * ```ts
 * import { nameless } from "./names.ts";
 * const route = { method: "POST", template: "/webhooks/:id/:token", major: "webhooks/1/t0k3n", kind: "webhook" } as const;
 * console.assert(!nameless(route).major.includes("t0k3n"));
 * ```
 */
export function nameless(route: Route): Route {
  const [resource, id, token] = route.major.split("/", 3);
  if (token === undefined) return route;
  return { ...route, major: `${resource}/${id}/${hash("token", token)}` };
}

function hash(what: string, secret: string): string {
  const text = `gatehouse rest ${what}\n${secret}`;
  return createHash("sha256").update(text).digest("base64url").slice(0, LENGTH);
}
