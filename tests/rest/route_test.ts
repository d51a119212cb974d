import assert from "node:assert/strict";
import fc from "fast-check";
import { type Route, routeOf } from "../../rest/route.ts";
import { DOCUMENTED, OPENAPI } from "./route_table.ts";

const INTERACTION = btoa("interaction:1100000000000000001:xEkqrLpZ0aFs9dNcX2");
const LATER_INTERACTION = btoa("interaction:1399999999999999999:b7TQwYv3kHUoPzR8mG");
const WEBHOOK_TOKEN =
  "3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372ba2939e72279b526";

/** What may stand for a parameter; an id for all that are not named. */
const VALUES: Readonly<Record<string, readonly [string, string, string]>> = {
  answer_id: ["1", "2", "10"],
  // Invites may be vanity words or, by chance, numbers.
  code: ["hgM48av5Q69A", "discord-developers", "1234567"],
  emoji_name: ["%F0%9F%94%A5", "rustacean:41771983429993937", "blob%3A1250000000000000009"],
  instance_id: [
    "i-1234567890-gc-1111-2222",
    "i-1276580072400224306-pc-912952092627435520",
    "plain",
  ],
  interaction_token: [INTERACTION, LATER_INTERACTION, `${INTERACTION}_-`],
  webhook_token: [WEBHOOK_TOKEN, "Uz-jTgWb_zcQ1t4", "lowercase-by-chance"],
};
const IDS = ["80351110224678912", "1276580072400224306", "41771983423143937"] as const;

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly majorParams: readonly string[];
}

const OPERATIONS: readonly Operation[] = [...OPENAPI, ...DOCUMENTED].flatMap(
  ([methods, path, majorParams]) =>
    methods.split(" ").map((method) => ({
      method,
      path,
      majorParams: majorParams === "" ? [] : majorParams.split("+"),
    })),
);

/** The value of a parameter at its place in the path, so that no two in one path are the same. */
type Choose = (param: string, place: number) => string;

/** One of three ways to fill in a path: `major` for what it is counted by, `rest` for all else. */
function choice({ majorParams }: Operation, major: number, rest: number): Choose {
  return (param, place) => {
    const values = VALUES[param] ?? IDS.map((id) => `${BigInt(id) + BigInt(place)}`);
    return values[majorParams.includes(param) ? major : rest]!;
  };
}

function fill(path: string, choose: Choose): { path: string; values: Record<string, string> } {
  const values: Record<string, string> = {};
  const filled = path.replace(/\{(\w+)\}/g, (_, param: string, place: number) => {
    return values[param] = choose(param, place);
  });
  return { path: filled, values };
}

function filled(operation: Operation, major: number, rest: number): Route {
  return routeOf(operation.method, fill(operation.path, choice(operation, major, rest)).path);
}

/** Asserts for each operation that we know of. */
function each(check: (operation: Operation) => void): void {
  assert.ok(OPERATIONS.length > 242);
  for (const operation of OPERATIONS) check(operation);
}

function name({ method, path }: Operation): string {
  return `${method} ${path}`;
}

function template(path: string): string {
  return routeOf("GET", path).template;
}

Deno.test("routeOf() counts each operation by the resource that the documentation says", () => {
  each((operation) => {
    for (const pick of [0, 1, 2]) {
      const { path, values } = fill(operation.path, choice(operation, pick, pick));
      const resource = operation.path.split("/")[1]!;
      const wanted = operation.majorParams.map((param) => values[param]);
      const { major } = routeOf(operation.method, `/v10${path}`);
      assert.equal(major, wanted.length === 0 ? "" : [resource, ...wanted].join("/"), path);
    }
  });
});

Deno.test("routeOf() keeps every id, token, code and emoji out of the template", () => {
  each((operation) => {
    for (const pick of [0, 1, 2]) {
      const { path, values } = fill(operation.path, choice(operation, pick, pick));
      const places = routeOf(operation.method, path).template.split("/");
      for (const value of Object.values(values)) assert.ok(!places.includes(value), path);
      assert.doesNotMatch(places.join("/"), /\d{2}|%/, path);
    }
  });
});

