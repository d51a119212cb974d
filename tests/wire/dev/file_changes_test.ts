import assert from "node:assert/strict";
import { FileChanges, stampOf } from "../../../app/dev/file_changes.ts";
import { systemClock } from "../../../ports/clock.ts";
import { logTo } from "../../../ports/log.ts";
import { until } from "../../support/unit_process.ts";

Deno.test("FileChanges tells once of what comes together, of new files too, and nothing once closed", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  const told: string[] = [];
  let settled = 0;
  const changes = new FileChanges({
    clock: systemClock,
    log: logTo((_, event) => told.push(event)),
    settled: () => void settled++,
  });
  changes.watch([`${folder}/bot.ts`, `${folder}/gone/new.ts`, "/proc/self/environ"]);
  const write = (text: string) => Deno.writeTextFileSync(`${folder}/bot.ts`, text);
  for (const text of ["1", "2", "3"]) write(text);
  await until(() => settled === 1, 5_000);
  const before = stampOf(`${folder}/bot.ts`);
  write("more");
  await until(() => settled === 2, 5_000);
  assert.notEqual(stampOf(`${folder}/bot.ts`), before);
  assert.equal(stampOf(`${folder}/gone/new.ts`), "");
  changes.close();
  assert.deepEqual(told, ["a folder of the bot cannot be watched"], "it may not be read");
  Deno.removeSync(folder, { recursive: true });
});
