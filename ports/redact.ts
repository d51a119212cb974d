/**
 * Keeps secrets out of what leaves the program: by the name of a field, and by the secret itself
 * wherever it turns up.
 *
 * @module
 */

/** What stands where a secret was. */
export const REDACTED = "[redacted]";

const SECRET_KEY = /token|authorization|secret|password|cookie|credential/i;

/** Removes secrets from a value: deep, and without changing the value itself. */
export type Redact = (value: unknown) => unknown;

/**
 * A function that replaces
 *
 * - the value of every field whose name holds token, authorization, secret, password, cookie or
 *   credential, at any depth (numbers and booleans stay: `tokens: 3` is no secret);
 * - every occurrence of one of `secrets` in any text, field names included, with or without a
 *   `Bot ` or `Bearer ` before it.
 *
 * Errors become `{name, message, stack, …, cause}`, so that their text passes through it as well; what
 * contains itself becomes `[circular]`.
 */
export function redactor(secrets: Iterable<string> = []): Redact {
  const pattern = patternOf(secrets);
  const text = (value: string) => pattern ? value.replaceAll(pattern, REDACTED) : value;

  function walk(value: unknown, around: readonly object[]): unknown {
    if (typeof value === "string") return text(value);
    if (typeof value === "bigint") return text(String(value));
    if (typeof value !== "object" || value === null) return value;
    if (around.includes(value)) return "[circular]";
    const within = [...around, value];
    if (Array.isArray(value)) return value.map((item) => walk(item, within));
    if (value instanceof URL) return text(value.href);
    if (value instanceof Date) return value;
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return `[${value.byteLength} bytes]`;
    }
    const fields = Object.entries(fieldsOf(value));
    return Object.fromEntries(
      fields.map(([key, field]) => [
        text(key),
        SECRET_KEY.test(key) && hides(field) ? REDACTED : walk(field, within),
      ]),
    );
  }

  return (value) => walk(value, []);
}

/**
 * An address without what may be secret in it: who asks, and the query.
 *
 * @example
 * ```ts
 * import { plainUrl } from "./redact.ts";
 * console.assert(plainUrl("wss://me:pass@bot.example/events?key=1") === "wss://bot.example/events");
 * ```
 */
export function plainUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** The pattern of all secrets, the longest first: one may be the beginning of another. */
function patternOf(secrets: Iterable<string>): RegExp | undefined {
  const known = [...new Set(secrets)].filter((secret) => secret !== "");
  if (known.length === 0) return undefined;
  known.sort((a, b) => b.length - a.length);
  const any = known.flatMap(writings).map(escaped).join("|");
  return new RegExp(`(?:(?:Bot|Bearer) )?(?:${any})`, "g");
}

/** A secret as it is and as it stands inside a URL or a JSON text. */
function writings(secret: string): string[] {
  return [...new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])];
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

function hides(field: unknown): boolean {
  return field !== null && !["undefined", "number", "boolean"].includes(typeof field);
}

function fieldsOf(value: object): object {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return { ...[...value] };
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { ...value, name, message, stack, ...(cause !== undefined && { cause }) };
}
