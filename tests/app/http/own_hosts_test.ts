import assert from "node:assert/strict";
import { ownHosts } from "../../../app/http/own_hosts.ts";

const has = (host: string, url: string, name: string) => ownHosts(host, url).has(name);

Deno.test("ownHosts() has every name of this machine's loopback, with the port that is open", () => {
  const names = ownHosts("127.0.0.1", "http://127.0.0.1:8787");
  for (const name of ["127.0.0.1:8787", "localhost:8787", "[::1]:8787"]) {
    assert.ok(names.has(name), name);
  }
  assert.ok(!names.has("127.0.0.1:8788"));
  assert.ok(!names.has("evil.example:8787"));
});

Deno.test("ownHosts() has the name that we listen on, in lower case", () => {
  assert.ok(has("Bots.Example", "http://bots.example:9000", "bots.example:9000"));
  assert.ok(has("127.0.0.2", "http://127.0.0.2:9000", "127.0.0.2:9000"));
});

Deno.test("ownHosts() takes the port from the address that is open, not from the setting", () => {
  assert.ok(has("127.0.0.1", "http://127.0.0.1:49152", "localhost:49152"));
});

Deno.test("ownHosts() names an IPv6 address as a Host header does, in brackets", () => {
  assert.ok(has("FD00::7", "http://[fd00::7]:8787", "[fd00::7]:8787"));
});

Deno.test("ownHosts() names the port 80 as a Host header does: not at all, or all the same", () => {
  for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
    assert.ok(has("127.0.0.1", "http://127.0.0.1:80", name), name);
    assert.ok(has("127.0.0.1", "http://127.0.0.1:80", `${name}:80`), name);
  }
});
