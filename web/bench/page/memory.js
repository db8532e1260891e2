// WebAssembly's memories of this page. Import this before what is measured.

/** @type {Set<WebAssembly.Memory>} */
const memories = new Set();

WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
  construct(Memory, args, target) {
    const memory = Reflect.construct(Memory, args, target);
    memories.add(memory);
    return memory;
  },
});

for (const name of /** @type {const} */ (['instantiate', 'instantiateStreaming'])) {
  const instantiate = WebAssembly[name];
  WebAssembly[name] = async (/** @type {any[]} */ ...args) => {
    const result = await instantiate.apply(WebAssembly, args);
    for (const exported of Object.values((result.instance ?? result).exports)) {
      if (exported instanceof WebAssembly.Memory) memories.add(exported);
    }
    return result;
  };
}

/** Bytes of the largest; a memory never shrinks, so this is its peak. Those of workers are not seen. */
export const wasmBytes = () => Math.max(0, ...[...memories].map(({ buffer }) => buffer.byteLength));
