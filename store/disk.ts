/**
 * What the store needs of a file system, the one of this computer, and what can go wrong on it.
 *
 * @module
 */

import { dirname } from "node:path";
import { GatehouseError, messageOf } from "../protocol/errors.ts";

/** Folders and files. Everything rejects with what the system says. */
export interface SpoolFs {
  /** Files of a folder, with their sizes, in any order; none where there is no such folder. */
  list(dir: string): Promise<{ readonly name: string; readonly bytes: number }[]>;
  /** Makes a folder that lasts, and those above it; that it is there already is no error. */
  makeDir(dir: string): Promise<void>;
  /** `length` bytes from `offset` on; fewer where the file ends before. */
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** Opens a file that has `keptBytes` that are good; what follows them is cut off. 0 makes it new. */
  open(path: string, keptBytes: number): Promise<SpoolFile>;
  /** Deletes a file; that it is gone already is no error. */
  remove(path: string): Promise<void>;
  /** Makes it last which files a folder holds, where the system has a way to. */
  syncDir(dir: string): Promise<void>;
}

/** A file that is written at its end. */
export interface SpoolFile {
  /** Writes all of it. When it rejects, any part may have been written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Cuts off what is beyond `bytes`; writing goes on there. */
  truncate(bytes: number): Promise<void>;
  /** Makes it last what was written. */
  sync(): Promise<void>;
  close(): void;
}

/** This computer's file system. Only the user may read what is made here. */
export const diskFs: SpoolFs = {
  async list(dir) {
    const files: { name: string; bytes: number }[] = [];
    try {
      for await (const { name, isFile } of Deno.readDir(dir)) {
        if (isFile) files.push({ name, bytes: (await Deno.stat(`${dir}/${name}`)).size });
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return files;
  },
  makeDir,
  read,
  async open(path, keptBytes) {
    const file = await Deno.open(path, { write: true, create: keptBytes === 0, mode: 0o600 });
    const opened = fileOf(file);
    try {
      await opened.truncate(keptBytes);
      return opened;
    } catch (error) {
      file.close();
      throw error;
    }
  },
  async remove(path) {
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  },
  syncDir,
};

function fileOf(file: Deno.FsFile): SpoolFile {
  return {
    write: (bytes) => writeWhole(file, bytes),
    async truncate(bytes) {
      await file.truncate(bytes);
      await file.seek(bytes, Deno.SeekMode.Start);
    },
    sync: () => file.syncData(),
    close: () => file.close(),
  };
}

async function read(path: string, offset: number, length: number): Promise<Uint8Array> {
  using file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < bytes.length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

async function makeDir(dir: string): Promise<void> {
  try {
    await Deno.mkdir(dir, { mode: 0o700 });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      await makeDir(dirname(dir));
      return await makeDir(dir);
    }
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  await syncDir(dirname(dir));
}

async function syncDir(dir: string): Promise<void> {
  // Windows cannot open a folder; NTFS writes down by itself which files there are.
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(dir);
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems have no such thing for a folder, and say so in this way.
    if ((error as { code?: unknown }).code !== "EINVAL") throw error;
  }
}

/** Writes every byte, where the file stands. */
export async function writeWhole(
  file: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await file.write(rest));
}

/**
 * Makes the state folder if it is not there; only the user may look into it.
 *
 * @throws {GatehouseError} `bad_config` when it cannot be made.
 */
export async function makeStateDir(dir: string): Promise<void> {
  try {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw stateDirError(dir, dir, cause);
  }
}

/** `bad_config`: the state folder `dir` cannot be used, because of `path`, it or something in it. */
export function stateDirError(dir: string, path: string, cause: unknown): GatehouseError {
  const { NotCapable, AlreadyExists } = Deno.errors;
  // Deno's own words for these advise to flags, and to a call of ours.
  const words = cause instanceof NotCapable
    ? "this program may not write there"
    : cause instanceof AlreadyExists
    ? "it is no folder"
    : null;
  const advice = "set STATE_DIR to a folder that it may write to";
  const message = `Cannot use STATE_DIR ${path}: ${words ?? messageOf(cause)}; ${advice}`;
  return new GatehouseError(
    "bad_config",
    "host",
    message,
    { dir },
    words === null ? { cause } : {},
  );
}

/** What the system says when there is no room: on the disk, or within the user's quota. */
const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

/**
 * The error for something thrown by the disk: `disk_full` or `bad_state`.
 *
 * @param what What was tried, in words: "write the events of shard 3".
 * @param data Facts for programs.
 */
export function diskError(
  what: string,
  cause: unknown,
  data: Readonly<Record<string, unknown>> = {},
): GatehouseError {
  const code = FULL.has((cause as { code?: unknown } | null)?.code) ? "disk_full" : "bad_state";
  return new GatehouseError(code, "host", `Cannot ${what}: ${messageOf(cause)}`, data, { cause });
}
