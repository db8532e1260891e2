// A worker that runs the loops of tests/bench: it is told the module's address, then { index, rounds } again and again.
// It answers the first with the list of loops, and the others with milliseconds (of no rounds: whether the loop is right).

/** @type {any} */
let program;

self.onmessage = async ({ data }) => {
  if (data.module) {
    program = await (await import(data.module)).default();
    self.postMessage(JSON.parse(program.UTF8ToString(program._bench_list())));
  } else {
    self.postMessage(data.rounds ? program._bench_run(data.index, data.rounds) : program._bench_check(data.index));
  }
};
