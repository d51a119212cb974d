/**
 * The line between the units of a fleet, over NATS: one connection after the other for ever, a bus and keys on it.
 *
 * It is **up** while something can be written: a server that is there but cannot keep anything (it has no
 * JetStream, its disk is full, most of its cluster is away) is no server to us, because then nobody's beat can
 * be seen, and that must kill nobody. Nothing is thrown for the server's sake: what is wrong stands in `warnings`.
 *
 * @module
 */

import { loadJetStream, loadNats, type NatsConnection } from "../../deps.ts";
import { type Cancel, within } from "../clock.ts";
import type { EventStream } from "../fleet/event_stream.ts";
import type { FleetLine } from "../fleet/fleet.ts";
import type { LogFields } from "../log.ts";
import { randomHex } from "../random.ts";
import { redialDelayMs } from "../redial.ts";
import type { World } from "../world.ts";
import { type Bucket, reasonOf } from "./bucket.ts";
import { NatsBus } from "./bus.ts";
import { dialNats, type NatsSettings } from "./dial.ts";
import { NatsKeys } from "./keys.ts";
import { NatsEventStream } from "./stream.ts";
import { warningsOf } from "./warnings.ts";

/** How long goodbye may take. */
const GOODBYE_MS = 2_000;

/** What a line needs. */
export interface NatsLineOptions extends Pick<World, "clock" | "random" | "log"> {
  readonly settings: NatsSettings;
  /** Whose fleet it is: the bot's id, or what stands for it. Letters, digits, `_` and `-`. */
  readonly bot: string;
  /** How this unit is called, in the server's own lists. */
  readonly unit: string;
}

/**
 * Loads what talks to NATS, and dials; resolves without waiting for an answer.
 *
 * @example
 * ```ts
 * import { systemClock } from "../clock.ts";
 * import { silentLog } from "../log.ts";
 * import { systemRandom } from "../random.ts";
 * import { openNatsLine } from "./line.ts";
 * const settings = {
 *   natsUrls: ["nats://127.0.0.1:9"], natsPrefix: "gatehouse", natsCredentials: null, natsUser: null,
 *   natsPassword: null, natsToken: null, natsTlsCa: null, natsTlsCert: null, natsTlsKey: null,
 * };
 * const world = { clock: systemClock, random: systemRandom, log: silentLog };
 * const line = await openNatsLine({ ...world, settings, bot: "123456789012345678", unit: "a" });
 * console.assert(!line.isUp);
 * await line.close();
 * ```
 */
export async function openNatsLine(options: NatsLineOptions): Promise<NatsFleetLine> {
  await Promise.all([loadNats(), loadJetStream()]);
  return new NatsLine(options);
}

/** A line over NATS, which keeps events, too. */
export interface NatsFleetLine extends FleetLine {
  readonly events: EventStream;
}

/** What all subjects of a bot's fleet stand under, and its bucket. Neither tells the token. */
export function namesOf({ natsPrefix }: Pick<NatsSettings, "natsPrefix">, bot: string) {
  return { root: `${natsPrefix}.${bot}`, bucket: `${natsPrefix}_${bot}` };
}

class NatsLine implements NatsFleetLine {
  readonly bus: NatsBus;
  readonly keys: NatsKeys;
  readonly events: NatsEventStream;
  readonly #options: NatsLineOptions;
  readonly #inbox: string;
  readonly #watching = new Set<{ readonly changed: (isUp: boolean) => void }>();
  #connection: NatsConnection | null = null;
  #bucket: Bucket | null = null;
  /** Which of the servers is next. */
  #server: number;
  #failures = 0;
  /** What is wrong while it is not up. */
  #trouble: string | null = null;
  #isClosed = false;
  /** Ends the pause before it is tried again. */
  #cancel: Cancel = () => {};

  constructor(options: NatsLineOptions) {
    const { clock, log, random, settings, bot } = options;
    const { root, bucket } = namesOf(settings, bot);
    this.#options = options;
    this.#inbox = `${root}.inbox.${randomHex(8)}`;
    this.#server = Math.floor(random() * settings.natsUrls.length);
    this.bus = new NatsBus({ clock, log, root, inbox: `${this.#inbox}.answer` });
    this.keys = new NatsKeys({
      clock,
      log,
      bucket,
      inbox: this.#inbox,
      lost: (why) => this.#lose(why),
    });
    this.events = new NatsEventStream({ name: `${bucket}_events`, root: `${root}.events` });
    void this.#dial();
  }

