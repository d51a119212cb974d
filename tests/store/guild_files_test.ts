import assert from "node:assert/strict";
import fc from "fast-check";
import type { GuildFiles, GuildsHead } from "../../ports/guild_files.ts";
import type { GuildPart } from "../../ports/guild_log.ts";
import { logTo } from "../../ports/log.ts";
import { seededRandom } from "../../ports/random.ts";
import { type GuildDirOptions, openGuildDir } from "../../store/guild_files.ts";
import { type DiskCall, type FakeDisk, fakeDisk } from "../support/fake_disk.ts";

const SHARD = 3;
const TOTAL = 16;

function headAt(cursor: number): GuildsHead {
  return { totalShards: TOTAL, stream: "s", sessionId: "abc", cursor, form: "1", botId: "5" };
}

function part(text: string): GuildPart {
  return { guildId: `${text.length}`, bytes: new TextEncoder().encode(text) };
}

/** Texts of the parts of the file of this cursor, small and large. */
function textsAt(cursor: number): string[] {
  return ["", `{"id":"${cursor}"}`, "x".repeat(70_000), "last"];
}

async function filesOn(
  fs: FakeDisk | undefined,
  dir = "d",
  options: GuildDirOptions = {},
): Promise<GuildFiles> {
  return (await openGuildDir(dir, { ...(fs ? { fs } : {}), ...options })(SHARD)).files;
}

async function writeAt(files: GuildFiles, cursor: number): Promise<void> {
  const file = await files.begin(headAt(cursor));
  const parts = textsAt(cursor).map(part);
  await file.write(parts.slice(0, 2));
  await file.write([]);
  await file.write(parts.slice(2));
  await file.commit();
}

async function readAt(files: GuildFiles, cursor: number) {
  const texts: string[] = [];
  const head = await files.read(cursor, ({ guildId, bytes }) => {
    texts.push(new TextDecoder().decode(bytes));
    assert.equal(guildId, `${bytes.length}`);
  });
  return head && { head, texts };
}

function whole(cursor: number) {
  return { head: headAt(cursor), texts: textsAt(cursor) };
}

const PLACES: Readonly<Record<string, () => { fs?: FakeDisk; dir: string; end(): void }>> = {
  "a disk in memory": () => ({ fs: fakeDisk(), dir: "d", end() {} }),
  "a disk"() {
    const dir = Deno.makeTempDirSync();
    return { dir: `${dir}/guilds`, end: () => Deno.removeSync(dir, { recursive: true }) };
  },
};

for (const [place, make] of Object.entries(PLACES)) {
  Deno.test(`openGuildDir() on ${place} gives guilds back as they were written`, async () => {
    const { fs, dir, end } = make();
    const files = await filesOn(fs, dir);
    assert.deepEqual([files.cursors, files.bytes], [[], 0]);
    await writeAt(files, 7);
    const { bytes } = files;
    assert.ok(bytes > 70_000 && bytes < 71_000, `${bytes}`);
    for (const each of [files, await filesOn(fs, dir)]) {
      assert.deepEqual([each.cursors, each.bytes], [[7], bytes]);
      assert.deepEqual(await readAt(each, 7), whole(7));
    }
    await files.clear();
    assert.deepEqual([files.cursors, files.bytes], [[], 0]);
    assert.deepEqual((await filesOn(fs, dir)).cursors, []);
    end();
  });

  Deno.test(`openGuildDir() on ${place} keeps a file until the next one is whole`, async () => {
    const { fs, dir, end } = make();
    const files = await filesOn(fs, dir);
    await writeAt(files, 7);
    const given = await files.begin(headAt(9));
    await given.write([part("x")]);
    assert.deepEqual(files.cursors, [9, 7]);
    assert.equal(await readAt(await filesOn(fs, dir), 9), null);
    assert.deepEqual(await readAt(await filesOn(fs, dir), 7), whole(7));
    await given.drop();
    assert.deepEqual(files.cursors, [7]);
    await writeAt(files, 10);
    assert.deepEqual(files.cursors, [10]);
    assert.deepEqual((await filesOn(fs, dir)).cursors, [10]);
    end();
  });
}

/** A disk whose only file is one that was finished, with its path. */
async function finished() {
  const disk = fakeDisk();
  const file = await (await filesOn(disk)).begin(headAt(7));
  await file.write(["a", "bc", ""].map(part));
  await file.write(["def"].map(part));
  await file.commit();
  const [path, { content }] = [...disk.files][0]!;
  return { path, content };
}

async function readContent(path: string, content: Uint8Array) {
  const entry = { content, durable: content, isNamed: true };
  return await readAt(await filesOn(fakeDisk(new Map([[path, entry]]))), 7);
}

Deno.test("a file of guilds that is cut at any byte is of no use", async () => {
  const { path, content } = await finished();
  assert.deepEqual((await readContent(path, content))?.texts, ["a", "bc", "", "def"]);
  for (let length = 0; length < content.length; length++) {
    assert.equal(await readContent(path, content.slice(0, length)), null, `${length} bytes`);
    const zeros = content.slice();
    zeros.fill(0, length);
    assert.equal(await readContent(path, zeros), null, `zeros from ${length}`);
  }
  const longer = new Uint8Array(content.length + 1);
  longer.set(content);
  assert.equal(await readContent(path, longer), null, "something follows its end");
});

