import assert from "node:assert/strict";
import { eventTrace, eventTraceParent } from "../../../ports/telemetry/event_trace.ts";
import { readTraceParent } from "../../../ports/telemetry/trace_context.ts";

const EVENT = { stream: "b075df27899acf13", totalShards: 2, shardId: 1, cursor: 42 };

Deno.test("eventTrace() is the one that docs/protocols.md has as an example", async () => {
  const told = "00-7180ab5b9713bd0e0dbcdd1f7c8e1502-6ae767434947aeba-01";
  assert.equal(eventTraceParent(EVENT), told);
  assert.deepEqual(readTraceParent(told), eventTrace(EVENT));
  assert.ok((await Deno.readTextFile("docs/protocols.md")).includes(told));
});

Deno.test("eventTrace() is another for each event", () => {
  const others = [
    { cursor: 43 },
    { shardId: 0 },
    { totalShards: 1 },
    { stream: "b075df27899acf14" },
  ].map((changed) => eventTrace({ ...EVENT, ...changed }).traceId);
  assert.equal(new Set([...others, eventTrace(EVENT).traceId]).size, 5);
});
