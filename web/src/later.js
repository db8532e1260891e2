// The package's files that not every page needs: they come when they are needed.

import { VqaError, reason } from './errors.js';
import { inTime } from './fetch.js';

/**
 * @template T
 * @param {string} name  of the file
 * @param {Promise<T>} file  its import()
 * @returns {Promise<T>}
 */
export async function arrived(name, file) {
  try {
    return await inTime(file);
  } catch (error) {
    throw new VqaError('E_NETWORK', `${name} can't be loaded: ${reason(error)}`);
  }
}
