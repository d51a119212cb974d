import assert from "node:assert/strict";
import { createGatehouse, type GatehouseOptions } from "../../app/gatehouse.ts";

function refusal(options: Partial<GatehouseOptions>): string {
  try {
    createGatehouse({ token: "a.b.c", ...options });
  } catch (error) {
    return String(error);
  }
  return "";
}

Deno.test("createGatehouse() names what is wrong as it was written, all at once", () => {
  const told = refusal({ token: "", lastShardId: 4, firstShardId: 5, listenHost: "0.0.0.0" });
  assert.match(told, /token: expected a bot token, received nothing/);
  assert.match(told, /lastShardId: expected firstShardId \(5\) or more, received 4/);
  assert.match(told, /restAuthorization: expected a secret, because listenHost \(0\.0\.0\.0\)/);
  assert.doesNotMatch(told, /[A-Z]{2}/);
});

Deno.test("createGatehouse() calls the bot's module as its option is called", () => {
  const told = refusal({ bot: "./bot.ts", eventHandlerUrls: ["ws://a"] });
  assert.match(told, /bot: expected nothing while eventHandlerUrls is set/);
});

Deno.test("createGatehouse() takes a token with Bot before it, and does nothing yet", () => {
  assert.equal(refusal({ token: "Bot a.b.c" }), "");
});

/** Values that only untyped code can give, and what each is told, by its option. */
const WRONG: readonly (readonly [option: Record<string, unknown>, told: RegExp])[] = [
  [{ totalShards: -1 }, /totalShards: expected a whole number from 1 to 100000, received -1/],
  [{ totalShards: 1.5 }, /totalShards: .* received 1\.5/],
  [{ totalShards: "4" }, /totalShards: .* received "4"/],
  [{ totalShards: NaN }, /totalShards: .* received NaN/],
  [
    { intents: ["GUILD"] },
    /intents: .* received a list \(GUILD is unknown, did you mean GUILDS\?\)/,
  ],
  [{ intents: 1 << 30 }, /intents: expected a number made of Discord's intents/],
  [{ intents: "GUILDS" }, /intents: .* received "GUILDS"/],
  [{ intents: [512] }, /intents: expected .* received a list/],
  [{ listenPort: 70_000 }, /listenPort: expected a port from 0 to 65535, received 70000/],
  [{ identifyReservePercent: 101 }, /identifyReservePercent: expected a share from 0% to 100%/],
  [{ gatewayCompression: "zstd" }, /gatewayCompression: .* received "zstd"/],
  [{ clusterIsolation: "thread" }, /clusterIsolation: expected process or worker/],
  [{ allowFaults: 1 }, /allowFaults: expected true or false, received 1/],
  [{ discordApiUrl: "discord.com" }, /discordApiUrl: expected an http or https URL/],
  [
    { eventHandlerUrls: "ws://a" },
    /eventHandlerUrls: expected a list of ws, wss, http or https URLs/,
  ],
  [
    { eventHandlerUrls: ["ftp://a"] },
    /eventHandlerUrls: expected a list of ws, wss, http or https URLs/,
  ],
  [{ services: [{ name: "a b", module: "x" }] }, /services: expected a list of \{ name, module \}/],
  [{ services: { a: "x" } }, /services: expected a list of \{ name, module \}/],
  [{ clusterPermissions: ["--allow-all"] }, /clusterPermissions: expected a list of permission/],
  [{ bot: 5 }, /bot: expected a path or URL without a comma, received 5/],
  [{ workerPermissions: "most" }, /workerPermissions: expected least or inherit, received "most"/],
  [{ token: undefined }, /token: expected a bot token, received nothing/],
  [{ token: "two words" }, /token: expected the bot's token, one word, received a text of 9/],
  [{ token: 5 }, /token: .* received something that is no text/],
  [{ restAuthorization: "ä" }, /restAuthorization: .* received a text of 1 characters/],
  [{ totalShard: 4 }, /totalShard: expected totalShards, received a name that is no option/],
  [{ botModule: "./bot.ts" }, /botModule: expected bot, received a name that is no option/],
  [{ TOTAL_SHARDS: 4 }, /TOTAL_SHARDS: expected totalShards, received a name that is no option/],
  [{ BOT_MODULE: "b" }, /BOT_MODULE: expected bot, received a name that is no option/],
  [{ statedir: "/s" }, /statedir: expected stateDir, received a name that is no option/],
  [
    { token: null },
    /token: expected the bot's token, one word, received something that is no text/,
  ],
  [{ intents: null }, /intents: expected a number made of .* received null/],
  [{ bot: {} }, /bot: expected a path or URL without a comma, received something of type object/],
  [
    { stateDir: new URL("file:///s") },
    /stateDir: expected a path without a comma, received something of type object/,
  ],
  [{ services: [{ name: "a" }] }, /services: expected a list of \{ name, module \}/],
  [{ trustedProxies: ["10.0.0.0/33"] }, /trustedProxies: expected a list of IP addresses/],
  [{ natsUrls: ["http://a"] }, /natsUrls: expected a list of nats or tls URLs/],
  [{ publicUrl: "https://a:b@c" }, /publicUrl: .* received "https:\/\/\[redacted\]@c"/],
  [{ colour: true }, /colour: expected the name of an option, received a name that is no option/],
];

for (const [option, told] of WRONG) {
  Deno.test(`createGatehouse() refuses ${JSON.stringify(option)} at once, in the option's own name`, () => {
    const text = refusal(option as Partial<GatehouseOptions>);
    assert.match(text, told);
    const [name = ""] = Object.keys(option);
    assert.doesNotMatch(text.replaceAll(name, ""), /[A-Z]{2}_/, "a variable is named");
    assert.equal(text.split("; ").length, 1, `more than one problem is told: ${text}`);
  });
}

for (const options of [undefined, null, "a.b.c", ["a.b.c"], 5]) {
  Deno.test(`createGatehouse() refuses ${JSON.stringify(options)} in the place of options`, () => {
    assert.throws(() => createGatehouse(options as unknown as GatehouseOptions), {
      code: "bad_config",
      message: /^Cannot create unit: options: expected an object, received /,
    });
  });
}

Deno.test("createGatehouse() steers no reshard of a unit that is not started", () => {
  const unit = createGatehouse({ token: "t" });
  const early = { code: "not_ready", message: "Cannot do that: the unit is not started" };
  assert.throws(() => unit.reshard({ totalShards: 4 }), early);
  for (const steer of ["pauseReshard", "resumeReshard", "cancelReshard"] as const) {
    assert.throws(() => unit[steer](), early);
  }
});

Deno.test("createGatehouse() takes what is not set for not set, and lists in any form of Discord's", () => {
  const unset = { totalShards: undefined, lastShardId: null, services: [], bot: undefined };
  assert.equal(refusal(unset as unknown as Partial<GatehouseOptions>), "");
  assert.equal(refusal({ intents: [] }), "");
  assert.equal(
    refusal({ intents: ["GUILDS", "MESSAGE_CONTENT"], discordApiUrl: "http://a/api/v10/" }),
    "",
  );
});
