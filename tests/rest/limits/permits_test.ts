import assert from "node:assert/strict";
import { GatehouseError } from "../../../protocol/errors.ts";
import { laneOf, LANES, PRIORITY_HEADER, TooLong } from "../../../rest/limits/permits.ts";
import { type Route, routeOf } from "../../../rest/route.ts";

Deno.test("TooLong says what a request waited for, and when to try again", () => {
  const error = new TooLong("the global limit is used up", 1500);
  assert.ok(error instanceof GatehouseError);
  assert.equal(error.code, "deadline");
  assert.equal(error.message, "Cannot send in time: the global limit is used up");
  assert.equal(error.retryAfterMs, 1500);
});

function lane(kind: Route["kind"], priority?: string): string {
  return laneOf(
    { kind },
    new Headers(priority === undefined ? {} : { [PRIORITY_HEADER]: priority }),
  );
}

Deno.test("first responses go first, then what follows them, then the rest by the caller's wish", () => {
  const names = ["callback", "interaction", "high", "normal", "low"] as const;
  const order = Object.entries(LANES).sort(([, a], [, b]) => a - b).map(([name]) => name);
  assert.deepEqual(order, names);
});

Deno.test("laneOf() gives a first response its lane, whatever its caller says, and nobody else", () => {
  const priorities = [undefined, "high", "normal", "low", "callback", "0"];
  for (const priority of priorities) {
    assert.equal(lane("callback", priority), "callback");
    for (const kind of ["interaction", "webhook", "other"] as const) {
      assert.notEqual(lane(kind, priority), "callback");
    }
  }
});

Deno.test("laneOf() puts what follows an interaction before all else, unless its caller lowers it", () => {
  assert.equal(lane("interaction"), "interaction");
  assert.equal(lane("interaction", "high"), "interaction");
  assert.equal(lane("interaction", "normal"), "normal");
  assert.equal(lane("interaction", "low"), "low");
});

Deno.test("laneOf() puts other requests where their caller wishes, and never among interactions", () => {
  for (const kind of ["webhook", "other"] as const) {
    assert.equal(lane(kind), "normal");
    assert.equal(lane(kind, "high"), "high");
    assert.equal(lane(kind, "normal"), "normal");
    assert.equal(lane(kind, "low"), "low");
    assert.equal(lane(kind, "interaction"), "normal");
  }
});

Deno.test("laneOf() does not mind case and spaces, and takes a word that it does not know for none", () => {
  assert.equal(lane("other", " HIGH "), "high");
  for (const word of ["", "highest", "high, low", "1"]) assert.equal(lane("other", word), "normal");
});

Deno.test("laneOf() knows the routes that people wait for", () => {
  const laneFor = (path: string) => laneOf(routeOf("POST", path), new Headers());
  assert.equal(laneFor("/v10/interactions/1/aW50ZXJhY3Rpb246x/callback"), "callback");
  assert.equal(laneFor("/v10/webhooks/1/aW50ZXJhY3Rpb246x"), "interaction");
  assert.equal(laneFor("/v10/webhooks/1/token"), "normal");
});
