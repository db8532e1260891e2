// Files that a person chose or dropped, found by their names.

import { VqaError } from './errors.js';

/** Some files, such as those of a folder. */
export class Files {
  /** @type {{ file: File, name: string, depth: number, top: string }[]} */ #files;

  /** @param {Iterable<File>} files */
  constructor(files) {
    this.#files = Array.from(files, (file) => {
      const path = (file.webkitRelativePath || file.name).split('/');
      return { file, name: path[path.length - 1], depth: path.length, top: path[0] };
    });
    if (!this.#files.length) throw new VqaError('E_CALL', 'no files were given');
  }

  /** The folder's name, if the files are known to come from one. */
  get folder() {
    const [{ top, depth }] = this.#files;
    return depth > 1 && this.#files.every((file) => file.top === top) ? top : undefined;
  }

  /**
   * The file of that name. One in a folder hides those in its subfolders.
   * @param {string} name
   * @returns {File | undefined}
   */
  find(name) {
    return this.#highest(this.#files.filter((file) => file.name === name));
  }

  /**
   * The only file whose name ends like this; undefined if there is none or more than one.
   * @param {string} [end]
   * @returns {File | undefined}
   */
  only(end = '') {
    const fitting = this.#files.filter(({ name }) => name.endsWith(end));
    return fitting.length === 1 ? fitting[0].file : undefined;
  }

  /** @param {{ file: File, name: string, depth: number }[]} files */
  #highest(files) {
    const depth = Math.min(...files.map((file) => file.depth));
    const [first, second] = files.filter((file) => file.depth === depth);
    if (second) throw new VqaError('E_CALL', `two of the files are named ${first.name}: give those of one model`);
    return first?.file;
  }
}
