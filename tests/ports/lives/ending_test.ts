import assert from "node:assert/strict";
import { endAfter, endInTurn, endTogether } from "../../../ports/lives/ending.ts";

/** Ends by name, some of which fail, and what has happened so far. */
function setUp() {
  const seen: string[] = [];
  const end = (name: string) => async () => {
    seen.push(`${name} begins`);
    await Promise.resolve();
    seen.push(`${name} has ended`);
  };
  const rejects = (name: string) => async () => {
    await end(name)();
    throw new Error(name);
  };
  const throws = (name: string) => () => {
    throw new Error(name);
  };
  return { seen, end, rejects, throws };
}

Deno.test("endInTurn() ends one thing after another, whatever fails, and tells all that did", async () => {
  const { seen, end, rejects, throws } = setUp();
  await assert.rejects(endInTurn(rejects("a"), throws("b"), end("c")), (error) => {
    assert.ok(error instanceof AggregateError);
    assert.deepEqual(error.errors.map(({ message }) => message), ["a", "b"]);
    return true;
  });
  assert.deepEqual(seen, ["a begins", "a has ended", "c begins", "c has ended"]);
});

Deno.test("endTogether() begins to end all at once, and waits for all of them", async () => {
  const { seen, end, rejects, throws } = setUp();
  await assert.rejects(endTogether(throws("a"), rejects("b"), end("c")), (error) => {
    assert.ok(error instanceof AggregateError);
    assert.deepEqual(error.errors.map(({ message }) => message), ["a", "b"]);
    return true;
  });
  assert.deepEqual(seen, ["b begins", "c begins", "b has ended", "c has ended"]);
});

Deno.test("of one thing that fails the error itself is told, and of none nothing", async () => {
  const { end } = setUp();
  const error = new RangeError("alone");
  for (const ends of [endInTurn, endTogether]) {
    await assert.rejects(ends(end("a"), () => Promise.reject(error)), (told) => told === error);
    await ends(end("a"), end("b"));
    await ends();
  }
});

Deno.test("endAfter() throws why something could not be begun, with what fails as it is ended", async () => {
  const { seen, end, rejects } = setUp();
  const error = new RangeError("first");
  await assert.rejects(endAfter(error, end("a")), (told) => told === error);
  assert.deepEqual(seen, ["a begins", "a has ended"]);
  await assert.rejects(endAfter(error, rejects("b"), end("c")), ({ errors }) => {
    assert.deepEqual(errors.map(({ message }: Error) => message), ["first", "b"]);
    return true;
  });
  assert.equal(seen.at(-1), "c has ended");
});
