// Taking a photo: a live view with a shutter where the browser has one, else the camera of the device through a file input.

const $ = (id) => document.getElementById(id);
const dialog = $('camera');
const view = $('camera-view');
const error = $('camera-error');

const SENTENCES = {
  NotAllowedError: 'The browser does not let this page use the camera: allow it in the address bar, or choose a picture instead.',
  NotFoundError: 'There is no camera here: choose a picture instead.',
  OverconstrainedError: 'That camera is no longer there: close this and open it again.',
  NotReadableError: 'The camera is in use by something else, or switched off.',
};

const BACK = { facingMode: 'environment' }; // of a phone; elsewhere any camera

let wanted = BACK; // constraints: the camera to look through
let other; // those of the camera to turn to
let opening = 0; // counts the tries to open a camera: only the last one counts

/** Call `use(file)` for every photo that is taken. */
export function onPhoto(use) {
  $('camera-open').addEventListener('click', () => {
    if (!navigator.mediaDevices?.getUserMedia) return $('camera-file').click();
    dialog.showModal();
    return look();
  });
  $('camera-turn').addEventListener('click', () => {
    wanted = other;
    look();
  });
  $('camera-shutter').addEventListener('click', async () => {
    const photo = await shot();
    if (!photo) return void (error.textContent = 'The browser could not make a picture of this: try again, or use the camera app.');
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
    stream = await navigator.mediaDevices.getUserMedia({ video: { ...wanted, width: { ideal: 1920 } } });
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'videoinput');
    if (attempt !== opening) return stop(stream); // closed, or turned, in the meantime
    view.srcObject = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener('ended', () => attempt === opening && fail('The camera has stopped: close this and open it again.'));
    const { facingMode, deviceId } = track.getSettings();
    const next = cameras[(cameras.findIndex((camera) => camera.deviceId === deviceId) + 1) % cameras.length];
    other = facingMode ? { facingMode: facingMode === 'user' ? 'environment' : 'user' } : { deviceId: { exact: next?.deviceId } };
    view.classList.toggle('mirrored', facingMode === 'user');
    $('camera-turn').hidden = cameras.length < 2;
    await view.play();
    $('camera-shutter').disabled = false;
  } catch (problem) {
    if (stream) stop(stream);
    if (attempt !== opening) return;
    wanted = BACK;
    fail(SENTENCES[problem.name] ?? `The camera can't be used: ${problem.message}`);
  }
}

/** There is nothing to take a photo of. */
function fail(sentence) {
  error.textContent = sentence;
  $('camera-shutter').disabled = true;
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

/** What the camera sees now, as a file; undefined if the browser can't make one. */
async function shot() {
  const canvas = Object.assign(document.createElement('canvas'), { width: view.videoWidth, height: view.videoHeight });
  canvas.getContext('2d').drawImage(view, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
  return blob ? new File([blob], 'photo.jpg', { type: blob.type }) : undefined;
}
