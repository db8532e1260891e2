// The page: what came of it, or what went wrong, is told in an attribute.

import { createVqa } from 'wasm-vqa';
import shapes from 'wasm-vqa/shapes';
import { ask } from './ask.js';

const complaints = [];
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  complaints.push(`${violatedDirective} refuses ${blockedURI}`));
console.warn = (sentence) => complaints.push(sentence);

const found = await ask(createVqa, { model: shapes }).catch(({ code, message }) => ({ error: `${code}: ${message}` }));
document.documentElement.dataset.outcome = JSON.stringify({ ...found, complaints, cores: navigator.hardwareConcurrency });
