// The kernels of every build, in a browser and natively: each gives what its definition gives, and each is measured.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { measureKernels } from '../bench/kernels.js';
import { BUILDS } from '../bench/loops.js';
import { CHROME, missing } from './support.js';

describe('kernels', { timeout: 300_000 }, () => {
  for (const [build, { file }] of Object.entries(BUILDS)) {
    const skip = missing(file) || (!CHROME && 'no Chromium found: set CHROME_PATH');
    test(`of the build ${build} are right, and measured on two threads`, { skip }, async () => {
      const rows = await measureKernels(build, 2, 1);
      const kernels = new Set(rows.map((row) => row.kernel));
      for (const kernel of ['matmul_f32', 'matmul_q8', 'matmul_q4', 'attention', 'quantize_row', 'layer_norm', 'softmax', 'gelu']) {
        assert.ok(kernels.has(kernel), kernel);
      }
      for (const row of rows) assert.ok(row.median > 0 && row.best > 0, JSON.stringify(row));
      assert.ok(rows.some((row) => row.of_tile > 0));
    });
  }
});
