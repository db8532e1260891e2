// The five states of the page, and how a browser gets there.

/** What the built-in model is not sure of, about the first samples. */
export const UNSURE = 'What is the person doing?';

/**
 * Each brings a fresh page of the demo at `url` into one state.
 * @type {Record<string, (page: import('playwright-core').Page, url: string) => Promise<void>>}
 */
export const STATES = {
  async empty(page, url) {
    await page.route('**/samples.json', (route) => route.fulfill({ status: 404 }));
    await page.goto(url);
    await page.locator('#picture-hint').waitFor();
  },

  async loading(page, url) {
    await page.addInitScript(holdModel);
    await page.goto(url);
    await page.getByText('Loading the model: 0.8').waitFor();
    await page.locator('#samples button').nth(6).waitFor();
  },

  async answering(page, url) {
    await page.addInitScript(holdQuestions);
    await page.goto(url);
    await answered(page);
    await page.evaluate(() => (window.hold = true));
    await page.locator('#suggestions button').nth(2).click();
    await page.locator('#answers[aria-busy=true]').waitFor();
  },

  async answered(page, url) {
    await page.goto(url);
    await answered(page);
    await page.locator('#samples button').nth(2).click();
    for (const i of [2, 3, 1]) await askSuggested(page, i);
    await askOwn(page, UNSURE);
    await askSuggested(page, 1);
    const where = page.getByRole('button', { name: 'Where it looked' });
    if (await where.isVisible()) await where.click();
  },

  async failing(page, url) {
    await page.route('**/weights/**', (route) => route.fulfill({ status: 404 }));
    await page.goto(url);
    await page.locator('#answers').getByRole('alert').waitFor();
    await page.locator('#samples button').nth(6).waitFor();
  },
};

/** Wait for answers, to this question or any. */
export async function answered(page, question = '') {
  await page.locator('#answers[aria-busy=false] .asked').getByText(question, { exact: question !== '' }).waitFor();
  await page.locator('#answers li .answer').first().getByText(/./).waitFor();
}

/** Ask the suggested question number i. */
export async function askSuggested(page, i) {
  const button = page.locator('#suggestions button').nth(i);
  await button.click();
  await answered(page, await button.textContent());
}

/** Ask a question from the keyboard. */
export async function askOwn(page, question) {
  await page.getByLabel('Your question').fill(question);
  await page.getByLabel('Your question').press('Enter');
  await answered(page, question);
}

/* In the page: the model's bytes stop coming after 0.8 MB. */
export function holdModel() {
  const { fetch } = window;
  window.fetch = async (address, options) => {
    const response = await fetch(address, options);
    if (!String(address.url ?? address).includes('/weights/')) return response;
    const bytes = new Uint8Array(await response.arrayBuffer());
    const start = new ReadableStream({ start: (controller) => controller.enqueue(bytes.slice(0, 800_000)) });
    const held = new Response(start, { headers: response.headers });
    return Object.defineProperty(held, 'url', { value: response.url });
  };
}

/* In the page: while window.hold is set, questions do not reach the engine. */
function holdQuestions() {
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, ...rest) {
    if (!(window.hold && message.call === 'ask')) postMessage.call(this, message, ...rest);
  };
}
