import assert from "node:assert/strict";
import { type Config, CONFIG_DEFAULTS, isLoopback } from "../../config/config.ts";
import { brokenRules, isDiscord } from "../../config/rules.ts";

const broken = (config: Partial<Config>) =>
  brokenRules({ ...CONFIG_DEFAULTS, ...config }).map((problem) => problem.setting);

const cases: [title: string, config: Partial<Config>, settings: string[]][] = [
  ["the defaults break no rule", {}, []],
  ["the last shard comes after the first", { firstShardId: 5, lastShardId: 4 }, ["LAST_SHARD_ID"]],
  ["one shard is a range", { firstShardId: 4, lastShardId: 4, totalShards: 5 }, []],
  ["the last shard is below the total", { lastShardId: 8, totalShards: 8 }, ["LAST_SHARD_ID"]],
  ["the first shard is below the total", { firstShardId: 8, totalShards: 8 }, ["FIRST_SHARD_ID"]],
  ["workers have room for all shards", { totalWorkers: 2, shardsPerWorker: 3, totalShards: 7 }, [
    "SHARDS_PER_WORKER",
  ]],
  ["workers need room for this unit's range only", {
    totalWorkers: 2,
    shardsPerWorker: 3,
    totalShards: 100,
    firstShardId: 10,
    lastShardId: 15,
  }, []],
  ["so many workers are a mistake", { totalShards: 100_000, shardsPerWorker: 1 }, [
    "SHARDS_PER_WORKER",
  ]],
  ["off loopback a secret is needed", { listenHost: "0.0.0.0" }, ["REST_AUTHORIZATION"]],
  ["off loopback a secret is enough", { listenHost: "::", restAuthorization: "s" }, []],
  ["with an address outside a secret is needed", { publicUrl: "wss://b.example" }, [
    "REST_AUTHORIZATION",
  ]],
  ["with an address of this machine none is", { publicUrl: "http://localhost:80" }, []],
  ["behind a trusted server a secret is needed", { trustedProxies: ["127.0.0.1"] }, [
    "REST_AUTHORIZATION",
  ]],
  ["off loopback and with an address outside one is told once", {
    listenHost: "::",
    publicUrl: "wss://b.example",
  }, ["REST_AUTHORIZATION"]],
  ["who is POSTed to over a network must know that it is us", {
    eventHandlerUrls: ["ws://a", "https://b.example/events"],
  }, ["EVENT_HANDLER_SECRET_KEY"]],
  ["a secret is enough for that", {
    eventHandlerUrls: ["http://b.example"],
    eventHandlerSecretKey: "k",
  }, []],
  ["on this machine none is needed", {
    eventHandlerUrls: ["http://localhost:1", "https://[::1]/"],
  }, []],
  ["a fleet deals the shards out itself", {
    natsUrls: ["nats://a"],
    firstShardId: 1,
    lastShardId: 2,
  }, ["FIRST_SHARD_ID", "LAST_SHARD_ID"]],
  ["a fleet may have a total", { natsUrls: ["nats://a"], totalShards: 16 }, []],
  ["a way into NATS needs a NATS", { natsToken: "t" }, ["NATS_URL"]],
  ["events go nowhere without a NATS", { natsEvents: "stream" }, ["NATS_URL"]],
  ["a user needs a password", { natsUrls: ["nats://a"], natsUser: "u" }, ["NATS_PASSWORD"]],
  ["a password needs a user", { natsUrls: ["nats://a"], natsPassword: "p" }, ["NATS_USER"]],
  ["a certificate needs its key", { natsUrls: ["nats://a"], natsTlsCert: "c" }, ["NATS_TLS_KEY"]],
  ["a key needs its certificate", { natsUrls: ["nats://a"], natsTlsKey: "k" }, ["NATS_TLS_CERT"]],
  ["one way into NATS is enough", {
    natsUrls: ["nats://a"],
    natsUser: "u",
    natsPassword: "p",
    natsToken: "t",
  }, ["NATS_USER"]],
  ["credentials are a way in by themselves", {
    natsUrls: ["nats://a"],
    natsCredentials: "c",
    natsToken: "t",
  }, ["NATS_CREDENTIALS"]],
  ["a user, its password and TLS go together", {
    natsUrls: ["tls://a"],
    natsUser: "u",
    natsPassword: "p",
    natsTlsCa: "ca",
    natsTlsCert: "c",
    natsTlsKey: "k",
  }, []],
  ["on loopback no secret is needed", { listenHost: "::1" }, []],
  ["Discord's own window is not undercut", { spawnShardDelayMs: 4999 }, ["SPAWN_SHARD_DELAY_MS"]],
  ["another API has its own window", {
    spawnShardDelayMs: 10,
    discordApiUrl: "http://127.0.0.1:1/api",
  }, []],
  ["the simulator has its own window", { spawnShardDelayMs: 10, mode: "simulator" }, []],
  ["all members need the intent GUILD_MEMBERS", { cacheAllMembers: true, intents: 1 }, ["INTENTS"]],
  ["all members need the intent GUILDS", { cacheAllMembers: true, intents: 2 }, ["INTENTS"]],
  ["all members need these two intents only", { cacheAllMembers: true, intents: 3 }, []],
  ["a cache of guilds needs the intent GUILDS", { cache: ["guilds"], intents: 2 }, ["INTENTS"]],
  ["a cache of guilds needs no other", { cache: ["guilds"], intents: 1 }, []],
  ["a cache of members needs GUILD_MEMBERS", { cache: ["members"], intents: 1 }, ["INTENTS"]],
  ["a cache of members needs GUILDS", { cache: ["members"], intents: 2 }, ["INTENTS"]],
  ["presences need GUILD_PRESENCES", { cache: ["presences"], intents: 1 }, ["INTENTS"]],
  ["voice needs GUILD_VOICE_STATES", { cache: ["voice"], intents: 1 }, ["INTENTS"]],
  ["all of it needs these four", {
    cache: ["guilds", "members", "presences", "voice"],
    intents: 1 + 2 + 128 + 256,
  }, []],
  ["a cache of members needs these two only", { cache: ["members"], intents: 3 }, []],
  ["events go to one place", { botModule: "./b.ts", eventHandlerUrls: ["ws://a"] }, ["BOT_MODULE"]],
];

