// Taking a photo: a live view with a shutter where the browser has one, else the camera of the device through a file input.

const $ = (id) => document.getElementById(id);
const dialog = $('camera');
const view = $('camera-view');
const error = $('camera-error');

const SENTENCES = {
  NotAllowedError: 'The browser does not let this page use the camera: allow it in the address bar, or choose a picture instead.',
  NotFoundError: 'There is no camera here: choose a picture instead.',
  NotReadableError: 'The camera is in use by something else, or switched off.',
};

let facing = 'environment'; // the back of a phone, else 'user'
let opening = 0; // counts the tries to open a camera: only the last one counts

/** Call `use(file)` for every photo that is taken. */
export function onPhoto(use) {
  $('camera-open').addEventListener('click', () => {
    if (!navigator.mediaDevices?.getUserMedia) return $('camera-file').click();
    dialog.showModal();
    return look();
  });
  $('camera-turn').addEventListener('click', () => {
    facing = facing === 'user' ? 'environment' : 'user';
    look();
  });
  $('camera-shutter').addEventListener('click', async () => {
    const photo = await shot();
    dialog.close();
    use(photo);
  });
  $('camera-file').addEventListener('change', ({ target }) => {
    if (target.files[0]) use(target.files[0]);
    target.value = ''; // so that the same file can be chosen again
    dialog.close();
  });
  dialog.addEventListener('close', release);
  document.addEventListener('visibilitychange', () => document.hidden && dialog.close());
}

/** Show what the camera sees. */
async function look() {
  release();
  const attempt = opening;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 1920 } } });
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'videoinput');
    if (attempt !== opening) return stop(stream); // closed, or turned, in the meantime
    view.srcObject = stream;
    const { facingMode = facing } = stream.getVideoTracks()[0].getSettings();
    view.classList.toggle('mirrored', facingMode === 'user');
    $('camera-turn').hidden = cameras.length < 2;
    await view.play();
    $('camera-shutter').disabled = false;
  } catch (problem) {
    if (stream) stop(stream);
    if (attempt === opening) error.textContent = SENTENCES[problem.name] ?? `The camera can't be used: ${problem.message}`;
  }
}

/** Let go of the camera. */
function release() {
  opening += 1;
  if (view.srcObject) stop(view.srcObject);
  view.srcObject = null;
  error.textContent = '';
  $('camera-shutter').disabled = true;
}

function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** What the camera sees now, as a file. */
async function shot() {
  const canvas = Object.assign(document.createElement('canvas'), { width: view.videoWidth, height: view.videoHeight });
  canvas.getContext('2d').drawImage(view, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
  return new File([blob], 'photo.jpg', { type: blob.type });
}
