import assert from "node:assert/strict";
import fc from "fast-check";
import { ownPlace } from "../../../app/http/listen.ts";
import { socketAddress, trustOf } from "../../../app/http/public_address.ts";
import { authorityOf } from "../../../rest/auth.ts";

const PROXY = "10.0.0.1";

/** Our address for who asks with these headers. */
function told(headers: Record<string, string>, peer = PROXY, publicUrl: string | null = null) {
  const request = new Request("http://unit/", { headers: { host: "inner:8787", ...headers } });
  const own = ownPlace("127.0.0.1", "http://127.0.0.1:8787");
  return socketAddress({ request, peer }, { publicUrl, trusts: trustOf([PROXY]), own });
}

const rows: readonly [headers: Record<string, string>, address: string][] = [
  [{}, "ws://inner:8787/"],
  [{ host: "localhost" }, "ws://localhost:8787/"],
  [{ "x-forwarded-proto": "https" }, "wss://inner:8787/"],
  [{ "x-forwarded-proto": "https", host: "localhost" }, "wss://localhost/"],
  [{ "x-forwarded-proto": "HTTPS", "x-forwarded-host": "a.example:444" }, "wss://a.example:444/"],
  [{ "x-forwarded-proto": "http", "x-forwarded-host": "a.example" }, "ws://a.example/"],
  [{ "x-forwarded-proto": "wss, http", "x-forwarded-host": "a.example, b" }, "wss://a.example/"],
  [{ "x-forwarded-host": "a.example" }, "ws://a.example/"],
  [{ "x-forwarded-proto": "gopher", "x-forwarded-host": "a/../b" }, "ws://inner:8787/"],
  [{ "x-forwarded-host": "a@b.example" }, "ws://inner:8787/"],
  [{ forwarded: "for=192.0.2.43;proto=https;host=a.example" }, "wss://a.example/"],
  [{ forwarded: 'For="[2001:db8::1]:4711"; Proto=https; Host="[::2]:8443"' }, "wss://[::2]:8443/"],
  [{ forwarded: "proto=https;host=a.example, proto=http;host=b" }, "wss://a.example/"],
  [{ forwarded: "proto=https", "x-forwarded-host": "a.example" }, "wss://a.example/"],
  [{ forwarded: "host=a.example", "x-forwarded-host": "b.example" }, "ws://a.example/"],
  [{ forwarded: ";;=;host=", "x-forwarded-proto": "https" }, "wss://inner:8787/"],
];

for (const [headers, address] of rows) {
  Deno.test(`socketAddress() makes ${JSON.stringify(headers)} of a trusted server ${address}`, () => {
    assert.equal(told(headers), address);
  });
}

Deno.test("socketAddress() believes nobody else anything but the Host", () => {
  for (const [headers] of rows) {
    const { host = "inner:8787" } = headers;
    const own = host === "localhost" ? "localhost:8787" : host;
    assert.equal(told(headers, "10.0.0.2"), `ws://${own}/`, JSON.stringify(headers));
    assert.equal(told(headers, ""), `ws://${own}/`);
  }
});

Deno.test("socketAddress() tells everybody PUBLIC_URL where it is set", () => {
  for (
    const [publicUrl, address] of [
      ["https://bots.example", "wss://bots.example/"],
      ["HTTP://bots.example:81/gatehouse", "ws://bots.example:81/gatehouse/"],
      ["wss://bots.example", "wss://bots.example/"],
    ] as const
  ) {
    for (const peer of [PROXY, "127.0.0.1"]) {
      assert.equal(told({ "x-forwarded-host": "a" }, peer, publicUrl), address);
    }
  }
});

Deno.test("socketAddress() is an address of a WebSocket whatever a trusted server says", () => {
  const text = fc.stringMatching(/^[ -~]{0,30}$/);
  const names = ["forwarded", "x-forwarded-proto", "x-forwarded-host"];
  const headers = fc.dictionary(fc.constantFrom(...names), text);
  fc.assert(fc.property(headers, (some) => {
    const { protocol, host, pathname, search, hash } = new URL(told(some));
    assert.ok(protocol === "ws:" || protocol === "wss:");
    assert.deepEqual([pathname, search, hash], ["/", "", ""]);
    assert.ok(authorityOf(host));
  }));
});

Deno.test("socketAddress() takes what no address can have for nothing said", () => {
  const plain = told({});
  for (const host of [".0", "1.2.3.400", "a:99999", "[::1:]"]) {
    assert.equal(told({ "x-forwarded-host": host }), plain, host);
    assert.equal(told({ forwarded: `host="${host}"` }), plain, host);
  }
  for (const proto of ["constructor", "__proto__", "valueof"]) {
    assert.equal(told({ "x-forwarded-proto": proto }), plain, proto);
  }
});

Deno.test("trustOf() knows addresses and networks of both kinds, written in either way", () => {
  const trusts = trustOf(["192.0.2.7", "10.0.0.0/8", "fd00::/8", "2001:db8::1"]);
  for (const one of ["192.0.2.7", "10.255.0.1", "::ffff:10.1.2.3", "fd12::1", "2001:DB8:0::1"]) {
    assert.ok(trusts(one), one);
  }
  for (const other of ["192.0.2.8", "11.0.0.1", "::ffff:11.1.2.3", "fe80::1", "", "name"]) {
    assert.ok(!trusts(other), other);
  }
  assert.ok(!trustOf([])("127.0.0.1"));
});
