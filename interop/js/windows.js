// Windows on the chat, each with a profile of its own: what people do in them
// and what they see. The one argument is the browser's endpoint.
//
// A command names the window it is for. The answer is "done", once it has come
// true, or "trouble" with what the window shows instead.
'use strict';

const { say, hear } = require('./lines');
const { connect } = require('./browser');

const windows = new Map();
const started = connect(process.argv[2]);
started.catch(() => {}); // the first command reports it

const phone = { width: 320, height: 568 };
const desktop = { width: 1100, height: 700 };

async function open({ window, url, dark, narrow }) {
  const browser = await started;
  const { page, visit } = await browser.open(url, {
    viewport: narrow ? phone : desktop,
    isMobile: Boolean(narrow),
    hasTouch: Boolean(narrow),
    colorScheme: dark ? 'dark' : 'light',
  });
  windows.set(window, page);
  await visit();
}

// visible waits until the locator finds something that can be seen.
const visible = (locator) => locator.first().waitFor({ state: 'visible' });

const actions = {
  async join(page, { text }) {
    await page.getByLabel('Your name').fill(text);
    await page.getByRole('button', { name: 'Join the chat' }).click();
  },
  async say(page, { text }) {
    await page.getByRole('textbox', { name: 'Message' }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  },
  // In the log of the conversation.
  reads: (page, { text }) => visible(page.getByRole('log').getByText(text, { exact: true })),
  state: (page, { text }) => visible(page.getByRole('status').filter({ hasText: text })),
  alert: (page, { text }) => visible(page.getByRole('alert').filter({ hasText: text })),
  sees: (page, { text }) => visible(page.getByText(text)),
  press: (page, { text }) => page.getByRole('button', { name: text }).click(),
  async here(page, { text }) {
    await visible(page.getByRole('complementary').getByRole('listitem').filter({ hasText: text }));
  },
  async gone(page, { text }) {
    await page.getByRole('complementary').getByRole('listitem').filter({ hasText: text }).waitFor({ state: 'detached' });
  },
  reload: (page) => page.reload(),
  shut: (page) => page.close(),
};

// measure reports what does not fit, and how dark it is.
async function measure({ window }) {
  const text = await windows.get(window).evaluate(() => {
    const wide = [];
    const room = document.documentElement.clientWidth;
    for (const e of document.querySelectorAll('body, body *')) {
      const box = e.getBoundingClientRect();
      if (!e.checkVisibility() || getComputedStyle(e).clipPath !== 'none') continue;
      if (box.right > room + 0.5 || box.left < -0.5) wide.push(`${e.tagName}#${e.id} ${box.left}-${box.right} of ${room}`);
      if (e.scrollWidth > e.clientWidth && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)) {
        wide.push(`${e.tagName}#${e.id} scrolls ${e.scrollWidth} of ${e.clientWidth}`);
      }
    }
    const root = document.scrollingElement;
    if (root.scrollWidth > root.clientWidth) wide.push(`the page scrolls ${root.scrollWidth} of ${root.clientWidth}`);
    const light = (color) => {
      const [r, g, b] = color.match(/[\d.]+/g).map(Number);
      return (r + g + b) / 3;
    };
    const style = getComputedStyle(document.body);
    return JSON.stringify({ wide, ground: light(style.backgroundColor), ink: light(style.color) });
  });
  say({ event: 'measured', text });
}

hear(async (command) => {
  switch (command.do) {
    case 'complaints':
      say({ event: 'complaints', text: (await started).complaints.join('\n') });
      return;
    case 'measure':
      await measure(command);
      return;
    case 'open':
      await open(command);
      break;
    default:
      try {
        await actions[command.do](windows.get(command.window), command);
      } catch (err) {
        const shown = await windows.get(command.window).locator('body').innerText().catch((e) => e.message);
        throw new Error(`${err.message}\nthe window shows:\n${shown}`);
      }
  }
  say({ event: 'done' });
});
