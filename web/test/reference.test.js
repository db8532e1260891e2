// The API reference. (What TypeScript makes of the package: package.test.js.)

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('..', import.meta.url));

test('the API reference is made, and everything in it has a comment', () => {
  const typedoc = join(web, 'node_modules/typedoc/bin/typedoc');
  const { stdout, stderr } = spawnSync(process.execPath, [typedoc, '--logLevel', 'Warn', '--treatWarningsAsErrors'], { cwd: web, encoding: 'utf8' });
  assert.equal(stdout + stderr, '');
  const made = readdirSync(join(web, '../build/docs'), { recursive: true });
  for (const page of ['functions/index.createVqa.html', 'functions/isolation.isolate.html', 'functions/microphone.openMicrophone.html', 'functions/pipeline.pipeline.html', 'functions/react.useVqa.html', 'classes/element.VisualQaElement.html']) {
    assert.ok(made.includes(page), page);
  }
  assert.match(readFileSync(join(web, '../build/docs/types/index.VqaErrorCode.html'), 'utf8'), /E_NETWORK: a file could not be fetched/);
});
