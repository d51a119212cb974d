/** Images and services, as far as they can be tried where neither Docker nor systemd runs. */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { FIELDS, SETTINGS } from "../../config/config.ts";
import { ROOT_FILES, SOURCE_FOLDERS } from "../../tools/tree.ts";
import { ROOT } from "../support/compiled.ts";
import { follow, until } from "../support/unit_process.ts";

const read = (path: string) => Deno.readTextFileSync(`${ROOT}${path}`);

/** What is locked for a unit, a fleet and a terminal. */
const LOCKS = ["deno.lock", "fleet/deno.lock", "app/cli/deno.lock"];

/** What Docker sends to the build: all but what is ignored, which is all but what is named. */
const kept = read(".dockerignore").split("\n").filter((line) => line.startsWith("!"))
  .map((line) => line.slice(1));

/** The instructions of the last stage of the Dockerfile, lines joined. */
const stage = read("Dockerfile").replaceAll(/^#.*\n/gm, "").replaceAll(/\\\n\s*/g, "").split(
  /^FROM /m,
)
  .at(-1)!.split("\n");
const instruction = (name: string) =>
  stage.find((line) => line.startsWith(`${name} `))!.slice(name.length + 1);
const env: Readonly<Record<string, string>> = Object.fromEntries(
  instruction("ENV").split(" ").map((pair) => pair.split("=") as [string, string]),
);
const list = (text: string) => JSON.parse(text.slice(text.indexOf("["))) as string[];
/** What is run: what the image's init runs. */
const entry = list(instruction("ENTRYPOINT")).slice(2);

function copyTree(from: string, to: string): void {
  if (!Deno.statSync(from).isDirectory) {
    Deno.mkdirSync(to.slice(0, to.lastIndexOf("/")), { recursive: true });
    return Deno.copyFileSync(from, to);
  }
  for (const { name } of Deno.readDirSync(from)) copyTree(`${from}/${name}`, `${to}/${name}`);
}

