import assert from "node:assert/strict";
import { ATTACKS } from "../../tools/attack/attacks.ts";
import { isHarmless, tryAttack } from "../../tools/attack/try.ts";

for (const [name, attack] of Object.entries(ATTACKS)) {
  if (!attack.isQuick) continue;
  Deno.test(`attack: ${name}`, async () => {
    const trial = await tryAttack(name, attack);
    assert.ok(isHarmless(trial), Deno.inspect(trial));
  });
}
