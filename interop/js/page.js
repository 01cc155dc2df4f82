// A peer made of a page in Chromium: the browser's own WebSocket. The
// arguments are the browser's endpoint and the address of the page.
'use strict';

const { say, hear } = require('./lines');
const { connect } = require('./browser');

const [endpoint, address] = process.argv.slice(2);

async function start() {
  const browser = await connect(endpoint);
  const { page, visit } = await browser.open(address, { ignoreHTTPSErrors: true });
  await page.exposeFunction('report', (events) => events.forEach(say));
  await visit();
  return { page, complaints: browser.complaints };
}

const started = start();
started.catch(() => {}); // the first command reports it

hear(async (command) => {
  const { page, complaints } = await started;
  switch (command.do) {
    case 'complaints':
      say({ event: 'complaints', text: complaints.join('\n') });
      return;
    case 'leave':
      await page.close();
      return;
  }
  // The page performs one after the other; there is no need to wait.
  page.evaluate((c) => window.peer[c.do](c), command).catch((err) => {
    say({ event: 'trouble', text: `${command.do}: ${err.stack}` });
  });
});