  get isUp(): boolean {
    return this.#bucket !== null;
  }

  get warnings(): readonly string[] {
    if (this.#bucket === null) return this.#trouble === null ? [] : [this.#trouble];
    const { trouble } = this.events;
    return [...warningsOf(this.#bucket), ...trouble === null ? [] : [trouble]];
  }

  watch(changed: (isUp: boolean) => void): Cancel {
    const watching = { changed };
    this.#watching.add(watching);
    return () => void this.#watching.delete(watching);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancel();
    this.#watching.clear();
    const connection = this.#connection;
    this.bus.close();
    this.keys.close();
    this.events.attach(null);
    this.#bucket = null;
    if (connection === null) return;
    const { clock } = this.#options;
    await within(clock, GOODBYE_MS, connection.flush().catch(() => {}));
    await connection.close();
  }

  async #dial(): Promise<void> {
    const { settings, unit } = this.#options;
    const url = settings.natsUrls[this.#server++ % settings.natsUrls.length]!;
    try {
      const connection = await dialNats(settings, url, { name: unit, inbox: this.#inbox });
      if (this.#isClosed) return await connection.close();
      this.#attach(connection, url);
    } catch (error) {
      this.#again(`NATS at ${url} cannot be reached: ${reasonOf(error)}`, () => this.#dial());
    }
  }

  #attach(connection: NatsConnection, url: string): void {
    this.#connection = connection;
    this.bus.attach(connection);
    this.events.attach(connection);
    this.#hear(connection).catch((error) => {
      this.#options.log.error("NATS cannot be heard", { error: reasonOf(error) });
    });
    void connection.closed().then((error) => {
      if (this.#connection !== connection) return;
      this.#connection = null;
      const why = `NATS at ${url} is away: ${error ? reasonOf(error) : "the connection ended"}`;
      this.bus.detach(why);
      this.events.attach(null);
      this.keys.end(why);
      this.#again(why, () => this.#dial());
    });
    void this.#begin(connection);
  }

  /** What the server says to nobody in particular. */
  async #hear(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type !== "error") continue;
      this.#options.log.warn("NATS refuses something", { error: reasonOf(status.error) });
    }
  }

  /** The connection is there: now what is kept. */
  async #begin(connection: NatsConnection): Promise<void> {
    if (this.#connection !== connection) return;
    try {
      const bucket = await this.keys.begin(connection);
      if (this.#connection !== connection || this.#isClosed) return;
      this.#bucket = bucket;
      this.#failures = 0;
      this.#trouble = null;
      const { version, server_name: server } = connection.info ?? {};
      this.#options.log.info("NATS is up", { version, server, warnings: this.warnings });
      this.#tell(true);
    } catch (error) {
      if (this.#connection !== connection) return;
      const why = `NATS keeps nothing: ${reasonOf(error)}`;
      this.#again(why, () => this.#begin(connection));
    }
  }

  /** Keys cannot be asked, though the connection may be there. */
  #lose(why: string): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#again(`NATS keeps nothing: ${why}`, () => this.#begin(connection));
  }

  /** It is not up, and is tried again. */
  #again(why: string, task: () => Promise<void>): void {
    if (this.#isClosed) return;
    const { clock, random, log } = this.#options;
    const wasUp = this.#bucket !== null;
    const delayMs = Math.round(redialDelayMs(++this.#failures, random));
    const fields: LogFields = { reason: why, delayMs };
    if (wasUp || why !== this.#trouble) log.warn("NATS is away", fields);
    else log.debug("NATS is still away", fields);
    this.#trouble = why;
    this.#bucket = null;
    this.#cancel();
    this.#cancel = clock.after(delayMs, () => void task());
    if (wasUp) this.#tell(false);
  }

  #tell(isUp: boolean): void {
    for (const { changed } of [...this.#watching]) {
      try {
        changed(isUp);
      } catch (error) {
        this.#options.log.error("who watches the line failed", { error: reasonOf(error) });
      }
    }
  }
}
