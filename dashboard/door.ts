/**
 * Who may see the dashboard, and who may act: decides by the head of a request.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import { randomHex } from "../ports/random.ts";
import { isSameText, type Session, Sessions } from "./sessions.ts";

/** The header that each request that changes something has, with what `hello` told. */
export const CSRF_HEADER = "x-gatehouse-dashboard";

/** What decides. */
export interface DoorOptions {
  readonly clock: Pick<Clock, "now">;
  /** Why a request may not come from where it comes, whoever sent it; `null`: it may. */
  readonly refusalOf: (request: Request) => string | null;
  /** Whether there is a secret of who runs the unit; else nobody logs in. */
  readonly hasSecret: () => boolean;
  /** Whether a text is that secret. */
  readonly isSecret: (text: string) => boolean;
  /** How a caller has reached us: `https://bots.example/`. */
  readonly addressOf: (request: Request, peer: string) => string;
  /** The unit's own port: cookies of a host are of all its ports. */
  readonly port: () => string;
}

/** Why somebody is not let in. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly error: string;
}

/** The door. */
export class Door {
  readonly #options: DoorOptions;
  readonly #sessions: Sessions;
  /** Of everybody, where nobody logs in. */
  readonly #open: Session;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#sessions = new Sessions(options.clock);
    this.#open = { id: "", csrf: randomHex(32), name: "local", beganMs: 0, usedMs: 0 };
  }

  /** Whether one has to log in. */
  get needsLogin(): boolean {
    return this.#options.hasSecret();
  }

  /** Why nobody may come from there. */
  placeRefusal(request: Request): Refusal | null {
    const error = this.#options.refusalOf(request);
    return error === null ? null : { status: 401, error };
  }

  /** The session of a request; `null`: it has none. */
  sessionOf({ headers }: Request): Session | null {
    if (!this.needsLogin) return this.#open;
    const id = cookieIn(headers.get("cookie") ?? "", this.#cookieName);
    return id === null ? null : this.#sessions.find(id);
  }

  /** Whether a session still lets in; it counts as used. */
  holds(session: Session): boolean {
    return !this.needsLogin || this.#sessions.find(session.id) === session;
  }

  /** Why a page that is not ours, or nobody's, may not change something: a browser says whose page asks. */
  originRefusal(request: Request, peer: string): Refusal | null {
    const origin = request.headers.get("origin");
    const own = new URL(this.#options.addressOf(request, peer)).host;
    if (origin !== null && URL.canParse(origin) && new URL(origin).host === own) return null;
    const advice = "if a server stands in front of it, set PUBLIC_URL";
    const error = origin === null
      ? "Origin is missing: only the dashboard's own page may do that"
      : `Origin is not this unit's, which is reached at ${own}: ${advice}`;
    return { status: 403, error };
  }

  /** Why a request may not change something though it has a session: it does not show what its page was told. */
  tokenRefusal({ headers }: Request, { csrf }: Session): Refusal | null {
    if (isSameText(headers.get(CSRF_HEADER) ?? "", csrf)) return null;
    return { status: 403, error: `${CSRF_HEADER} is not what this page was told: load it anew` };
  }

  /** Begins a session by the secret; `null`: it is not the secret. Gives it with its cookie. */
  login(
    secret: string,
    request: Request,
    peer: string,
  ): { session: Session; cookie: string } | null {
    if (!this.#options.isSecret(secret)) return null;
    const session = this.#sessions.open();
    return { session, cookie: this.#cookie(session.id, request, peer) };
  }

  /** Ends a session; gives the cookie that is none any more. */
  logout(session: Session, request: Request, peer: string): string {
    this.#sessions.close(session);
    return `${this.#cookie("", request, peer)}; Max-Age=0`;
  }

  /** Another for each port of a host: who logs in to one unit stays logged in to the other. */
  get #cookieName(): string {
    return `gatehouse_${this.#options.port()}`;
  }

  #cookie(value: string, request: Request, peer: string): string {
    const { protocol, pathname } = new URL(this.#options.addressOf(request, peer));
    // A browser says by which scheme it came, also where the server in front does not.
    const isSecure = protocol === "https:" || /^https:/i.test(request.headers.get("origin") ?? "");
    const path = `${pathname.replace(/\/$/, "")}/dashboard`;
    const rules = `HttpOnly; SameSite=Strict; Path=${path}${isSecure ? "; Secure" : ""}`;
    return `${this.#cookieName}=${value}; ${rules}`;
  }
}

/** The value of a cookie; `null`: there is none of this name. */
function cookieIn(header: string, name: string): string | null {
  const pair = header.split(";").map((pair) => pair.trim()).find((pair) =>
    pair.startsWith(`${name}=`)
  );
  return pair === undefined ? null : pair.slice(name.length + 1);
}