for (const [title, config, settings] of cases) {
  Deno.test(`brokenRules(): ${title}`, () => assert.deepEqual(broken(config), settings));
}

Deno.test("brokenRules() names the intents that CACHE_ALL_MEMBERS lacks", () => {
  const [problem] = brokenRules({ ...CONFIG_DEFAULTS, cacheAllMembers: true, intents: 512 });
  assert.deepEqual(problem, {
    setting: "INTENTS",
    expected: "GUILDS and GUILD_MEMBERS among them, because CACHE_ALL_MEMBERS is set",
    received: "512",
  });
});

Deno.test("brokenRules() calls settings as it is told to, also those that others are compared with", () => {
  const broken = brokenRules({
    ...CONFIG_DEFAULTS,
    listenHost: "0.0.0.0",
    totalShards: 8,
    firstShardId: 5,
    lastShardId: 9,
    totalWorkers: 1,
    shardsPerWorker: 1,
    botModule: "./b.ts",
    eventHandlerUrls: ["ws://a"],
    cache: ["guilds"],
    cacheAllMembers: true,
    intents: 0,
  }, { nameOf: (field) => field });
  assert.ok(broken.length >= 6);
  for (const { setting, expected } of broken) {
    const words = `${setting} ${expected}`.replaceAll(/GUILDS|GUILD_MEMBERS/g, "");
    assert.doesNotMatch(words, /[A-Z]{2}/);
  }
});

Deno.test("brokenRules() leaves out rules that a setting which is wrong by itself is part of", () => {
  const config = { ...CONFIG_DEFAULTS, firstShardId: 9, totalShards: 8, listenHost: "0.0.0.0" };
  const told = brokenRules(config, { except: new Set(["totalShards" as const]) });
  assert.deepEqual(told.map(({ setting }) => setting), ["REST_AUTHORIZATION"]);
});

Deno.test("isDiscord() is not taken in by a name that only looks like it", () => {
  const discord = (discordApiUrl: string) => isDiscord({ mode: "discord", discordApiUrl });
  assert.equal(discord("https://discord.com/api"), true);
  assert.equal(discord("https://canary.discord.com/api"), true);
  assert.equal(discord("https://notdiscord.com/api"), false);
  assert.equal(discord("https://discord.com.example/api"), false);
});

Deno.test("isLoopback() knows every way to write this machine, and no other", () => {
  for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"]) {
    assert.equal(isLoopback(host), true, host);
  }
  for (const host of ["0.0.0.0", "::", "127.0.0.1.example", "10.0.0.1", "example.com", ""]) {
    assert.equal(isLoopback(host), false, host);
  }
});