Deno.test("routeOf() gives one template and one resource whatever the other parameters are", () => {
  each((operation) => {
    const first = filled(operation, 0, 0);
    for (const rest of [1, 2]) assert.deepEqual(filled(operation, 0, rest), first, name(operation));
  });
});

Deno.test("routeOf() gives one template to all resources, and tells them apart", () => {
  each((operation) => {
    if (operation.majorParams.length === 0) return;
    const routes = [0, 1, 2].map((major) => filled(operation, major, 0));
    assert.equal(new Set(routes.map((route) => route.template)).size, 1, name(operation));
    assert.equal(new Set(routes.map((route) => route.major)).size, 3, name(operation));
  });
});

Deno.test("routeOf() tells all documented paths apart, those of reactions excepted", () => {
  const paths = new Map<string, Set<string>>();
  each((operation) => {
    const { kind, template } = filled(operation, 0, 0);
    // Follow-ups of an interaction are told from a webhook's messages by their kind.
    const key = `${kind === "callback" ? "interaction" : kind} ${template}`;
    paths.set(key, (paths.get(key) ?? new Set()).add(operation.path));
  });
  const shared = [...paths].filter(([, those]) => those.size > 1);
  assert.deepEqual(shared.map(([key]) => key), [
    "other /channels/:id/messages/:id/reactions",
  ]);
  for (const path of shared[0]![1]) assert.match(path, /\/reactions(\/|$)/);
});

Deno.test("routeOf() tells interactions and webhooks by token from all else", () => {
  each((operation) => {
    const { path } = operation;
    const wanted = path.endsWith("/callback")
      ? "callback"
      : path.includes("{interaction_token}")
      ? "interaction"
      : path.includes("{webhook_token}")
      ? "webhook"
      : "other";
    assert.equal(filled(operation, 0, 0).kind, wanted, name(operation));
  });
});

Deno.test("routeOf() drops the version", () => {
  each((operation) => {
    const { path } = fill(operation.path, choice(operation, 0, 0));
    const plain = routeOf(operation.method, path);
    for (const version of ["/v6", "/v10", "/v100"]) {
      assert.deepEqual(routeOf(operation.method, version + path), plain, path);
    }
  });
  assert.equal(template("/v10"), "/");
  assert.equal(template("/voice/regions"), "/voice/regions");
});

Deno.test("routeOf() keeps the method, in upper case", () => {
  assert.equal(routeOf("patch", "/channels/1").method, "PATCH");
  assert.equal(routeOf("HEAD", "/channels/1").method, "HEAD");
});

Deno.test("routeOf() keeps words where an id might stand", () => {
  for (
    const [path, wanted] of [
      ["/users/@me", "/users/@me"],
      ["/users/18446744073709551615", "/users/:id"],
      ["/channels/1/messages/pins", "/channels/:id/messages/pins"],
      ["/channels/1/messages/pins/2", "/channels/:id/messages/pins/:id"],
      ["/channels/1/messages/bulk-delete", "/channels/:id/messages/bulk-delete"],
      ["/guilds/1/messages/search", "/guilds/:id/messages/search"],
      ["/guilds/1/members/search", "/guilds/:id/members/search"],
      ["/guilds/1/members/@me", "/guilds/:id/members/@me"],
      ["/guilds/1/widget.png", "/guilds/:id/widget.png"],
      ["/guilds/templates/abc", "/guilds/templates/:code"],
      ["/webhooks/1/token/messages/@original", "/webhooks/:id/:token/messages/@original"],
      ["/oauth2/applications/@me", "/oauth2/applications/@me"],
    ] as const
  ) assert.equal(template(path), wanted);
});

Deno.test("routeOf() takes the resource from the start of the path only", () => {
  for (
    const path of [
      "/users/@me/guilds/1",
      "/stage-instances/1",
      "/applications/1/guilds/2/commands",
      "/lobbies/1/messages",
      "/skus/1/subscriptions",
      "/guilds/templates/1",
      "/channels/@me/2",
      "/channels",
      `/interactions/1/${INTERACTION}/callback`,
    ]
  ) assert.equal(routeOf("POST", path).major, "", path);
});

