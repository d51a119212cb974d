import assert from "node:assert/strict";
import { readTraceParent } from "../../../ports/telemetry/trace_context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

Deno.test("readTraceParent() reads who asks, and whether that is recorded", () => {
  assert.deepEqual(readTraceParent(` 00-${TRACE}-${SPAN}-01 `), {
    traceId: TRACE,
    spanId: SPAN,
    isSampled: true,
  });
  assert.equal(readTraceParent(`00-${TRACE}-${SPAN}-00`)?.isSampled, false);
  assert.equal(readTraceParent(`cc-${TRACE}-${SPAN}-03-more`)?.isSampled, true, "of tomorrow");
});

Deno.test("readTraceParent() takes nothing else for one", () => {
  const none = [
    null,
    "",
    "00",
    `ff-${TRACE}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01more`,
  ];
  for (const header of none) assert.equal(readTraceParent(header), null, String(header));
});
