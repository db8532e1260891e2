// Asking by voice: a button that is held while one speaks, or pressed to begin and again to end. The microphone is opened by that
// and by nothing else, and let go at once.

import { openMicrophone } from './src/microphone.js';

const $ = (id) => document.getElementById(id);
const button = $('talk');

const HELD = 400; // milliseconds: who lets go sooner has pressed, and will press again
const MOST = 30; // seconds: the microphone hears no more
const SILENCE = -60; // decibels, where the meter begins

let opened; // ends the microphone that is opening or open: an AbortController
let microphone; // the one that is open
let pressed; // when the button was pressed that is still down

/** Show the button, or not. */
export function showTalk(shown) {
  if (!shown) cancel();
  button.hidden = $('sound-choose').hidden = !shown;
}

/**
 * Start the part.
 * @param {(sound: import('./src/index.js').Samples | File) => void} use  somebody has asked this
 * @param {(error: Error) => void} fail  the microphone can't be used
 */
export function onTalk(use, fail) {
  const press = (now) => {
    if (microphone) return void end();
    if (opened) return; // the browser is asking for leave
    pressed = now;
    button.setAttribute('aria-pressed', 'true');
    listen();
  };
  const release = (now) => {
    if (pressed === undefined) return;
    const held = now - pressed >= HELD;
    pressed = undefined;
    if (microphone && held) end();
    else if (held) cancel(); // before it was open: nobody speaks any more
    else if (opened) showHint();
  };

  async function listen() {
    const { signal } = opened = new AbortController();
    try {
      const mine = await openMicrophone({ signal, onLevel: (level) => signal.aborted || showLevel(level) });
      if (signal.aborted) return;
      microphone = mine;
      showListening(true);
    } catch (error) {
      if (signal.aborted) return;
      cancel();
      fail(error);
    }
  }

  async function end() {
    const { signal } = opened;
    const ending = microphone;
    microphone = pressed = undefined;
    try {
      const sound = await ending.stop();
      if (signal.aborted) return;
      cancel();
      use(sound);
    } catch (error) {
      if (signal.aborted) return;
      cancel();
      fail(error);
    }
  }

  function showLevel({ rms, seconds }) {
    $('level').style.setProperty('--level', Math.max(0, 1 - 20 * Math.log10(rms || 1e-9) / SILENCE));
    $('listening-time').textContent = `0:${String(Math.floor(seconds)).padStart(2, '0')}`;
    if (microphone && seconds >= MOST) end();
  }

  button.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId); // it may be let go anywhere
    press(event.timeStamp);
  });
  button.addEventListener('pointerup', ({ timeStamp }) => release(timeStamp));
  button.addEventListener('pointercancel', () => pressed !== undefined && cancel()); // the device has taken the finger for something else
  button.addEventListener('contextmenu', (event) => event.preventDefault()); // of a finger that stays
  button.addEventListener('click', ({ detail }) => detail === 0 && press()); // by what presses for a person, and never lets go
  for (const [type, act] of [['keydown', press], ['keyup', release]]) {
    button.addEventListener(type, (event) => {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault(); // it is no click
      if (!event.repeat) act(event.timeStamp);
    });
  }
  $('talk-cancel').addEventListener('click', cancel);
  document.addEventListener('keydown', (event) => event.key === 'Escape' && cancel());
  document.addEventListener('visibilitychange', () => document.hidden && cancel());
  $('form').addEventListener('submit', (event) => {
    if (!opened) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // what is being said is asked, not what is written
    if (microphone) end();
  });
  $('sound-file').addEventListener('change', ({ target }) => {
    if (target.files[0]) use(target.files[0]);
    target.value = ''; // so that the same file can be chosen again
  });
}

/** Forget what is being said. */
function cancel() {
  opened?.abort();
  opened = microphone = pressed = undefined;
  showListening(false);
}

function showListening(shown) {
  $('question').hidden = shown;
  $('listening').hidden = !shown;
  $('listening-text').textContent = shown ? 'Listening…' : '';
  $('listening-time').textContent = '';
  $('level').style.setProperty('--level', 0);
  button.setAttribute('aria-pressed', String(shown));
  $('sound-choose').hidden = button.hidden || shown;
  $('talk-hint').hidden = !shown;
  showHint();
}

/** How to go on. */
function showHint() {
  $('talk-how').textContent = pressed === undefined ? 'Press again to ask' : 'Let go to ask';
}
