'use client';

import { useCallback, useEffect, useRef, useState } from 'react';
import { Lease } from './lease.js';

/** @import { AskOptions, PictureSource, Progress, Result, SpokenQuestion, Vqa, VqaOptions } from './index.js' */

/**
 * @typedef {Omit<VqaOptions, 'onProgress' | 'signal'>} UseVqaOptions  those of createVqa(). Components with the same options share
 *   one model. A Blob or an array is the same only while it is the same object: keep it with useState() or useMemo()
 *
 * @typedef {'loading' | 'ready' | 'answering' | 'failed'} UseVqaStatus  what the component waits for
 *
 * @typedef {object} VqaState  how far a component is
 * @property {UseVqaStatus} status  'failed' says that loading or the last question failed
 * @property {Vqa} [vqa]  the model once it is loaded; it is closed with the last component that uses it
 * @property {Result} [result]  of the last question that was answered
 * @property {Progress} [progress]  of loading
 * @property {Error} [error]  why the status is 'failed', nearly always a VqaError; asking anew tries anew
 *
 * @typedef {(picture: PictureSource, question: string | SpokenQuestion, options?: Omit<AskOptions, 'signal'>) => Promise<Result | undefined>} AskVqa
 *   asks, and sets `result` or `error`. It waits for the model; a newer question takes the place of one that is not answered yet.
 *   It gives undefined where that happens, where it fails and where the component goes, and never rejects
 */

/**
 * Load a model with a component, and ask it.
 *
 *     const { ask, result, status } = useVqa({ model: '/shapes.q8.safetensors' });
 *
 * @param {UseVqaOptions} options
 * @returns {VqaState & { ask: AskVqa }}  `ask` is the same function at every rendering
 */
export function useVqa({ model, wasm, ...options }) {
  const [state, setState] = useState(/** @type {VqaState} */ ({ status: 'loading' }));
  const current = useRef(/** @type {Lease | undefined} */ (undefined));
  const asking = useRef(/** @type {AbortController | undefined} */ (undefined));
  const address = model instanceof URL ? model.href : model;
  const runtime = wasm instanceof URL ? wasm.href : wasm;
  const others = JSON.stringify(options); // strings, numbers and booleans

  useEffect(() => {
    const lease = new Lease({ ...JSON.parse(others), model: address, ...(runtime && { wasm: runtime }) }, (progress) => {
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
  }, [address, runtime, others]);

  const ask = useCallback(/** @type {AskVqa} */ (async (picture, question, options) => {
    asking.current?.abort();
    const { signal } = asking.current = new AbortController();
    const lease = current.current;
    if (!lease) return undefined;
    /** @param {Partial<VqaState>} change */
    const set = (change) => setState(({ error, ...state }) => ({ ...state, ...change }));
    try {
      setState(({ error, ...state }) => ({ ...state, status: state.vqa ? 'answering' : 'loading' }));
      const vqa = await lease.vqa();
      if (signal.aborted) return undefined;
      set({ vqa, status: 'answering' });
      const result = await vqa.ask(picture, question, { ...options, signal });
      set({ result, status: 'ready' });
      return result;
    } catch (thrown) {
      if (signal.aborted) return undefined;
      const gone = lease.failed(thrown);
      set({ error: /** @type {Error} */ (thrown), status: 'failed', ...(gone && { vqa: undefined }) });
      return undefined;
    }
  }), []);

  return { ...state, ask };
}
