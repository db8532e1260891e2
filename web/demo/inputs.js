// The ways a picture of one's own comes in: chosen, dropped, pasted. Models and spoken questions are dropped, too.

import { droppedFolders, filesIn } from './dropped.js';

/** Call `use(file)` for every picture the person gives, `refuse(sentence)` for one that has no file, `useModel(files)` for models, `useSound(file)` for sounds. */
export function onFiles(use, refuse, useModel, useSound) {
  document.getElementById('file').addEventListener('change', ({ target }) => {
    if (target.files[0]) use(target.files[0]);
    target.value = ''; // so that the same file can be chosen again
  });

  document.addEventListener('paste', (event) => {
    const { files, types } = event.clipboardData;
    const file = [...files].find(({ type }) => type.startsWith('image/'));
    if (!file || (event.target.closest?.('input') && types.includes('text/plain'))) return; // text goes where it was pasted
    event.preventDefault();
    use(file);
  });

  const stage = document.getElementById('stage');
  let entered = 0; // dragenter and dragleave come for every element inside
  const mark = (change) => {
    entered = change ? entered + change : 0;
    stage.classList.toggle('drop-here', entered > 0);
  };
  document.addEventListener('dragenter', (event) => hasFiles(event) && mark(1));
  document.addEventListener('dragleave', (event) => hasFiles(event) && mark(-1));
  document.addEventListener('dragover', (event) => isOurs(event) && event.preventDefault());
  document.addEventListener('drop', (event) => {
    mark(0);
    if (!isOurs(event)) return;
    event.preventDefault();
    const folders = droppedFolders(event.dataTransfer);
    const files = [...event.dataTransfer.files];
    if (folders.length) filesIn(folders).then(useModel, ({ message }) => refuse(`The folder can't be read: ${message}`));
    else if (files.some(({ name }) => /\.(safetensors|json)$/i.test(name))) useModel(files);
    else if (files[0]?.type.startsWith('audio/')) useSound(files[0]);
    else if (files.length) use(files[0]);
    else refuse('That was an address, and only files can be dropped here: save the picture first.');
  });
}

const hasFiles = ({ dataTransfer }) => dataTransfer.types.includes('Files');

/** Files, and addresses unless a text field takes them; text goes where it was dropped. */
function isOurs(event) {
  return hasFiles(event) || (event.dataTransfer.types.includes('text/uri-list') && !event.target.closest?.('input'));
}
