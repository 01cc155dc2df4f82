// Starts one headless Chromium, says where it can be reached, and ends it
// when standard input ends. The one argument is its executable.
'use strict';

const { chromium } = require('playwright-core');
const { say } = require('./lines');

async function main() {
  const browser = await chromium.launchServer({
    executablePath: process.argv[2],
    headless: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      // Only loopback is there, whatever the environment says.
      '--no-proxy-server',
    ],
  });
  say({ event: 'listening', text: browser.wsEndpoint() });
  process.stdin.on('end', async () => {
    await browser.close();
    process.exit(0);
  });
  process.stdin.resume();
}

main().catch((err) => {
  say({ event: 'trouble', text: err.stack });
  process.exit(1);
});
