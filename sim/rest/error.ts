/**
 * Refusals of the simulated REST API, in the shape and words of Discord's errors.
 * See [Discord Docs/JSON Error Codes](https://discord.com/developers/docs/topics/opcodes-and-status-codes#json).
 *
 * @module
 */

/** Nested errors of code 50035, by path within the body. */
export type FormErrors = Readonly<Record<string, { _errors: { code: string; message: string }[] }>>;

/** A refusal; endpoints throw it, the door answers with it. */
export class RestError extends Error {
  override readonly name = "RestError";
  constructor(
    readonly status: number,
    /** Discord's JSON error code; 0 is the general one. */
    readonly code: number,
    message: string,
    readonly errors?: FormErrors,
  ) {
    super(message);
  }

  /** The body of the answer. */
  get body(): Record<string, unknown> {
    const { message, code, errors } = this;
    return errors ? { message, code, errors } : { message, code };
  }
}

/** What does not exist, by Discord's name for it. */
const UNKNOWN = {
  Channel: 10003,
  Guild: 10004,
  Member: 10007,
  Message: 10008,
  Role: 10011,
  User: 10013,
  Webhook: 10015,
  Interaction: 10062,
  "Voice State": 10065,
} as const;

/** 404 `Unknown <what>` with the code of that thing. */
export function unknown(what: keyof typeof UNKNOWN): RestError {
  return new RestError(404, UNKNOWN[what], `Unknown ${what}`);
}

/** 401, 404 or 405 with code 0: what is wrong is the request line or the credential. */
export function plainError(status: 401 | 404 | 405): RestError {
  const words = { 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed" }[status];
  return new RestError(status, 0, `${status}: ${words}`);
}

/** 400 with code 50035 and one nested error. */
export function invalidForm(path: string, code: string, message: string): RestError {
  return new RestError(400, 50035, "Invalid Form Body", {
    [path]: { _errors: [{ code, message }] },
  });
}
