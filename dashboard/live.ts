/**
 * Who looks at the page, and what each is told: server-sent events, one text for all.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { DashboardView } from "./words.ts";

/** Pages that are open at a time: each costs some kilobytes a second. */
const MOST_WATCHERS = 64;
/** Events that a page may be behind; then it gets a view of everything once it reads again. */
const MOST_BEHIND = 8;

/** Said first: what the page shows with each request that changes something. */
export interface Hello {
  readonly csrf: string;
  /** Whether somebody has logged in, and can log out. */
  readonly needsLogin: boolean;
}

interface Watcher {
  readonly stream: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** Whether it may look on. */
  readonly isOpen: () => boolean;
  isBehind: boolean;
}

/** Those who look. */
export class Live {
  readonly #watchers = new Set<Watcher>();

  /** Whether anybody looks. */
  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /**
   * Somebody looks from now on, for as long as it may: gets the view, then whatever is told.
   *
   * @throws {GatehouseError} `not_ready` where too many look already.
   */
  watch(
    isOpen: () => boolean,
    hello: Hello,
    view: () => DashboardView,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.#watchers.size >= MOST_WATCHERS) {
      const text = `Cannot show the dashboard: ${MOST_WATCHERS} pages are open already`;
      throw new GatehouseError("not_ready", "caller", text);
    }
    let watcher: Watcher | undefined;
    return new ReadableStream({
      start: (stream) => {
        watcher = { stream, isOpen, isBehind: false };
        stream.enqueue(eventText("hello", hello));
        stream.enqueue(eventText("view", view()));
        this.#watchers.add(watcher);
      },
      cancel: () => void this.#watchers.delete(watcher!),
    }, { highWaterMark: MOST_BEHIND });
  }

  /**
   * Tells everybody who reads; who was behind, and reads again, gets everything.
   *
   * @param view Of everything, asked for where somebody was behind.
   */
  tell(change: object, view: () => DashboardView): void {
    this.endOver();
    let [changed, whole]: (Uint8Array<ArrayBuffer> | null)[] = [null, null];
    for (const watcher of this.#watchers) {
      const { stream, isBehind } = watcher;
      watcher.isBehind = (stream.desiredSize ?? 0) <= 0;
      if (watcher.isBehind) continue;
      stream.enqueue(
        isBehind ? whole ??= eventText("view", view()) : changed ??= eventText("change", change),
      );
    }
  }

  /** Ends what may not go on: somebody has logged out, say. */
  endOver(): void {
    for (const watcher of this.#watchers) if (!watcher.isOpen()) this.#close(watcher);
  }

  /** Everybody is sent away. */
  stop(): void {
    for (const watcher of this.#watchers) this.#close(watcher);
  }

  #close(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    watcher.stream.close();
  }
}

const encoder = new TextEncoder();

/** An event of a stream of server-sent events; JSON has no line breaks. */
function eventText(event: string, data: object): Uint8Array<ArrayBuffer> {
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
