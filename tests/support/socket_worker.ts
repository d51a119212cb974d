/**
 * A worker that opens the address it is sent, trusting the authority of the tests, and posts what
 * becomes of it.
 */

/// <reference lib="deno.worker" />

import { webSocketConnect } from "../../ports/websocket/client.ts";
import { TEST_CA } from "./test_certificate.ts";

self.onmessage = ({ data }: MessageEvent<string>) => {
  webSocketConnect({ ca: TEST_CA })(data, {
    open() {},
    message: (bytes) => self.postMessage(new TextDecoder().decode(bytes)),
    closed: (code) => self.postMessage(`closed ${code}`),
    failed: (reason) => self.postMessage(`failed ${reason}`),
  });
};
