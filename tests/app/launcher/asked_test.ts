import assert from "node:assert/strict";
import { askedOf } from "../../../app/launcher/asked.ts";

Deno.test("askedOf() takes no subcommand for start, and its argument for the bot", () => {
  assert.deepEqual(askedOf([]), { program: "unit" });
  assert.deepEqual(askedOf(["--force"]), { program: "unit" });
  assert.deepEqual(askedOf(["start", "--force", "./bot.ts"]), { program: "unit", bot: "./bot.ts" });
  assert.deepEqual(askedOf(["dev", "./bot.ts"]), { program: "unit", bot: "./bot.ts" });
  assert.deepEqual(askedOf(["doctor", "./bot.ts"]), { program: "doctor", bot: "./bot.ts" });
  assert.deepEqual(askedOf(["demo"]), { program: "demo" });
  for (const name of ["start", "dev"]) {
    assert.deepEqual(askedOf([name, "--simulator"]), { program: "demo" }, name);
  }
});

Deno.test("askedOf() finds the unit that is asked, and the variable of its secret", () => {
  const url = "http://10.0.0.7:8787";
  assert.deepEqual(askedOf(["status", "--url", url]), { program: "ask", url });
  assert.deepEqual(
    askedOf(["restart", "0", `--url=${url}`, "--secret-from-env", "MINE"]),
    { program: "ask", url, secretFromEnv: "MINE" },
  );
  assert.deepEqual(askedOf(["top"]), { program: "ask" });
});

Deno.test("askedOf() has what only a clone can do run as such", () => {
  for (const name of ["bench", "soak"]) {
    assert.deepEqual(askedOf([name, "5"]), { program: "clone" });
  }
});

Deno.test("askedOf() gives init its folder, the current one where none is named", () => {
  assert.deepEqual(askedOf(["init", "--force", "my-bot"]), { program: "init", folder: "my-bot" });
  assert.deepEqual(askedOf(["init"]), { program: "init", folder: "." });
});

Deno.test("askedOf() lets what is unknown, or asks for help, do nothing but talk", () => {
  for (
    const args of [
      ["stat"],
      ["constructor"],
      ["--help"],
      ["status", "-h"],
      ["--version"],
      ["./bot.ts"],
      ["init", ""],
      [
        "start",
        "",
      ],
      ["top", "--url="],
    ]
  ) {
    assert.deepEqual(askedOf(args), { program: "words" }, args.join(" "));
  }
});

Deno.test("askedOf() knows what runs in a clone of the repository only", () => {
  assert.deepEqual(askedOf(["bench", "envelope"]), { program: "clone" });
  assert.deepEqual(askedOf(["soak", "30", "--seed", "7"]), { program: "clone" });
});
