/**
 * A {@linkcode SpoolFs} in memory that can fill up, fail at any call and lose power: what was not
 * made to last is then there, gone, cut at any byte, or zeros.
 *
 * @module
 */

import type { Random } from "../../ports/random.ts";
import type { SpoolFile, SpoolFs } from "../../store/disk.ts";

/** What can be made to fail. */
export type DiskCall = "list" | "makeDir" | "read" | "open" | "remove" | "syncDir" | FileCall;
type FileCall = "write" | "truncate" | "sync";

interface Entry {
  content: Uint8Array;
  /** What is there after a power cut at least. */
  durable: Uint8Array;
  /** Whether the folder would still name it. */
  isNamed: boolean;
}

/** The disk. */
export interface FakeDisk extends SpoolFs {
  /** Contents by path, to look at and to change. */
  readonly files: Map<string, Entry>;
  /** How often each call was made. */
  readonly calls: Record<DiskCall, number>;
  /** Bytes that were read. */
  readonly readBytes: number;
  /** Bytes that fit; beyond them there is no space. */
  capacityBytes: number;
  /** The next such call fails; a write after `afterBytes`. Called again, the one after it too. */
  failNext(call: DiskCall, afterBytes?: number): void;
  /** Power is lost: whatever is still tried here fails. Gives the disk as it is found afterwards. */
  crash(random: Random): FakeDisk;
}

/** A disk with these files; without them an empty one. */
export function fakeDisk(files: Map<string, Entry> = new Map()): FakeDisk {
  const ghosts = new Map<string, Entry>();
  const failures = new Map<DiskCall, number[]>();
  const calls = {
    ...{ list: 0, makeDir: 0, read: 0, open: 0, remove: 0, syncDir: 0 },
    ...{ write: 0, truncate: 0, sync: 0 },
  };
  let hasPower = true;
  let readBytes = 0;

  /** How many bytes may be written before the failure that was ordered; throws other failures. */
  function pass(call: DiskCall): number | null {
    calls[call]++;
    if (!hasPower) throw diskFailure("EIO", "the power is gone");
    const afterBytes = failures.get(call)?.shift();
    if (afterBytes === undefined) return null;
    if (call === "write") return afterBytes;
    throw diskFailure("EIO", `${call} failed`);
  }

  function fileOf(entry: Entry): SpoolFile {
    return {
      // deno-lint-ignore require-await -- what is thrown becomes a rejection
      async write(bytes) {
        const afterBytes = pass("write");
        const used = files.values().reduce((sum, { content }) => sum + content.length, 0);
        const room = Math.min(afterBytes ?? Infinity, disk.capacityBytes - used);
        entry.content = join(entry.content, bytes.subarray(0, Math.max(0, room)));
        if (afterBytes !== null) throw diskFailure("EIO", "write failed");
        if (room < bytes.length) throw diskFailure("ENOSPC", "No space left on device");
      },
      // deno-lint-ignore require-await -- as above
      async truncate(bytes) {
        pass("truncate");
        entry.content = join(entry.content.subarray(0, bytes), new Uint8Array(0));
      },
      // deno-lint-ignore require-await -- as above
      async sync() {
        // A sync that fails may have written everything all the same.
        if (hasPower) entry.durable = entry.content.slice();
        pass("sync");
      },
      close() {},
    };
  }

  const disk: FakeDisk = {
    files,
    calls,
    get readBytes() {
      return readBytes;
    },
    capacityBytes: Infinity,
    failNext: (call, afterBytes = 0) =>
      void failures.set(call, [...failures.get(call) ?? [], afterBytes]),
    // deno-lint-ignore require-await -- as above
    async list(dir) {
      pass("list");
      return [...files].filter(([path]) => path.startsWith(`${dir}/`))
        .map(([path, { content }]) => ({
          name: path.slice(dir.length + 1),
          bytes: content.length,
        }));
    },
    // deno-lint-ignore require-await -- as above
    async makeDir() {
      pass("makeDir");
    },
    // deno-lint-ignore require-await -- as above
    async read(path, offset, length) {
      pass("read");
      const file = files.get(path);
      if (!file) throw diskFailure("ENOENT", "no such file");
      const bytes = file.content.slice(offset, offset + length);
      readBytes += bytes.length;
      return bytes;
    },
    // deno-lint-ignore require-await -- as above
    async open(path, keptBytes) {
      pass("open");
      const known = files.get(path);
      if (!known && keptBytes > 0) throw diskFailure("ENOENT", "no such file");
      const empty = new Uint8Array(0);
      const entry = known ?? { content: empty, durable: empty, isNamed: false };
      entry.content = entry.content.slice(0, keptBytes);
      files.set(path, entry);
      return fileOf(entry);
    },
    // deno-lint-ignore require-await -- as above
    async remove(path) {
      pass("remove");
      const entry = files.get(path);
      if (entry?.isNamed) ghosts.set(path, entry);
      files.delete(path);
    },
    // deno-lint-ignore require-await -- as above
    async syncDir(dir) {
      if (!hasPower) return void pass("syncDir");
      for (const [path, entry] of files) if (path.startsWith(`${dir}/`)) entry.isNamed = true;
      for (const path of ghosts.keys()) if (path.startsWith(`${dir}/`)) ghosts.delete(path);
      pass("syncDir");
    },
    crash(random) {
      hasPower = false;
      const found = new Map<string, Entry>();
      for (const [path, entry] of [...ghosts, ...files]) {
        const isGhost = files.get(path) !== entry;
        if ((isGhost || !entry.isNamed) && random() < 0.5) continue;
        const content = afterCrash(entry, random);
        found.set(path, { content, durable: content.slice(), isNamed: true });
      }
      return fakeDisk(found);
    },
  };
  return disk;
}

/** An error as the system throws it. */
export function diskFailure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** What is found of a file: what lasts, and of what was written since any part, or zeros. */
function afterCrash({ content, durable }: Entry, random: Random): Uint8Array {
  if (content.length <= durable.length) return (random() < 0.5 ? content : durable).slice();
  const found = content.slice(0, upTo(content.length - durable.length, random) + durable.length);
  // The size was written, the bytes were not.
  if (random() < 0.3) {
    found.fill(0, durable.length + upTo(found.length - durable.length, random));
  }
  return found;
}

function upTo(most: number, random: Random): number {
  return Math.floor(random() * (most + 1));
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
