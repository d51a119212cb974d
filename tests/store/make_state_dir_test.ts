import assert from "node:assert/strict";
import { makeStateDir } from "../../store/make_state_dir.ts";

Deno.test("makeStateDir() makes the folder with those above it, for its owner only, once", async () => {
  const dir = await Deno.makeTempDir();
  await makeStateDir(`${dir}/a/b`);
  await makeStateDir(`${dir}/a/b`);
  const { mode, isDirectory } = await Deno.stat(`${dir}/a/b`);
  assert.ok(isDirectory);
  if (Deno.build.os !== "windows") assert.equal(mode! & 0o777, 0o700);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("makeStateDir() says which folder cannot be made, and why", async () => {
  const file = await Deno.makeTempFile();
  await assert.rejects(makeStateDir(`${file}/state`), {
    code: "bad_config",
    blame: "host",
    message: /Cannot use STATE_DIR .*\/state: ./,
  });
  await Deno.remove(file);
});
