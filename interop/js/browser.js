// Pages of a running Chromium, and what they complain about.
'use strict';

const { chromium } = require('playwright-core');

// connect attaches to the browser that listens at endpoint.
async function connect(endpoint) {
  const browser = await chromium.connect(endpoint);
  const complaints = [];

  // open makes a page with a profile of its own.
  async function open(url, options) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(20000);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        complaints.push(`${message.type()}: ${message.text()}`);
      }
    });
    page.on('pageerror', (err) => complaints.push(`uncaught: ${err.message}`));
    await page.exposeFunction('complain', (text) => { complaints.push(text); });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (e) => {
        window.complain(`CSP: ${e.violatedDirective} ${e.blockedURI}`);
      });
    });
    return { page, visit: () => page.goto(url) };
  }

  return { open, complaints };
}

module.exports = { connect };
