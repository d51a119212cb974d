/**
 * Ends several things: each of them, whatever becomes of the others. What failed is told when all have ended.
 *
 * @module
 */

/** Ends one thing. */
export type End = () => unknown;

/**
 * Ends one thing after another, each once the one before has ended or failed.
 *
 * @throws What failed: the error itself, or an `AggregateError` of several.
 *
 * @example
 * ```ts
 * import { endInTurn } from "./ending.ts";
 * const ended: string[] = [];
 * const full = () => Promise.reject(new Error("the disk is full"));
 * await endInTurn(full, () => ended.push("socket")).catch(({ message }) => ended.push(message));
 * console.assert(ended.join() === "socket,the disk is full");
 * ```
 */
export async function endInTurn(...ends: readonly End[]): Promise<void> {
  const errors: unknown[] = [];
  for (const end of ends) await tried(end).catch((error) => errors.push(error));
  tell(errors);
}

/** Ends all at once, and waits for all. Throws what {@linkcode endInTurn} throws. */
export async function endTogether(...ends: readonly End[]): Promise<void> {
  const errors: unknown[] = [];
  await Promise.all(ends.map((end) => tried(end).catch((error) => errors.push(error))));
  tell(errors);
}

/**
 * Something could not be begun: ends what is open already, in turn.
 *
 * @throws Always: `error`, or an `AggregateError` of it and what failed after it.
 */
export async function endAfter(error: unknown, ...ends: readonly End[]): Promise<never> {
  await endInTurn(() => Promise.reject(error), ...ends);
  throw error;
}

/** What throws at once fails as what rejects does. */
async function tried(end: End): Promise<void> {
  await end();
}

function tell(errors: readonly unknown[]): void {
  if (errors.length > 1) throw new AggregateError(errors);
  if (errors.length === 1) throw errors[0];
}
