// What the address of a model means.

import { VqaError } from './errors.js';
import { baseUrl } from './fetch.js';
import { localKind, localUrl } from './local.js';

/** @typedef {{ url: URL, kind: 'folder' | 'manifest' | 'pack' }} Address */

/** People copy the address of one of these and mean the folder. */
const OF_A_FOLDER = /\/(config\.json|model\.safetensors(\.index\.json)?)$/;

/** The hosts of Hugging Face; files are asked of the first. */
const HUB = ['huggingface.co', 'www.huggingface.co', 'hf.co'];

/**
 * A folder is an address that ends with a slash, or whose last part has no file extension (in Node also a path to one),
 * or the address of one of its files; a manifest ends with .json; everything else is a pack.
 * @param {string | URL} address
 * @returns {Address}
 */
export function readAddress(address) {
  const url = onHub(absolute(address));
  if (url.protocol === 'file:' && localUrl(url)) {
    if (localKind(url) === 'folder') return { url: withSlash(url), kind: 'folder' };
    if (OF_A_FOLDER.test(url.pathname) && localKind(beside('config.json', url))) return { url: folderOf(url), kind: 'folder' };
    return { url, kind: isManifest(url) ? 'manifest' : 'pack' };
  }
  if (!/^(https?|file):$/.test(url.protocol)) return { url, kind: 'pack' }; // data and blob URLs have no extension
  if (OF_A_FOLDER.test(url.pathname)) return { url: folderOf(url), kind: 'folder' };
  if (isFolder(url)) return { url: withSlash(url), kind: 'folder' };
  return { url, kind: isManifest(url) ? 'manifest' : 'pack' };
}

/**
 * The address of a file in a folder, or beside a manifest: what the base has after `?` goes with it.
 * @param {string} file  its name
 * @param {URL} base
 * @returns {URL}
 */
export function beside(file, base) {
  const url = new URL(encodeURIComponent(file), base);
  url.search = base.search;
  return url;
}

/**
 * What people call a model: owner/name where the address says so, else its last part.
 * @param {URL} url
 * @returns {string}
 */
export function nameOf({ pathname, hostname }) {
  const [, owned] = /([^/]+\/[^/]+)\/resolve\//.exec(pathname) ?? [];
  const name = owned ?? pathname.split('/').filter(Boolean).pop() ?? hostname;
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // a stray % is part of the name
  }
}

/** @param {string | URL} address */
function absolute(address) {
  const local = localUrl(address);
  if (local) return local;
  try {
    return new URL(address, baseUrl());
  } catch {
    throw new VqaError('E_CALL', `the model's address ${JSON.stringify(String(address))} is none`);
  }
}

/**
 * People copy the address of the page that shows a model or one of its files: the files themselves are at /resolve/.
 * @param {URL} url
 */
function onHub(url) {
  if (!HUB.includes(url.hostname)) return url;
  const files = new URL(url);
  files.hostname = HUB[0];
  files.pathname = url.pathname
    .replace(/^(\/[^/]+\/[^/]+)\/(?:tree|blob)\//, '$1/resolve/')
    .replace(/^(\/[^/]+\/[^/]+)\/?$/, '$1/resolve/main/');
  return files;
}

/** A number behind a dot belongs to a version, not to an extension. @param {URL} url */
function isFolder({ pathname }) {
  const last = pathname.slice(pathname.lastIndexOf('/') + 1);
  return !/\.[a-z][a-z0-9]*$/i.test(last) || /\/resolve\/[^/]+$/.test(pathname);
}

/** @param {URL} url */
const isManifest = ({ pathname }) => /\.json$/i.test(pathname);

/** The folder that a file lies in. @param {URL} url */
function folderOf(url) {
  const folder = new URL('./', url);
  folder.search = url.search;
  return folder;
}

/** @param {URL} url */
function withSlash(url) {
  if (url.pathname.endsWith('/')) return url;
  const folder = new URL(url);
  folder.pathname += '/';
  return folder;
}
