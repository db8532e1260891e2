// Files and folders that are dropped on the page.

/** The folders among what is dropped; to be asked for before the event is over. */
export function droppedFolders({ items }) {
  return [...items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory);
}

/** Every file in these folders, each with its path as <input webkitdirectory> gives it. What is hidden is left out. */
export async function filesIn(folders) {
  const files = [];
  for (const entry of folders) {
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory) {
      files.push(...await filesIn(await listing(entry)));
    } else {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      files.push(Object.defineProperty(file, 'webkitRelativePath', { value: entry.fullPath.slice(1) }));
    }
  }
  return files;
}

/** What is in a folder; the browser gives it in portions. */
async function listing(folder) {
  const reader = folder.createReader();
  const entries = [];
  while (true) {
    const portion = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!portion.length) return entries;
    entries.push(...portion);
  }
}
