'use client';

import { useCallback, useEffect, useRef, useState } from 'react';
import { Lease } from './lease.js';

/**
 * @typedef {import('./index.js').AskOptions} AskOptions
 * @typedef {import('./index.js').PictureSource} PictureSource
 * @typedef {import('./index.js').Progress} Progress
 * @typedef {import('./index.js').Result} Result
 * @typedef {import('./index.js').Vqa} Vqa
 */

/**
 * Those of createVqa(). Components with the same options share one model. A Blob or an array is the same only while it is
 * the same object: keep it with useState() or useMemo().
 * @typedef {Omit<import('./index.js').VqaOptions, 'onProgress' | 'signal'>} UseVqaOptions
 */

/**
 * @typedef {object} VqaState
 * @property {'loading' | 'ready' | 'answering' | 'failed'} status
 * @property {Vqa} [vqa]  the model once it is loaded; it is closed with the last component that uses it
 * @property {Result} [result]  of the last question that was answered
 * @property {Progress} [progress]  of loading
 * @property {Error} [error]  why the status is 'failed', nearly always a VqaError; asking anew tries anew
 */

/**
 * Ask, and set `result` or `error`. Waits for the model; a newer question takes the place of one that is not answered yet.
 * @callback AskInComponent
 * @param {PictureSource} picture
 * @param {string} question
 * @param {Omit<AskOptions, 'signal'>} [options]
 * @returns {Promise<Result | undefined>}  undefined where it failed, a newer question came, or the component went; it never rejects
 */

/**
 * Load a model with a component, and ask it.
 *
 *     const { ask, result, status } = useVqa({ model: '/shapes.q8.safetensors' });
 *
 * @param {UseVqaOptions} options
 * @returns {VqaState & { ask: AskInComponent }}  `ask` is the same function at every rendering
 */
export function useVqa({ model, precision, cache, threads, wasm, worker, integrity }) {
  const [state, setState] = useState(/** @type {VqaState} */ ({ status: 'loading' }));
  const current = useRef(/** @type {Lease | undefined} */ (undefined));
  const asking = useRef(/** @type {AbortController | undefined} */ (undefined));
  const address = model instanceof URL ? model.href : model;
  const runtime = wasm instanceof URL ? wasm.href : wasm;

  useEffect(() => {
    const lease = new Lease({ model: address, precision, cache, threads, wasm: runtime, worker, integrity }, (progress) => {
      if (current.current === lease) setState((state) => ({ ...state, progress }));
    });
    current.current = lease;
    setState({ status: 'loading' });
    lease.vqa().then((vqa) => {
      if (current.current === lease) setState((state) => ({ ...state, vqa, status: 'ready' }));
    }, (error) => {
      if (current.current === lease) setState({ status: 'failed', error });
    });
    return () => {
      current.current = undefined;
      asking.current?.abort();
      lease.close();
    };
  }, [address, precision, cache, threads, runtime, worker, integrity]);

  const ask = useCallback(/** @type {AskInComponent} */ (async (picture, question, options) => {
    asking.current?.abort();
    const { signal } = asking.current = new AbortController();
    const lease = current.current;
    if (!lease) return undefined;
    /** @param {Partial<VqaState>} change */
    const set = (change) => setState(({ error, ...state }) => ({ ...state, ...change }));
    try {
      const vqa = await lease.vqa();
      if (signal.aborted) return undefined;
      set({ vqa, status: 'answering' });
      const result = await vqa.ask(picture, question, { ...options, signal });
      set({ result, status: 'ready' });
      return result;
    } catch (thrown) {
      if (signal.aborted) return undefined;
      lease.failed(thrown);
      set({ error: /** @type {Error} */ (thrown), status: 'failed' });
      return undefined;
    }
  }), []);

  return { ...state, ask };
}
