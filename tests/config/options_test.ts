import assert from "node:assert/strict";
import { CONFIG_DEFAULTS, FIELDS, SETTINGS } from "../../config/config.ts";
import { readOptions } from "../../config/options.ts";

const read = (given: Parameters<typeof readOptions>[0]) => readOptions(given, (field) => field);

Deno.test("readOptions() takes every default for right, and nothing that is not set", () => {
  const { mode: _, ...defaults } = CONFIG_DEFAULTS;
  const { values, wrong } = read(defaults);
  assert.deepEqual([...wrong.keys()], []);
  for (const field of FIELDS) {
    const value = CONFIG_DEFAULTS[field];
    assert.deepEqual(values[field], value === null || value === "" ? undefined : value, field);
  }
  const unset = Object.fromEntries(FIELDS.map((field) => [field, undefined]));
  assert.deepEqual(read(unset), { values: {}, wrong: new Map() });
});

Deno.test("readOptions() refuses for every setting what is no value at all", () => {
  for (const value of [{}, Symbol("x"), () => 1, NaN, [{}], new Map()]) {
    const given = Object.fromEntries(FIELDS.map((field) => [field, value]));
    const { values, wrong } = read(given);
    assert.deepEqual(values, {});
    assert.equal(wrong.size, FIELDS.length);
  }
});

Deno.test("readOptions() cuts off what the environment may have around a value", () => {
  const { values } = read({ discordToken: "Bot a.b.c", discordApiUrl: "http://a/api/v10/" });
  assert.deepEqual(values, { discordToken: "a.b.c", discordApiUrl: "http://a/api" });
});

Deno.test("readOptions() tells no secret and no password", () => {
  const { wrong } = read({
    discordToken: "two words",
    restAuthorization: ["hidden"],
    discordApiUrl: "http://user:hidden@a",
  });
  const told = JSON.stringify([...wrong.values()]);
  assert.equal(wrong.size, 3);
  assert.doesNotMatch(told, /two words|hidden/);
});

Deno.test("readOptions() takes of each setting what the environment's text becomes", () => {
  for (
    const [field, value] of [["totalShards", 16], ["allowFaults", true], ["intents", 513]] as const
  ) {
    assert.ok(SETTINGS[field].read.accepts(value));
  }
  const services = [{ name: "api", module: "./api.ts" }];
  assert.deepEqual(read({ services }).values, { services });
  assert.equal(read({ services: [...services, ...services] }).wrong.size, 1, "each name once");
});
