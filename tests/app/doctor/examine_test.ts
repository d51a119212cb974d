import assert from "node:assert/strict";
import { CHECKS, examine } from "../../../app/doctor/examine.ts";
import { parseConfig } from "../../../config/parse.ts";
import type { ApplicationFacts } from "../../../app/doctor/facts.ts";
import { INTENTS } from "../../../protocol/discord/intents.ts";
import {
  type FactsGiven,
  factsOf,
  GOOD_APPLICATION,
  GOOD_INFO,
} from "../../support/doctor_facts.ts";

const names = Object.values(CHECKS).flatMap((checks) => Object.keys(checks));

Deno.test("examine() has something to say of everything it looks at, whatever is known", async () => {
  const unknown = { discord: null, nats: [], consumers: [], bots: [] };
  const settings = await parseConfig({ TOTAL_SHARDS: "four" });
  const nowhere = { state: null, port: null, permissions: null };
  for (
    const facts of [
      factsOf(),
      factsOf({ config: { mode: "simulator", discordToken: "" }, rest: unknown }),
      factsOf({ host: nowhere, rest: { ...unknown, settings } }),
    ]
  ) {
    const said = new Set(examine(facts).map(({ check }) => check));
    assert.deepEqual([...said].toSorted(), names.toSorted());
  }
});

const isWrong = ({ verdict }: { verdict: string }) => verdict === "fail" || verdict === "warn";

Deno.test("examine() finds nothing wrong with a unit that could be started", () => {
  assert.deepEqual(examine(factsOf()).filter(isWrong), []);
});

const application = (changed: Partial<ApplicationFacts>) => ({
  application: { is: { ...GOOD_APPLICATION, ...changed } },
});
const noneLeft = { ...GOOD_INFO.sessionStartLimit, remaining: 0 };
const works = { "zlib-stream": false, "zstd-stream": true, none: true };
const misspelt = parseConfig({ DISCORD_TOKEN: "a.b.c", TOTAL_SHARD: "4" });

/** One thing that is wrong with each check, and what somebody is to do then. */
const WRONG: Readonly<Record<string, readonly [given: FactsGiven, advice: RegExp]>> = {
  settings: [{ rest: { settings: await misspelt } }, /write TOTAL_SHARDS/],
  secrets: [{ config: { restAuthorization: "short" } }, /openssl rand/],
  Deno: [{ host: { deno: "1.0.0" } }, /deno upgrade/],
  permissions: [
    { host: { permissions: { missing: ["--allow-net"], isAll: false } } },
    /add the flag/,
  ],
  port: [{ host: { port: { code: "EADDRINUSE", failed: "it is taken" } } }, /LISTEN_PORT/],
  "state folder": [{ state: { problem: "it is a file" } }, /set STATE_DIR/],
  disk: [{ state: { free: { is: 1 } } }, /make room/],
  clock: [{ discord: { aheadMs: 60_000 } }, /timedatectl/],
  compression: [
    { host: { inflates: { works, isFast: true } } },
    /set GATEWAY_COMPRESSION=zstd-stream/,
  ],
  token: [
    { discord: { user: { failed: "no", status: 401, isOurs: false } } },
    /developer portal, page Bot/,
  ],
  intents: [
    { config: { intents: INTENTS.GUILDS | INTENTS.MESSAGE_CONTENT } },
    /Privileged Gateway/,
  ],
  shards: [{ discord: application({ guilds: 12_000 }) }, /set TOTAL_SHARDS=\d+/],
  identifies: [
    { discord: { gateway: { is: { ...GOOD_INFO, sessionStartLimit: noneLeft } } } },
    /wait: in 2 h/,
  ],
  gateway: [{ discord: { hello: { failed: "refused" } } }, /firewall/],
  interactions: [
    { discord: application({ interactionsUrl: "https://bot.test" }) },
    /set DISCORD_PUBLIC_KEY=/,
  ],
  bot: [{ rest: { bots: [{ module: "./bot.ts", problem: "it is not there" }] } }, /mend it/],
  events: [
    { rest: { consumers: [{ url: "wss://bot.test", reached: { failed: "refused" } }] } },
    /start it/,
  ],
  NATS: [{ rest: { nats: [{ url: "nats://n", server: { failed: "refused" } }] } }, /is it up/],
};

Deno.test("examine() finds one thing that is wrong with each check, there alone, and says what to do", () => {
  assert.deepEqual(Object.keys(WRONG), names, "a check that nobody sees fail");
  for (const [check, [given, advice]] of Object.entries(WRONG)) {
    const wrong = examine(factsOf(given)).filter(isWrong);
    assert.deepEqual(wrong.map((each) => each.check), [check]);
    assert.match(wrong[0]!.advice!, advice, check);
  }
});
