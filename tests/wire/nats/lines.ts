/**
 * Lines to a real server, for tests.
 *
 * @module
 */

import type { Clock } from "../../../ports/clock.ts";
import { systemClock } from "../../../ports/clock.ts";
import { type LogFields, type LogLevel, logTo } from "../../../ports/log.ts";
import type { NatsSettings } from "../../../ports/nats/dial.ts";
import { type NatsFleetLine, openNatsLine } from "../../../ports/nats/line.ts";
import { systemRandom } from "../../../ports/random.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { type NatsProgram, type NatsServer, startNats, until } from "../../support/nats_server.ts";

/** The bot whose fleet it is. */
export const BOT = "123456789012345678";

/** Settings of a server that lets everybody in. */
export function settingsFor(urls: string | readonly string[]): NatsSettings {
  return {
    natsUrls: [urls].flat(),
    natsPrefix: "gatehouse",
    natsCredentials: null,
    natsUser: null,
    natsPassword: null,
    natsToken: null,
    natsTlsCa: null,
    natsTlsCert: null,
    natsTlsKey: null,
  };
}

/** A line, and what it logs. */
export interface LoggedLine {
  readonly line: NatsFleetLine;
  readonly lines: [LogLevel, string, LogFields][];
}

/** Opens a line. */
export async function openLine(
  settings: NatsSettings,
  { unit = "a", clock = systemClock }: { unit?: string; clock?: Clock } = {},
): Promise<LoggedLine> {
  const lines: LoggedLine["lines"] = [];
  const log = logTo((...line) => lines.push(line));
  const world = { clock, random: systemRandom, log };
  return { line: await openNatsLine({ ...world, settings, bot: BOT, unit }), lines };
}

/** Opens a line, and waits until it is up. */
export async function openUpLine(
  settings: NatsSettings,
  options: { unit?: string; clock?: Clock } = {},
): Promise<LoggedLine> {
  const opened = await openLine(settings, options);
  await until(() => opened.line.isUp, () => `never up: ${JSON.stringify(opened.lines)}`);
  return opened;
}

/** Two lines to one server, whose deadlines are in a time that the test owns. */
export async function openPair(
  program: NatsProgram,
  config = "",
  adjust: (server: NatsServer) => NatsSettings = ({ url }) => settingsFor(url),
) {
  const server = await startNats(program, config);
  const clock = createVirtualClock();
  const settings = adjust(server);
  const lines = await Promise.all(["a", "b"].map((unit) => openLine(settings, { unit, clock })));
  // A server that has just begun may have no JetStream yet: then it is tried again, in the test's time.
  await until(async () => {
    await clock.advance(50);
    return lines.every(({ line }) => line.isUp);
  });
  const [here, there] = lines.map(({ line }) => line) as [NatsFleetLine, NatsFleetLine];
  // Whatever was sent before it on a connection has arrived when the answer has.
  const probe = await openUpLine(settings, { unit: "probe" });

  async function settle(): Promise<void> {
    for (let hop = 0; hop < 4; hop++) {
      for (const { keys } of [here, there]) await keys.get("unit.none").catch(() => {});
      await probe.line.keys.get("unit.none");
      await clock.advance(1);
    }
  }

  return {
    here,
    there,
    settle,
    async pass(ms: number) {
      await settle();
      await clock.advance(ms);
    },
    async end() {
      await Promise.all([here, there, probe.line].map((line) => line.close()));
      await server[Symbol.asyncDispose]();
    },
  };
}
