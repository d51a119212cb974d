import assert from "node:assert/strict";
import {
  CONFIG_DEFAULTS,
  describeProblem,
  FIELDS,
  secretsOf,
  SETTING_NAMES,
  SETTINGS,
} from "../../config/config.ts";

/** Properties that say more than their variable. */
const OTHERWISE: Readonly<Record<string, string>> = {
  identifyReservePercent: "IDENTIFY_RESERVE",
  reshardAtPercent: "RESHARD_AT",
  eventHandlerUrls: "EVENT_HANDLER_URL",
  natsUrls: "NATS_URL",
};

Deno.test("a variable is called as its property, in capitals", () => {
  const inCapitals = (field: string) => field.replace(/[A-Z]/g, "_$&").toUpperCase();
  for (const field of FIELDS) {
    const wanted = OTHERWISE[field] ?? inCapitals(field);
    assert.equal(SETTINGS[field].name, wanted);
  }
  assert.equal(new Set(SETTING_NAMES).size, FIELDS.length, "each name once");
});

Deno.test("CONFIG_DEFAULTS has every property, against Discord", () => {
  assert.deepEqual(Object.keys(CONFIG_DEFAULTS).sort(), ["mode", ...FIELDS].sort());
  assert.equal(CONFIG_DEFAULTS.mode, "discord");
  assert.equal(CONFIG_DEFAULTS.queueDiskBytes, 4_294_967_296);
});

Deno.test("secretsOf() gives every secret that is set", () => {
  const set = {
    discordToken: "t",
    restAuthorization: "a",
    eventHandlerSecretKey: "k",
    natsPassword: "p",
    natsToken: "n",
  };
  assert.deepEqual(secretsOf({ ...CONFIG_DEFAULTS, ...set }).sort(), ["a", "k", "n", "p", "t"]);
  assert.deepEqual(secretsOf(CONFIG_DEFAULTS), []);
});

Deno.test("describeProblem() is one line", () => {
  const problem = { setting: "LISTEN_PORT", expected: "a port", received: '"x"' };
  assert.equal(describeProblem(problem), 'LISTEN_PORT: expected a port, received "x"');
});
