import assert from "node:assert/strict";
import {
  OWN_VARIABLES,
  settingsAsEnv,
  settingsFromEnv,
} from "../../../clusters/inside/settings.ts";
import type { ClusterSettings } from "../../../clusters/inside/run.ts";

const common = {
  botModule: "file:///srv/bot.ts",
  credential: "credential",
  unitUrl: "http://127.0.0.1:8787",
};
const SETTINGS: readonly ClusterSettings[] = [
  { ...common, peer: { kind: "cluster", id: 3 } },
  { ...common, peer: { kind: "service", name: "counter" } },
];

Deno.test("what a unit tells a cluster comes back as it was, a service's name for a number", () => {
  for (const settings of SETTINGS) {
    const env = settingsAsEnv(settings);
    assert.deepEqual(settingsFromEnv((name) => env[name]), settings);
    assert.ok(Object.keys(env).every((name) => OWN_VARIABLES.includes(name)));
  }
});

Deno.test("settingsFromEnv() names what is not set", () => {
  const { GATEHOUSE_URL: _, ...env } = settingsAsEnv(SETTINGS[0]!);
  assert.throws(
    () => settingsFromEnv((name) => env[name]),
    /^Error: Cannot start cluster: GATEHOUSE_URL is not set$/,
  );
});
