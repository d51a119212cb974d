import assert from "node:assert/strict";
import { openBucket, writeTo } from "../../../ports/nats/bucket.ts";
import { dialNats } from "../../../ports/nats/dial.ts";
import { ofEachNats, startNats } from "../../support/nats_server.ts";
import { settingsFor } from "./lines.ts";

ofEachNats("openBucket()", (program, title) => {
  Deno.test(`${title} makes one, of which others are not surprised`, async () => {
    await using server = await startNats(program);
    const dial = () => dialNats(settingsFor(server.url), server.url, { name: "a", inbox: "inbox" });
    const connections = await Promise.all([dial(), dial()]);
    const buckets = await Promise.all(connections.map((each) => openBucket(each, "fleet")));
    const { info: { config }, stream } = buckets[0]!;
    assert.equal(stream, "KV_fleet");
    assert.equal(config.num_replicas, 1);
    assert.equal(config.max_msgs_per_subject, 1);
    assert.equal(config.max_age, 0);
    const revision = await writeTo(buckets[0]!, "a", "1", 0);
    assert.ok(revision < await writeTo(buckets[1]!, "a", "2", revision));
    for (const connection of connections) await connection.close();
  });
});
