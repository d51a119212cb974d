import assert from "node:assert/strict";
import { visibleEnv } from "../../app/visible_env.ts";

const VALUES: Record<string, string> = { HOME: "/root", SECRET: "s" };

Deno.test("visibleEnv() gives all where all may be seen", () => {
  const env = { get: (name: string) => VALUES[name], toObject: () => ({ ...VALUES }) };
  assert.deepEqual(visibleEnv(["HOME"], env), VALUES);
});

Deno.test("visibleEnv() gives what may be seen of those that are asked for, and throws for none", () => {
  const refuse = (): never => {
    throw new Deno.errors.NotCapable("Requires env access");
  };
  const env = {
    get: (name: string) => name === "SECRET" ? refuse() : VALUES[name],
    toObject: refuse,
  };
  assert.deepEqual(visibleEnv(["HOME", "SECRET", "NONE"], env), { HOME: "/root" });
});