Deno.test("a file of guilds with one bit that has flipped is of no use", async () => {
  const { path, content } = await finished();
  for (let bit = 0; bit < content.length * 8; bit++) {
    const flipped = content.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(await readContent(path, flipped), null, `bit ${bit}`);
  }
});

Deno.test("a file of guilds from another shard, or under another's name, is of no use, and the log says so", async () => {
  const { path, content } = await finished();
  const logged: string[] = [];
  const options = { log: logTo((_, event) => logged.push(event)) };
  const entry = { content, durable: content, isNamed: true };
  for (const other of [path.replace("/3/", "/4/"), path.replace("7", "8")]) {
    const { files } = await openGuildDir("d", {
      fs: fakeDisk(new Map([[other, entry]])),
      ...options,
    })(
      other.includes("/4/") ? 4 : SHARD,
    );
    assert.equal(await readAt(files, files.cursors[0]!), null);
  }
  assert.deepEqual(logged, Array(2).fill("a file of guilds is not whole, it is of no use"));
});

Deno.test("a disk that fails in the middle leaves the guilds that were there", async () => {
  const calls: DiskCall[] = ["makeDir", "open", "write", "write", "write", "sync", "syncDir"];
  for (const [nth, call] of calls.entries()) {
    const disk = fakeDisk();
    const files = await filesOn(disk);
    await writeAt(files, 7);
    const before = disk.files.size;
    for (let i = 0; i < nth - 2 && call === "write"; i++) disk.failNext("write", Infinity);
    disk.failNext(call, 5);
    const file = await files.begin(headAt(9)).catch(() => null);
    const failed = file && await file.write([part("x")]).then(() => file.commit()).then(
      () => null,
      (error) => error,
    );
    if (file && failed) await file.drop();
    assert.ok(!file || failed === null || failed.code === "bad_state", `${failed}`);
    const found = await filesOn(disk);
    if (failed === null && file) continue;
    assert.deepEqual([found.cursors, disk.files.size], [[7], before], call);
    assert.deepEqual(await readAt(found, 7), whole(7));
  }
});

Deno.test("guilds that do not fit on the disk are refused, and those before stay", async () => {
  const disk = fakeDisk();
  const files = await filesOn(disk);
  await writeAt(files, 7);
  disk.capacityBytes = files.bytes + 1_000;
  const file = await files.begin(headAt(9));
  await assert.rejects(file.write([part("x".repeat(2_000))]), {
    code: "disk_full",
    message: /Cannot write guilds to d\/3\/0+9\.guilds: No space/,
  });
  await file.drop();
  assert.deepEqual(await readAt(await filesOn(disk), 7), whole(7));
});

Deno.test("a disk that does not read says so: nothing is thrown away", async () => {
  const disk = fakeDisk();
  await writeAt(await filesOn(disk), 7);
  disk.failNext("list");
  await assert.rejects(filesOn(disk), { code: "bad_state", message: /open the guilds of shard 3/ });
  const files = await filesOn(disk);
  disk.failNext("read");
  await assert.rejects(readAt(files, 7), { code: "bad_state", message: /Cannot read guilds from/ });
  assert.deepEqual(await readAt(files, 7), whole(7));
});

Deno.test("old guilds that cannot be deleted are with the next ones", async () => {
  const disk = fakeDisk();
  const files = await filesOn(disk);
  await writeAt(files, 7);
  disk.failNext("remove");
  await writeAt(files, 9);
  assert.deepEqual(files.cursors, [9, 7]);
  await writeAt(files, 11);
  assert.deepEqual([files.cursors, disk.files.size], [[11], 1]);
  disk.failNext("remove");
  await assert.rejects(files.clear(), { code: "bad_state" });
  await files.clear();
  assert.equal(disk.files.size, 0);
});

Deno.test("whenever power is cut, the newest guilds that were committed are there, or newer ones", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(60), { minLength: 1, maxLength: 6 }),
      fc.nat(),
      async (turns, seed) => {
        const random = seededRandom(seed);
        let disk = fakeDisk();
        let committed = 0;
        for (const [life, turn] of turns.entries()) {
          const files = await filesOn(disk);
          const writing = (async () => {
            for (let cursor = life * 10 + 1; cursor < life * 10 + 4; cursor++) {
              await writeAt(files, cursor);
              committed = cursor;
            }
          })().catch(() => {});
          for (let i = 0; i < turn; i++) await Promise.resolve();
          const after = disk.crash(random);
          await writing;
          disk = after;
          const found = await filesOn(disk);
          let newest = 0;
          for (const cursor of found.cursors) {
            const read = await readAt(found, cursor);
            if (read) assert.deepEqual(read, whole(cursor));
            if (read) newest = Math.max(newest, cursor);
          }
          assert.ok(newest >= committed, `${committed} was committed, ${newest} is there`);
          committed = newest;
        }
      },
    ),
    { numRuns: 300 },
  );
});