async function withImage(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  for (const path of kept) copyTree(`${ROOT}${path}`, `${folder}/gatehouse/${path}`);
  for (const name of ["bot", "state"]) Deno.mkdirSync(`${folder}/${name}`);
  try {
    await body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A command of the image, as if its folders stood in `folder`. */
function start(folder: string, [program, ...args]: string[], more: Record<string, string>) {
  assert.equal(program, "deno");
  const inside = (text: string) => text.replace(/^\/(gatehouse|state|bot)\b/, `${folder}/$1`);
  const { DENO_DIR: _, ...own } = env;
  const values = Object.entries({ ...own, ...more }).map(([name, text]) => [name, inside(text)]);
  return new Deno.Command(Deno.execPath(), {
    args: args.map(inside),
    clearEnv: true,
    env: { HOME: Deno.env.get("HOME") ?? "", ...Object.fromEntries(values) },
    cwd: inside(instruction("WORKDIR")),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

Deno.test("an image is built of what runs, and nothing else is sent to its build", () => {
  const code = [...ROOT_FILES, ...SOURCE_FOLDERS, "examples/bot.ts"];
  const beside = ["LICENSE", "deno.json", "deno.lock", "deploy/healthy.js", "tools/imports.json"];
  assert.deepEqual(kept.sort(), [...code, ...beside].sort());
  assert.equal(read(".dockerignore").split("\n").find((line) => !/^(#|$)/.test(line)), "*");
});

Deno.test("an image has Deno and no shell, that Deno which all is tested with", () => {
  const version = /deno@([\d.]+)/.exec(read(".ci/run"))![1];
  assert.equal(stage[0], `denoland/deno:distroless-${version}`);
  const bases = [...read("Dockerfile").matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  assert.deepEqual(bases, [`denoland/deno:${version}`, `denoland/deno:distroless-${version}`]);
  // Without a shell nothing can be run as it is built.
  assert.deepEqual(stage.filter((line) => /^(RUN|ADD|SHELL) /.test(line)), []);
});

Deno.test("of an image its user may write to the state, the packages and the bot's folder, and nothing else", () => {
  const copies = stage.filter((line) => line.startsWith("COPY "));
  const owner = `--chown=${instruction("USER")}`;
  const written = copies.filter((line) => line.includes(owner)).map((line) =>
    line.split(" ").at(-1)
  );
  assert.deepEqual(written, ["/deno-dir", "/state", "/bot"]);
  assert.deepEqual(copies.length, 4);
});

/** Everything by which a unit is deployed. */
const DEPLOYED = ["Dockerfile", ...filesIn("deploy")];

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(`${ROOT}${folder}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

Deno.test("nothing by which a unit is deployed opens everything, or has a secret in it", () => {
  const secrets = FIELDS.filter((field) => SETTINGS[field].read.secret)
    .map((field) => SETTINGS[field].name);
  const given = new RegExp(`\\b(${secrets.join("|")})\\b["']?\\s*[=:]`);
  assert.ok(given.test("  DISCORD_TOKEN: abc"));
  for (const path of DEPLOYED) {
    const text = read(path).replaceAll(/^\s*(#|\/\/).*$/gm, "");
    assert.doesNotMatch(text, /--allow-all|(^|[\s"'])-A\b|--privileged|docker\.sock/, path);
    // What is opened for reading and writing is worked out by the launcher.
    assert.doesNotMatch(text, /--allow-(read|write|net|ffi|sys)(?!=)/, path);
    assert.doesNotMatch(text, given, path);
    // The shape of a token: three parts, and a long one at the end.
    assert.doesNotMatch(text, /[\w-]{18,}\.[\w-]{5,}\.[\w-]{20,}/, path);
  }
});

Deno.test("an image's build downloads what is locked, with locks that are in order", () =>
  withImage(async (folder) => {
    const locks = /for lock in (.*?); do/.exec(read("Dockerfile"))![1]!.split(" ");
    assert.deepEqual(locks, kept.includes("deno.lock") ? LOCKS : []);
    const command = /deno (run --no-prompt --frozen .*--version)/.exec(read("Dockerfile"))![1]!;
    for (const lock of locks) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: command.replace("$lock", lock).split(" "),
        cwd: `${folder}/gatehouse`,
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.match(new TextDecoder().decode(stdout), /^gatehouse \d/);
    }
  }));

Deno.test("an image runs its unit as nobody, says that it is healthy, and stops in good order", () =>
  withImage(async (folder) => {
    assert.deepEqual(list(instruction("ENTRYPOINT")).slice(0, 2), ["/tini", "--"]);
    assert.deepEqual(list(instruction("CMD")), ["start"]);
    assert.match(instruction("USER"), /^[1-9]\d*:[1-9]\d*$/);
    const health = list(instruction("HEALTHCHECK"));
    const isHealthy = async (port: string) =>
      (await start(folder, health, { LISTEN_PORT: port }).output()).code;
    const unit = follow(
      start(folder, [...entry, "demo"], {
        LISTEN_HOST: "127.0.0.1",
        LISTEN_PORT: "0",
      }).spawn(),
    );
    try {
      const { port } = new URL(await unit.url());
      assert.equal(await isHealthy(port), 0);
      const answered = () => unit.lines.some(({ message }) => message === "answered a message");
      await until(answered, 30_000, () => JSON.stringify(unit.lines.slice(-5)) + unit.errors());
      assert.equal(await unit.end("SIGTERM"), 0);
      assert.equal(await isHealthy(port), 1);
    } finally {
      await unit.end("SIGKILL");
    }
  }));

Deno.test("an image that is reached from elsewhere wants a secret before it starts", () =>
  withImage(async (folder) => {
    const { code, stderr } = await start(folder, [...entry, "start"], {
      DISCORD_TOKEN: "MTIzNDU2Nzg5MDEyMzQ1Njc4.image.example",
      LISTEN_PORT: "0",
    }).output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), /REST_AUTHORIZATION/);
  }));

Deno.test("a container is asked for its health by the image's own check, and may use nothing of its host", () => {
  const { services } = parse(read("deploy/compose.yaml"));
  assert.deepEqual(Object.keys(services), ["gatehouse"]);
  const opens = ["cap_add", "devices", "group_add", "ipc", "network_mode", "pid", "privileged"];
  // A check or a user of its own would be instead of the image's.
  for (const name of [...opens, "healthcheck", "user", "userns_mode", "entrypoint"]) {
    assert.ok(!(name in services.gatehouse), name);
  }
  assert.deepEqual(services.gatehouse.tmpfs, ["/tmp"]);
  const health = /^HEALTHCHECK (.*?) CMD /.exec(`HEALTHCHECK ${instruction("HEALTHCHECK")}`)![1]!;
  assert.match(health, /--interval=\d+s --timeout=\d+s --start-period=\d+s --retries=\d+/);
});

Deno.test("the compose file runs that image, shut in, with its state and packages kept", () => {
  const { services, volumes } = parse(read("deploy/compose.yaml"));
  const { gatehouse } = services;
  assert.equal(gatehouse.build, "..");
  assert.equal(gatehouse.image, `gatehouse:${JSON.parse(read("deno.json")).version}`);
  assert.deepEqual([gatehouse.read_only, gatehouse.cap_drop], [true, ["ALL"]]);
  assert.deepEqual(gatehouse.security_opt, ["no-new-privileges:true"]);
  const mounts = Object.fromEntries(
    gatehouse.volumes.map((text: string) => text.split(":").toSpliced(2).toReversed()),
  );
  for (const path of list(instruction("VOLUME"))) assert.ok(mounts[path] in volumes, path);
  assert.ok(gatehouse.environment.BOT_MODULE.startsWith(instruction("WORKDIR")));
  const port = instruction("EXPOSE");
  assert.deepEqual(gatehouse.ports, [`127.0.0.1:${port}:${port}`]);
});

const service = read("deploy/gatehouse.service");

Deno.test("the service starts what the image starts, with the same permissions", () => {
  const [, , ...words] = /^ExecStart=(.*)$/m.exec(service)![1]!.split(" ");
  const [, , ...image] = entry;
  assert.deepEqual(
    words.map((word) => word.replace("${GATEHOUSE}", "/gatehouse")),
    [...image, "start"],
  );
});

/** What the service must shut, where there is no systemd to judge it too. */
const SHUT: Readonly<Record<string, string>> = {
  AmbientCapabilities: "",
  CapabilityBoundingSet: "",
  DynamicUser: "yes",
  LockPersonality: "yes",
  NoNewPrivileges: "yes",
  PrivateDevices: "yes",
  PrivateTmp: "yes",
  PrivateUsers: "yes",
  ProtectClock: "yes",
  ProtectControlGroups: "yes",
  ProtectHome: "yes",
  ProtectHostname: "yes",
  ProtectKernelLogs: "yes",
  ProtectKernelModules: "yes",
  ProtectKernelTunables: "yes",
  ProtectProc: "invisible",
  ProtectSystem: "strict",
  RemoveIPC: "yes",
  RestrictNamespaces: "yes",
  RestrictRealtime: "yes",
  RestrictSUIDSGID: "yes",
  StateDirectoryMode: "0700",
  SystemCallArchitectures: "native",
  UMask: "0077",
};

Deno.test("the service shuts itself in, and the executable instead of Deno opens none of it", () => {
  const values = (text: string, name: string) =>
    [...text.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value]) => value);
  for (const [name, value] of Object.entries(SHUT)) {
    assert.deepEqual(values(service, name), [value], name);
  }
  // Its own two folders are all that it may write to.
  assert.doesNotMatch(service, /^(ReadWritePaths|BindPaths|User|Group|PermissionsStartOnly)=/m);
  const more = read("deploy/gatehouse.service.d/executable.conf");
  const set = [...more.matchAll(/^(\w+)=/gm)].map(([, name]) => name);
  assert.deepEqual(set, ["ExecStart", "ExecStart"]);
});

/** Where systemd is, its own judgement: nothing that it does not understand, and little that is open. */
const verdict = (...args: string[]) =>
  new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", { args: ${
        JSON.stringify(args)
      } }).output().catch(() => ({ code: -1, stdout: new Uint8Array(), stderr: new Uint8Array() }));
      console.log(JSON.stringify([code, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)]));`,
    ],
  }).output().then(({ stdout }) =>
    JSON.parse(new TextDecoder().decode(stdout)) as [number, string]
  );

const [hasSystemd] = await verdict("--version");

Deno.test({
  name: "systemd understands the service and its socket, and finds it shut in" +
    (hasSystemd === 0 ? "" : ": SKIPPED, there is no systemd here"),
  ignore: hasSystemd !== 0,
  fn: async () => {
    const files = ["gatehouse.service", "gatehouse.socket"].map((name) => `${ROOT}deploy/${name}`);
    const [, said] = await verdict("verify", ...files);
    // The programs are where they are installed.
    const problems = said.split("\n").filter((line) => line && !/is not executable/.test(line));
    assert.deepEqual(problems, []);
    const [, told] = await verdict("security", "--offline=true", files[0]!);
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(told)?.[1]);
    assert.ok(exposure < 2, told);
  },
});
