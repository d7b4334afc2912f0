/** Files that were dropped or chosen, with their paths below the folder that they came in. */

/** @typedef {{ path: string, file: File }} Given */
/** What a drop hands over: it can be asked only while the drop is under way. @typedef {FileSystemEntry | File} Dropped */

export const MOST_FILES = 100000;

/** @param {DataTransfer} transfer @returns {Dropped[]} */
export function takeDropped(transfer) {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  return items.flatMap((item) => item.webkitGetAsEntry?.() ?? item.getAsFile() ?? []);
}

/** @param {FileList} list of an input for files or for a folder @returns {Given[]} */
export const takeChosen = (list) => Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));

/** @param {FileSystemDirectoryReader} reader @returns {Promise<FileSystemEntry[]>} some of the folder's entries, none at its end */
const readSome = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));

/** @param {FileSystemFileEntry} entry @returns {Promise<File>} */
const openEntry = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

/** All files, those of folders within included. @param {Dropped[]} dropped @returns {Promise<Given[]>} */
export async function readDropped(dropped) {
  /** @type {Given[]} */
  const found = [];
  /** @param {Dropped} item @param {string} folder */
  async function visit(item, folder) {
    if (found.length > MOST_FILES) throw new Error(`More than ${MOST_FILES} files were given.`);
    const path = folder + item.name;
    if (item instanceof File) found.push({ path, file: item });
    else if (item.isFile) found.push({ path, file: await openEntry(/** @type {FileSystemFileEntry} */ (item)) });
    else {
      const reader = /** @type {FileSystemDirectoryEntry} */ (item).createReader();
      for (let some = await readSome(reader); some.length > 0; some = await readSome(reader)) for (const entry of some) await visit(entry, `${path}/`);
    }
  }
  for (const item of dropped) await visit(item, "");
  return found;
}
