import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import type { Server } from "node:http";
import { untold } from "../../../ports/http_server/own_spans.ts";

Deno.test("untold() takes the span of each request to our server, and of no other's, until it is ended", () => {
  const key = Symbol("kOtelSpan");
  const ours = {} as Server;
  const begun = (server: Server) => {
    const response: Record<symbol, unknown> = { [key]: "a span", [Symbol("other")]: 1 };
    channel("http.server.request.start").publish({ server, response });
    return response[key];
  };
  const end = untold(ours);
  assert.equal(begun(ours), null);
  assert.equal(begun({} as Server), "a span");
  channel("http.server.request.start").publish({ server: ours, response: {} });
  end();
  assert.equal(begun(ours), "a span");
});
