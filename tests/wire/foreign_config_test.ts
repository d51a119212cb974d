/** Our modules in a folder with a `deno.json` that is not ours. */

import assert from "node:assert/strict";

const OURS = new URL("../../", import.meta.url).href;
const DOORS = ["mod.ts", "sim/mod.ts", "protocol.ts", "events.ts"];

Deno.test("a bot in a folder of its own passes `deno check` by Deno's own rules", async () => {
  const dir = await Deno.makeTempDir();
  const imports = DOORS.map((door) => `import * as m${DOORS.indexOf(door)} from "${OURS}${door}";`);
  const used = DOORS.map((_, i) => `m${i}`).join(", ");
  await Deno.writeTextFile(`${dir}/bot.ts`, `${imports.join("\n")}\nconsole.log(${used});\n`);
  await Deno.writeTextFile(`${dir}/deno.json`, "{}");
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "bot.ts"],
    cwd: dir,
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  await Deno.remove(dir, { recursive: true });
});
