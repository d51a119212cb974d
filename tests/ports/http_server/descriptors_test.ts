import assert from "node:assert/strict";
import { descriptorsLeft } from "../../../ports/http_server/descriptors.ts";

/** Opens `most` at a time, then throws `error`; counts what is open. */
function opener(most: number, error: Error) {
  const world = { open: 0 };
  const open = (): Disposable => {
    if (world.open === most) throw error;
    world.open++;
    return { [Symbol.dispose]: () => void world.open-- };
  };
  return { world, open };
}

Deno.test("descriptorsLeft() counts up to what is asked, or to where there are no more, and lets all go", () => {
  const { world, open } = opener(7, new Error("Too many open files (os error 24)"));
  assert.equal(descriptorsLeft(5, open), 5);
  assert.equal(descriptorsLeft(100, open), 7);
  assert.equal(world.open, 0);
});

Deno.test("descriptorsLeft() does not know where it may not try", () => {
  const { world, open } = opener(2, new Deno.errors.NotCapable("Requires read access"));
  assert.equal(descriptorsLeft(100, open), null);
  assert.equal(world.open, 0);
});

Deno.test("descriptorsLeft() really opens something", () => {
  assert.equal(descriptorsLeft(3), 3);
});
