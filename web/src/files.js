// Files that a person chose or dropped, found by their names.

import { VqaError } from './errors.js';

/** Some files, such as those of a folder. */
export class Files {
  /** @type {{ file: File, name: string, folder: string, depth: number }[]} */ #files;

  /** @param {Iterable<File>} files */
  constructor(files) {
    this.#files = Array.from(files, (file) => {
      const path = (file.webkitRelativePath || file.name).split('/');
      const [name] = path.splice(-1);
      return { file, name, folder: path.join('/'), depth: path.length };
    });
    if (!this.#files.length) throw new VqaError('E_CALL', 'no files were given');
  }

  /** The name of the folder that the files lie in, if it is known. */
  get folder() {
    return this.#files[0].folder.split('/').pop() || undefined;
  }

  /** Bytes of all files together. */
  get size() {
    return this.#files.reduce((sum, { file }) => sum + file.size, 0);
  }

  /**
   * The files that lie in one folder with the file of that name. If several have that name, the highest counts.
   * @param {string} name
   * @returns {Files | undefined}
   */
  beside(name) {
    const found = this.#files.filter((file) => file.name === name);
    const depth = Math.min(...found.map((file) => file.depth));
    const folders = new Set(found.filter((file) => file.depth === depth).map((file) => file.folder));
    if (folders.size > 1) throw new VqaError('E_CALL', `each of the folders ${[...folders].join(' and ')} has a ${name}: give one of them`);
    const [folder] = folders;
    return found.length ? new Files(this.#files.filter((file) => file.folder === folder).map(({ file }) => file)) : undefined;
  }

  /**
   * The file of that name.
   * @param {string} name
   * @returns {File | undefined}
   */
  find(name) {
    const [first, second] = this.#files.filter((file) => file.name === name);
    if (second) throw new VqaError('E_CALL', `two of the files are named ${name}: give those of one model`);
    return first?.file;
  }

  /**
   * The only file whose name ends like this; undefined if there is none or more than one.
   * @param {string} [end]
   * @returns {File | undefined}
   */
  single(end = '') {
    const fitting = this.#files.filter(({ name }) => name.endsWith(end));
    return fitting.length === 1 ? fitting[0].file : undefined;
  }
}
