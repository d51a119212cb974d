import assert from "node:assert/strict";
import { streamInflater } from "../../../gateway/inflate/stream.ts";
import { listen, pack, testInflater } from "./inflater_conformance.ts";

testInflater("streamInflater()", streamInflater);

Deno.test("streamInflater() takes a copy: the bytes of a message are reused by the socket", async () => {
  for (const compression of ["zlib-stream", "zstd-stream"] as const) {
    const { inflater, until } = listen(streamInflater, compression);
    for (const message of await pack(compression, ["first", "second", "third"])) {
      inflater.push(message);
      message.fill(0);
    }
    assert.deepEqual(await until(3), ["first", "second", "third"]);
    inflater.end();
  }
});
