import assert from "node:assert/strict";
import type { Bucket } from "../../../ports/nats/bucket.ts";
import { warningsOf } from "../../../ports/nats/warnings.ts";

function warnings(server: Record<string, unknown>, config: Record<string, unknown>): string[] {
  return warningsOf({
    connection: { info: { version: "2.15.2", max_payload: 1_048_576, ...server } },
    info: { config: { num_replicas: 3, max_age: 0, storage: "file", ...config } },
  } as unknown as Bucket);
}

Deno.test("warningsOf() finds nothing in a cluster of three that is new", () => {
  assert.deepEqual(warnings({}, {}), []);
});

Deno.test("warningsOf() says what may cost keys", () => {
  const cases: [Record<string, unknown>, Record<string, unknown>, RegExp][] = [
    [{ version: "2.9.10" }, {}, /NATS 2\.9\.10 is old/],
    [{ max_payload: 65_536 }, {}, /max_payload/],
    [{}, { num_replicas: 1 }, /one server alone/],
    [{}, { storage: "memory" }, /memory/],
    [{}, { max_age: 1 }, /forgotten/],
  ];
  for (const [server, config, said] of cases) {
    const all = warnings(server, config);
    assert.equal(all.length, 1);
    assert.match(all[0]!, said);
  }
});
