// Models from other servers: the page may connect to those only that its address names, and only when the person wants it.

import { mayConnect } from './requests.js';

const AGREED = 'agreed address'; // in the tab's storage: the query that the page is opening anew for

const $ = (id) => document.getElementById(id);

/** Load a model from an address, here with `load(address)`, or where the page may not connect there, in the page that opens anew. */
export async function open(address, load, name, precision, go) {
  if (!isElsewhere(address) || mayConnect()) return load(address);
  await go();
  const query = new URLSearchParams(location.search);
  query.set(name, address);
  query.set('precision', precision);
  agree(`?${query}`);
  return location.assign(`?${query}`);
}

/** Load what the page's address names, at once or when the person says so: a link may name any server. @param {Record<string, (address: string) => void>} loaders  by name */
export function openNamed(loaders) {
  const query = new URLSearchParams(location.search);
  const named = Object.keys(loaders).filter((name) => query.get(name));
  const load = () => {
    for (const name of named) loaders[name](query.get(name));
  };
  const addresses = named.map((name) => query.get(name)).filter(isElsewhere);
  if (!addresses.length || hasAgreed()) return load();
  const hosts = new Set(addresses.map((address) => new URL(address, location.href).host));
  $('link').hidden = false;
  $('link-text').textContent = `This link wants to load a model from ${[...hosts].join(' and ')}: ${addresses.join(' ')}`;
  $('link-load').addEventListener('click', () => {
    history.replaceState({ agreed: location.search }, '');
    load();
  });
}

/** Remember that the person has chosen this query, until the page has opened anew. */
function agree(query) {
  try {
    sessionStorage.setItem(AGREED, query);
  } catch {
    // no storage: the page asks
  }
}

/** Whether the person has chosen what the page's address names: just now, or before the page was reloaded. */
function hasAgreed() {
  const { search } = location;
  try {
    if (sessionStorage.getItem(AGREED) === search) history.replaceState({ agreed: search }, '');
    sessionStorage.removeItem(AGREED);
  } catch {
    // no storage
  }
  return history.state?.agreed === search;
}

/** Whether an address is on another server. What is no address is not: the engine says so. */
function isElsewhere(address) {
  try {
    return new URL(address, location.href).origin !== location.origin;
  } catch {
    return false;
  }
}
