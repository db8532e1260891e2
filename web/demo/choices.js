// The field for possible answers: may be opened, and is open where the model needs them.

const part = document.getElementById('choices-part');
const field = document.getElementById('choices');

/** The answers to choose from; undefined if there are none. */
export function givenChoices() {
  const choices = field.value.split(',').map((text) => text.trim()).filter(Boolean);
  return part.open && choices.length ? choices : undefined;
}

/** Open the field if the model can't do without, else leave it closed. */
export function showChoices(required) {
  part.open = required;
  part.classList.toggle('needed', required);
  field.placeholder = `for example: ${required ? 'a cat, a dog, a teapot' : 'red, green, blue'}`;
}

/** Call `use()` when the choices are given, or taken back. */
export function onChoices(use) {
  field.addEventListener('change', use);
  part.addEventListener('toggle', () => field.value.trim() && use());
}
