// The types of the built package as a strict TypeScript project sees them, and the API reference.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { consumer } from './entries.js';
import { missing, missingBundle, RUNTIME } from './support.js';

const web = fileURLToPath(new URL('..', import.meta.url));
const run = (script, args, cwd) => {
  try {
    execFileSync(process.execPath, [join(web, 'node_modules', script), ...args], { cwd, encoding: 'utf8', stdio: 'pipe' });
    return '';
  } catch ({ stdout, stderr }) {
    return `${stdout}${stderr}`;
  }
};

const PROGRAM = `
  import { createVqa, type Result } from 'wasm-vqa';
  import { pipeline } from 'wasm-vqa/pipeline';
  import { useVqa } from 'wasm-vqa/react';
  import 'wasm-vqa/element';

  const vqa = await createVqa({ model: 'model.safetensors' });
  const one: Result = await vqa.ask('picture.png', 'why?');
  const many: Result[] = await vqa.ask('picture.png', ['why?', 'how?']);

  const answer = await pipeline('visual-question-answering', 'model.safetensors', { dtype: 'q8' });
  const best: string = (await answer('picture.png', 'why?', { top_k: 1 }))[0].answer;
  const each: number[][] = (await answer('picture.png', ['why?'])).map((answers) => answers.map(({ score }) => score));
  await answer.dispose();

  const element = document.createElement('visual-qa');
  element.picture = new ImageData(1, 1);
  element.choices = [best];
  element.addEventListener('answer', ({ detail }) => console.log(detail.question.length, detail.answers[0].score, one, many, each));
  element.addEventListener('error', ({ error }) => console.log(error));

  export function Component() {
    const { ask, result, status } = useVqa({ model: 'model.safetensors', threads: 1 });
    void ask('picture.png', 'why?', { topK: 1 }).then((result) => result?.sure);
    return status === 'ready' ? result?.answer : status;
  }

  // @ts-expect-error there is no such task
  void pipeline('text-generation', 'model.safetensors');
  // @ts-expect-error a model is needed
  useVqa({});
`;

// The declarations themselves are checked by the build.
test('a strict program compiles with every entry point', { skip: missing(RUNTIME) || missingBundle() }, () => {
  const folder = consumer();
  writeFileSync(join(folder, 'program.ts'), PROGRAM);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const [module, moduleResolution] of [['esnext', 'bundler'], ['nodenext', 'nodenext']]) {
    const compilerOptions = { module, moduleResolution, noEmit: true, strict: true, skipLibCheck: true, target: 'es2022', types: [],
      lib: ['es2022', 'dom', 'dom.iterable', 'esnext.disposable'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    assert.equal(run('typescript/bin/tsc', [], folder), '');
  }
  rmSync(folder, { recursive: true });
});

test('the API reference is made, and everything in it has a comment', () => {
  assert.equal(run('typedoc/bin/typedoc', ['--logLevel', 'Warn', '--treatWarningsAsErrors'], web), '');
  const made = readdirSync(join(web, '../build/docs'), { recursive: true });
  for (const page of ['functions/index.createVqa.html', 'functions/pipeline.pipeline.html', 'functions/react.useVqa.html', 'classes/element.VisualQaElement.html']) {
    assert.ok(made.includes(page), page);
  }
  assert.match(readFileSync(join(web, '../build/docs/types/index.VqaErrorCode.html'), 'utf8'), /E_NETWORK: a file could not be fetched/);
});
