// The conversation with the test: commands come in on standard input, events
// go out on standard output, one line of JSON each. Octets travel in base64.
'use strict';

const readline = require('node:readline');

// say reports an event.
function say(event) {
  process.stdout.write(JSON.stringify(event) + '\n');
}

// hear calls perform for each command, one after the other, and ends the
// process when the test has no more of them.
function hear(perform) {
  let last = Promise.resolve();
  const lines = readline.createInterface({ input: process.stdin, terminal: false });
  lines.on('line', (line) => {
    const command = JSON.parse(line);
    last = last.then(() => perform(command)).catch((err) => {
      say({ event: 'trouble', text: `${command.do}: ${err.stack}` });
    });
  });
  lines.on('close', () => process.exit(0));
}

const encode = (bytes) => Buffer.from(bytes).toString('base64');
const decode = (text) => Buffer.from(text || '', 'base64');

module.exports = { say, hear, encode, decode };
