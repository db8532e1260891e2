// The ways a picture of one's own comes in: chosen, taken, dropped, pasted.

/** Call `use(file)` for every picture the person gives. */
export function onPicture(use) {
  for (const id of ['file', 'camera']) {
    document.getElementById(id).addEventListener('change', ({ target }) => {
      if (target.files[0]) use(target.files[0]);
      target.value = ''; // so that the same file can be chosen again
    });
  }

  document.addEventListener('paste', (event) => {
    const [file] = event.clipboardData.files;
    if (!file) return; // text goes where it was pasted
    event.preventDefault();
    use(file);
  });

  const stage = document.getElementById('stage');
  let entered = 0; // dragenter and dragleave come for every element inside
  const mark = (change) => {
    entered = change ? entered + change : 0;
    stage.classList.toggle('drop-here', entered > 0);
  };
  document.addEventListener('dragenter', () => mark(1));
  document.addEventListener('dragleave', () => mark(-1));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    mark(0);
    const [file] = event.dataTransfer.files;
    if (file) use(file);
  });
}
