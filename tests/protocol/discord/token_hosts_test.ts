import assert from "node:assert/strict";
import { mayHaveToken, tokenHosts } from "../../../protocol/discord/token_hosts.ts";

const DISCORD = tokenHosts("https://discord.com/api");
const LOCAL = tokenHosts("http://127.0.0.1:3000/api");
const PROXY = tokenHosts("https://proxy.example/api", ["Gateways.example"]);

const CASES: readonly (readonly [url: string, discord: boolean, local: boolean, proxy: boolean])[] =
  [
    ["wss://gateway.discord.gg", true, true, true],
    ["wss://gateway-us-east1-c.discord.gg/?v=10", true, true, true],
    ["wss://GATEWAY.DISCORD.GG.", true, true, true],
    ["wss://discord.com", true, true, true],
    ["wss://gateway.discord.gg:8443", true, true, true],
    ["ws://gateway.discord.gg", false, false, false],
    ["wss://evildiscord.gg", false, false, false],
    ["wss://discord.gg.evil.example", false, false, false],
    ["wss://evil.example/discord.gg", false, false, false],
    ["wss://evil.example?discord.gg", false, false, false],
    ["wss://gg", false, false, false],
    ["ws://127.0.0.1:4000", false, true, false],
    ["wss://127.0.0.1", false, true, false],
    ["ws://127.0.0.2:3000", false, false, false],
    ["ws://localhost:3000", false, false, false],
    ["ws://0x7f.1:3000", false, true, false],
    ["wss://proxy.example:444", false, false, true],
    ["ws://proxy.example", false, false, false],
    ["wss://a.proxy.example", false, false, false],
    ["ws://gateways.example:1", false, false, true],
    ["wss://a.b.gateways.example", false, false, true],
    ["wss://notgateways.example", false, false, false],
  ];

for (const [url, discord, local, proxy] of CASES) {
  Deno.test(`who may have the token: ${url}`, () => {
    const may = [DISCORD, LOCAL, PROXY].map((hosts) => mayHaveToken(url, hosts));
    assert.deepEqual(may, [discord, local, proxy]);
  });
}

Deno.test("an IPv6 host is itself", () => {
  const hosts = tokenHosts("http://[::1]:3000/api");
  assert.equal(mayHaveToken("ws://[0:0::1]:4000", hosts), true);
  assert.equal(mayHaveToken("ws://[::2]:4000", hosts), false);
});
