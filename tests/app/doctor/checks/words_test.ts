import assert from "node:assert/strict";
import { bytesText, configOf, countText } from "../../../../app/doctor/checks/words.ts";
import { factsOf } from "../../../support/doctor_facts.ts";

Deno.test("sizes and counts are for people", () => {
  const sizes = [0, 512, 1536, 4 * 1024 ** 3, 75.23 * 1024 ** 3].map(bytesText);
  assert.deepEqual(sizes, ["0 bytes", "512 bytes", "1.5 KiB", "4 GiB", "75 GiB"]);
  assert.equal(countText(12345), "12,345");
});

Deno.test("configOf() says why settings are not there, or not for Discord", () => {
  const wrong = { ok: false, problems: [], warnings: [] } as const;
  assert.equal(configOf(wrong), "the settings come first");
  const { settings } = factsOf({ config: { mode: "simulator" } });
  assert.equal(configOf(settings, "it plays"), "it plays");
  assert.equal(configOf(factsOf().settings, "it plays"), null);
});
