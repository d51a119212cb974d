/**
 * What a spool needs of a file system, and the one of this computer.
 *
 * @module
 */

import { dirname } from "node:path";
import { writeWhole } from "./write_whole.ts";

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
  while (filled < length) {
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
