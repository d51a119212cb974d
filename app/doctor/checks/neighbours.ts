/**
 * Checks of what a unit works with: the bot's code, consumers on other hosts, NATS.
 *
 * @module
 */

import type { BotFacts, ConsumerFacts, Facts, NatsFacts } from "../facts.ts";
import { fail, ok, type Seen, skipped, warn } from "../finding.ts";
import { configOf } from "./words.ts";

/** Of NATS older than that something is missing. */
const WANTED_NATS = [2, 9] as const;
const BETTER_NATS = [2, 10] as const;

/** Whether the bot's modules can be loaded. */
export function checkBot({ settings, host, bots }: Facts): Seen[] {
  const why = configOf(settings, bots.length === 0 ? "the example bot plays" : null);
  if (!settings.ok || why !== null) return [skipped(why!)];
  if (bots.length > 0) return bots.map((bot) => botSeen(bot, host.isCompiled));
  return settings.config.eventHandlerUrls.length > 0
    ? [skipped("the bot's code runs elsewhere (EVENT_HANDLER_URL)")]
    : [
      ok(
        "no code of yours is named: consumers and libraries may dial in",
        "set BOT_MODULE, or EVENT_HANDLER_URL, or point a library at the port",
      ),
    ];
}

function botSeen({ module, problem }: BotFacts, isCompiled: boolean): Seen {
  if (problem !== null) return fail(problem, "mend it: a start ends there");
  return isCompiled
    ? ok(`${module} is there; a compiled Gatehouse does not look at what it imports`)
    : ok(`${module} and all that it imports is there`);
}

/** Whether those who listen for events answer. */
export function checkConsumers({ settings, consumers }: Facts): Seen[] {
  const why = configOf(settings);
  if (why !== null) return [skipped(why)];
  if (consumers.length === 0) return [skipped("EVENT_HANDLER_URL is not set")];
  return consumers.map(consumerSeen);
}

function consumerSeen({ url, reached }: ConsumerFacts): Seen {
  if ("is" in reached) {
    // An event that is none would confuse whoever takes them.
    return ok(
      url.startsWith("http") ? `somebody listens at ${url}; nothing was POSTed` : `${url} answers`,
    );
  }
  const found = `${url}: ${reached.failed}`;
  return /\b401\b|\b403\b/.test(reached.failed)
    ? fail(found, "give both sides the same EVENT_HANDLER_SECRET_KEY")
    : warn(found, "start it: until then its events wait, in memory and on disk");
}

/** Whether the fleet's servers are there. */
export function checkNats({ settings, nats }: Facts): Seen[] {
  const why = configOf(settings, "a unit that plays has no fleet");
  if (why !== null) return [skipped(why)];
  if (nats.length === 0) return [skipped("NATS_URL is not set: this unit is by itself")];
  const isAnyUp = nats.some(({ server }) =>
    "is" in server && server.is.problem === null && !isBefore(server.is.version, WANTED_NATS)
  );
  return nats.map((each) => natsSeen(each, isAnyUp));
}

function natsSeen({ url, server }: NatsFacts, isAnyUp: boolean): Seen {
  const away = (found: string, advice: string) =>
    isAnyUp ? warn(found, `${advice}; another one is there`) : fail(found, advice);
  if ("failed" in server) {
    return away(
      `${url}: ${server.failed}`,
      "is it up, and are NATS_USER, NATS_TOKEN or NATS_CREDENTIALS right?",
    );
  }
  const { version, problem, isKnown } = server.is;
  const found = `${url}: NATS ${version}`;
  if (problem !== null) {
    return away(
      `${found}: ${problem}`,
      "start it with JetStream (-js), and let the account use it: docs/fleet.md",
    );
  }
  if (isBefore(version, WANTED_NATS)) {
    return away(found, `${WANTED_NATS.join(".")} or newer is needed`);
  }
  if (isBefore(version, BETTER_NATS)) {
    return warn(found, `${BETTER_NATS.join(".")} or newer is better: docs/fleet.md`);
  }
  return ok(`${found}, with JetStream; ${isKnown ? "the fleet's keys are there" : "no fleet yet"}`);
}

function isBefore(version: string, [wantedMajor, wantedMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < wantedMajor || major === wantedMajor && minor < wantedMinor;
}