Deno.test("routeOf() counts a webhook with and without its token apart", () => {
  const { major, kind } = routeOf("GET", "/webhooks/1");
  assert.deepEqual([major, kind], ["webhooks/1", "other"]);
  const byToken = routeOf("GET", "/webhooks/1/s3cret/messages/2");
  assert.deepEqual([byToken.major, byToken.kind], ["webhooks/1/s3cret", "webhook"]);
});

Deno.test("routeOf() takes only the POST of a whole callback path for a first response", () => {
  const path = `/interactions/1/${INTERACTION}/callback`;
  assert.equal(routeOf("post", path).kind, "callback");
  for (
    const [method, other] of [
      ["GET", path],
      ["POST", `${path}/more`],
      ["POST", `/interactions/1/${INTERACTION}`],
      ["POST", `/interactions/x/${INTERACTION}/callback`],
    ] as const
  ) assert.equal(routeOf(method, other).kind, "other", `${method} ${other}`);
});

Deno.test("routeOf() never takes a token for a word", () => {
  assert.equal(template("/webhooks/1/lowercase/slack"), "/webhooks/:id/:token/slack");
  assert.equal(template("/webhooks/x/lowercase"), "/webhooks/x/:token");
  assert.equal(template("/interactions/1/12345/callback"), "/interactions/:id/:token/callback");
});

Deno.test("routeOf() gives everything below a message's reactions one template", () => {
  const reactions = "/channels/1/messages/2/reactions";
  for (const below of ["", "/x", "/x:3/@me", "/%F0%9F%94%A5/4", "/what/ever/comes/next"]) {
    assert.equal(template(reactions + below), "/channels/:id/messages/:id/reactions");
  }
  assert.equal(template("/channels/1/reactions/x"), "/channels/:id/reactions/x");
});

Deno.test("routeOf() sorts out a route that it has never seen", () => {
  const path = "/v11/guilds/123/quests/456/share-links/aB3xZ/thumbnail.webp";
  assert.deepEqual(routeOf("POST", path), {
    method: "POST",
    template: "/guilds/:id/quests/:id/share-links/:code/thumbnail.webp",
    major: "guilds/123",
    kind: "other",
  });
  for (
    const code of ["Upper", "mix3d4", "%C3%A9", "é", "a".repeat(33), "9".repeat(21), "..", "-"]
  ) {
    assert.equal(template(`/new-things/${code}`), "/new-things/:code", code);
  }
});

Deno.test("routeOf() takes any path, however odd, and keeps the template short", () => {
  for (
    const [path, wanted] of [
      ["", "/"],
      ["/", "/"],
      ["///", "/"],
      ["channels/1", "/channels/:id"],
      ["//channels///1/", "/channels/:id"],
      ["/channels/%E0%A4%A/%", "/channels/:code/:code"],
      ["/channels/\uD800", "/channels/:code"],
      ["/channels/1?limit=5", "/channels/:code"],
      ["/constructor/__proto__", "/constructor/:code"],
      [`/${"x".repeat(1e6)}`, "/:code"],
      ["/1".repeat(12), "/:id".repeat(12)],
      ["/1".repeat(1000), `${"/:id".repeat(12)}/…`],
    ] as const
  ) assert.equal(template(path), wanted, path.slice(0, 40));
});

Deno.test("routeOf() never throws, and bounds every template", () => {
  const segment = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.stringMatching(/^[a-z]{1,60}$/),
    fc.constantFrom(
      "v10",
      "channels",
      "guilds",
      "webhooks",
      "interactions",
      "messages",
      "@me",
      "1",
    ),
  );
  const path = fc.oneof(
    fc.string({ unit: "binary", maxLength: 500 }),
    fc.array(segment, { maxLength: 40 }).map((segments) => `/${segments.join("/")}`),
  );
  fc.assert(
    fc.property(fc.string(), path, (method, path) => {
      const { template, major } = routeOf(method, path);
      assert.ok(template.startsWith("/") && template.length <= 12 * 33 + 2, template);
      assert.doesNotMatch(template, /\d{2}|[%\s]/);
      assert.ok(major === "" || `${path}/`.includes(`${major.split("/")[1]}/`));
    }),
    { numRuns: 1000 },
  );
});
