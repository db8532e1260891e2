// What build.js puts in the place of these names.

declare module 'inline:*.wasm' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}

declare module 'inline:worker.js' {
  const code: string;
  export default code;
}
