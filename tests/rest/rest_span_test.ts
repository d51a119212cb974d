import assert from "node:assert/strict";
import { type FinishedRequest, restSpan } from "../../rest/rest_span.ts";
import { routeOf } from "../../rest/route.ts";

function finished(changed: Partial<FinishedRequest["delivered"]> = {}): FinishedRequest {
  return {
    delivered: {
      parcel: {
        route: routeOf("post", "/v10/webhooks/123456789012345678/aVerySecretToken"),
        lane: "normal",
      },
      result: new Response(null, { status: 204 }),
      scope: "",
      tries: 1,
      queueMs: 12,
      upstreamMs: 80,
      ...changed,
    },
    traceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    tookMs: 95,
    endedMs: 10_000,
  };
}

Deno.test("restSpan() tells route, status and waits, in the trace of who asked", () => {
  const span = restSpan(finished());
  assert.deepEqual(span, {
    name: "POST /webhooks/:id/:token",
    kind: "server",
    startedMs: 9_905,
    endedMs: 10_000,
    parent: {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      isSampled: true,
    },
    attributes: {
      "http.request.method": "POST",
      "http.route": "/webhooks/:id/:token",
      "http.response.status_code": 204,
      "gatehouse.rest.answered_by": "discord",
      "gatehouse.rest.lane": "normal",
      "gatehouse.rest.tries": 1,
      "gatehouse.rest.queue_ms": 12,
      "gatehouse.rest.upstream_ms": 80,
    },
  });
  assert.doesNotMatch(JSON.stringify(span), /aVerySecretToken|123456789012345678/);
});

Deno.test("restSpan() tells who answered, the scope of a refusal, and what failed", () => {
  const late = restSpan(finished({ result: { status: 504, reason: "late" }, upstreamMs: null }));
  assert.equal(late.attributes["gatehouse.rest.answered_by"], "proxy");
  assert.equal(late.error, "504");
  assert.ok(!("gatehouse.rest.upstream_ms" in late.attributes));
  const refused = restSpan(finished({ result: { status: 429, reason: "" }, scope: "user" }));
  assert.deepEqual([refused.attributes["gatehouse.rest.scope"], refused.error], [
    "user",
    undefined,
  ]);
});
