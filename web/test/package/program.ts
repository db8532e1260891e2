// A program that uses all of the package, for TypeScript at its strictest.

import { createVqa, Picture, VqaError, type Answer, type Progress, type Result, type Vqa } from 'wasm-vqa';
import { createVqa as fromOneFile } from 'wasm-vqa/inline';
import { isolate } from 'wasm-vqa/isolation';
import { openMicrophone, type Level } from 'wasm-vqa/microphone';
import { pipeline } from 'wasm-vqa/pipeline';
import { useVqa } from 'wasm-vqa/react';
import shapes from 'wasm-vqa/shapes';
import 'wasm-vqa/element';

const isolated: boolean = await isolate(new URL('https://example.com/isolation-worker.js'));
const onProgress = ({ stage, loaded, total }: Progress) => console.log(stage, loaded, total ?? 0);
const vqa: Vqa = await createVqa({ model: shapes, threads: isolated ? 'auto' : 1, onProgress });
const one: Result = await vqa.ask('picture.png', 'why?');
const many: Result[] = await vqa.ask('picture.png', ['why?', 'how?']);
const picture: Picture = await vqa.encode(new ImageData(1, 1));
const { answer, sure, answers }: Result = await picture.ask('Where is the cat?', { topK: 1 });
const best: Answer | undefined = answers[0];
const refused: boolean = await fromOneFile({ model: new Blob() }).then(() => false, (error: VqaError) => error.code === 'E_MODEL');
const microphone = await openMicrophone({ onLevel: ({ rms, seconds }: Level) => console.log(rms, seconds) });
const heard: Result = await picture.ask({ speech: await microphone.stop(), choices: ['a', 'b'] });
const { text, segments } = await vqa.transcribe(new Blob(), { language: 'en', task: 'translate', beams: 2, timestamps: true });
console.log(heard.timings.hear, text, segments[0]?.start);
picture.close();
vqa.close();
console.log(one.score, many.length, answer.length, sure, best?.score, refused);

const ask = await pipeline('visual-question-answering', 'model.safetensors', { dtype: 'q8' });
const named: string | undefined = (await ask('picture.png', 'why?', { top_k: 1 }))[0]?.answer;
const scores: number[][] = (await ask('picture.png', ['why?'])).map((answers) => answers.map(({ score }) => score));
await ask.dispose();

const element = document.createElement('visual-qa');
element.picture = new ImageData(1, 1);
element.choices = [named ?? ''];
element.addEventListener('answer', ({ detail }) => console.log(detail.question.length, detail.answers[0]?.score, scores));
element.addEventListener('error', ({ error }) => console.log(error));

export function Component() {
  const { ask, result, status } = useVqa({ model: 'model.safetensors', threads: 1 });
  void ask('picture.png', 'why?', { topK: 1 }).then((result) => result?.sure);
  return status === 'ready' ? result?.answer : status;
}

// @ts-expect-error a model is needed
void createVqa({});
// @ts-expect-error a number is no picture
void vqa.ask(7, 'why?');
// @ts-expect-error a text is no sound
void vqa.ask('picture.png', { speech: 'why?' });
// @ts-expect-error there is no such task
void pipeline('text-generation', 'model.safetensors');
// @ts-expect-error a model is needed
useVqa({});
