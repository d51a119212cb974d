import assert from "node:assert/strict";
import { createRest, RestError } from "../../bot/rest.ts";

function setUp(answer: () => Response) {
  const requests: Request[] = [];
  const rest = createRest("http://unit:1/", "credential", (input, init) => {
    requests.push(new Request(input, init));
    return Promise.resolve(answer());
  });
  return { requests, rest };
}

Deno.test("rest sends JSON to the unit's /api as the bot, and gives the parsed answer", async () => {
  const { requests, rest } = setUp(() => Response.json({ id: "1" }));
  const answer = await rest.patch("/guilds/1", { name: "x" }, { reason: "a & b" });
  assert.deepEqual(answer, { id: "1" });
  const [request] = requests;
  assert.equal(request!.method, "PATCH");
  assert.equal(request!.url, "http://unit:1/api/v10/guilds/1");
  assert.equal(request!.headers.get("authorization"), "Bot credential");
  assert.equal(request!.headers.get("content-type"), "application/json");
  assert.equal(request!.headers.get("x-audit-log-reason"), "a%20%26%20b");
  assert.equal(await request!.text(), '{"name":"x"}');
});

Deno.test("rest sends a form as it is", async () => {
  const { requests, rest } = setUp(() => Response.json({}));
  const form = new FormData();
  form.set("files[0]", new Blob(["x"]), "x.txt");
  await rest.post("/channels/1/messages", form);
  assert.match(requests[0]!.headers.get("content-type")!, /^multipart\/form-data; boundary=/);
});

Deno.test("rest gives undefined where the answer is empty", async () => {
  const { rest } = setUp(() => new Response(null, { status: 204 }));
  assert.equal(await rest.delete("/channels/1"), undefined);
});

Deno.test("rest throws Discord's status, code, message and errors", async () => {
  const errors = { content: { _errors: [] } };
  const { rest } = setUp(() =>
    Response.json({ code: 50035, message: "Invalid Form Body", errors }, { status: 400 })
  );
  await assert.rejects(rest.post("/channels/1/messages", {}), (error) => {
    assert.ok(error instanceof RestError);
    assert.deepEqual([error.status, error.code, error.errors], [400, 50035, errors]);
    assert.equal(
      error.message,
      "POST /channels/1/messages failed with 400: Invalid Form Body",
    );
    return true;
  });
});

Deno.test("rest throws the status of an answer that is a web page", async () => {
  const { rest } = setUp(() => new Response("<html>", { status: 502 }));
  await assert.rejects(rest.get("/users/@me"), { status: 502, code: 0 });
});

Deno.test("an error of rest holds no token of an interaction or a webhook", async () => {
  const { rest } = setUp(() => Response.json({ message: "no" }, { status: 404 }));
  const text = async (path: string) => String(await rest.post(path).catch((error) => error));
  assert.ok(!(await text("/interactions/1/secret/callback")).includes("secret"));
  assert.ok(!(await text("/webhooks/1/secret?wait=true")).includes("secret"));
});

Deno.test("rest ends an answer that never ends, and tells its status", async () => {
  for (const status of [200, 404]) {
    let sent = 0;
    const { rest } = setUp(() =>
      new Response(
        new ReadableStream({
          pull(controller) {
            if ((sent += 4 << 20) > 200 << 20) return controller.close();
            controller.enqueue(new Uint8Array(4 << 20).fill(0x20));
          },
        }),
        { status },
      )
    );
    await assert.rejects(rest.get("/users/@me"), {
      status,
      message: `GET /users/@me failed with ${status}: its answer has more than 33554432 bytes`,
    });
    assert.ok(sent <= 48 << 20, `${sent} bytes were taken`);
  }
});

Deno.test("rest follows no redirect: nobody else gets the credential", async () => {
  const elsewhere = { status: 302, headers: { location: "https://evil.example/" } };
  const { requests, rest } = setUp(() => new Response(null, elsewhere));
  await assert.rejects(rest.post("/channels/1/messages", {}), { name: "RestError", status: 302 });
  assert.deepEqual(requests.map(({ redirect }) => redirect), ["manual"]);
});
