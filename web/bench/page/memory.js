// WebAssembly's memories of this page and of threads it started. Import this before what is measured.

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

/** Threads share a memory, which their workers send on through the page. @param {unknown} message */
function find(message) {
  if (message instanceof WebAssembly.Memory) memories.add(message);
  else if (message && typeof message === 'object' && !ArrayBuffer.isView(message)) Object.values(message).forEach(find);
}

globalThis.Worker = class extends Worker {
  /** @param {ConstructorParameters<typeof Worker>} args */
  constructor(...args) {
    super(...args);
    this.addEventListener('message', ({ data }) => find(data));
  }
};

/** Bytes of the largest; a memory never shrinks, so this is its peak. That of a single worker is not seen. */
export const wasmBytes = () => Math.max(0, ...[...memories].map(({ buffer }) => buffer.byteLength));
