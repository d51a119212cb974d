/**
 * What all have been told already: each text once.
 *
 * @module
 */

/** Texts that are remembered. They name buckets of routes, of which Discord has a few hundred. */
const MOST = 10_000;

/** What has been told, as far as is remembered. */
export class Told {
  readonly #texts = new Set<string>();

  /** Whether this is told for the first time. */
  isNews(text: string): boolean {
    if (this.#texts.has(text)) return false;
    if (this.#texts.size >= MOST) this.#texts.clear();
    this.#texts.add(text);
    return true;
  }
}
