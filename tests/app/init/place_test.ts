import assert from "node:assert/strict";
import { placeFor } from "../../../app/init/place.ts";

const LAUNCHER = "deno run --no-prompt --allow-env --allow-read=.env --allow-run";

Deno.test("a folder near a clone names it by a relative path, one far away in full", () => {
  const door = "file:///home/me/gatehouse/mod.ts";
  assert.deepEqual(placeFor(door, "/home/me/bot"), {
    module: "../gatehouse/mod.ts",
    command: `${LAUNCHER} ../gatehouse/cli.ts`,
  });
  assert.equal(placeFor(door, "/home/me/gatehouse").module, "./mod.ts");
  assert.deepEqual(placeFor(door, "/srv/bots/a/b"), {
    module: door,
    command: `${LAUNCHER} /home/me/gatehouse/cli.ts`,
  });
});

Deno.test("a path that a shell or an address would misread is written so that neither does", () => {
  const door = "file:///home/me/gate%20%24house/mod.ts";
  assert.deepEqual(placeFor(door, "/home/me/bot"), {
    module: "../gate%20%24house/mod.ts",
    command: `${LAUNCHER} "../gate \\$house/cli.ts"`,
  });
});

Deno.test("from JSR the folder names the package, with what later versions mend", () => {
  const door = "https://jsr.io/@gatehouse/gatehouse/1.2.3/mod.ts";
  assert.deepEqual(placeFor(door, "/srv/bot"), {
    module: "jsr:@gatehouse/gatehouse@^1.2.3",
    command: `${LAUNCHER} jsr:@gatehouse/gatehouse@^1.2.3/cli`,
  });
});

Deno.test("from another address the folder names that address", () => {
  assert.deepEqual(placeFor("https://git.example/gatehouse/mod.ts", "/srv/bot"), {
    module: "https://git.example/gatehouse/mod.ts",
    command: `${LAUNCHER} https://git.example/gatehouse/cli.ts`,
  });
});
