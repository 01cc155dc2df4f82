// The browser's WebSocket, in the words of the test.
'use strict';

(() => {
  let ws;

  function encode(buffer) {
    const bytes = new Uint8Array(buffer);
    let text = '';
    for (let i = 0; i < bytes.length; i += 0x8000) {
      text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
    }
    return btoa(text);
  }

  const decode = (text) => Uint8Array.from(atob(text || ''), (c) => c.charCodeAt(0));

  // Events leave in the order in which they came, as many at a time as there
  // are.
  let waiting = [];
  let leaving = false;

  async function say(event) {
    waiting.push(event);
    if (leaving) return;
    leaving = true;
    while (waiting.length > 0) {
      const events = waiting;
      waiting = [];
      await window.report(events);
    }
    leaving = false;
  }

  window.peer = {
    dial({ url, protocols }) {
      let open = false;
      ws = new WebSocket(url, protocols || []);
      ws.binaryType = 'arraybuffer';
      ws.onopen = () => {
        open = true;
        say({ event: 'open', protocol: ws.protocol, extensions: ws.extensions });
      };
      ws.onmessage = ({ data }) => {
        const text = typeof data === 'string';
        say({
          event: 'message',
          type: text ? 'text' : 'binary',
          data: encode(text ? new TextEncoder().encode(data) : data),
        });
      };
      ws.onclose = ({ code, reason, wasClean }) => {
        say({ event: open ? 'closed' : 'failed', code, reason, clean: wasClean });
      };
    },

    send({ type, data }) {
      const bytes = decode(data);
      ws.send(type === 'text' ? new TextDecoder().decode(bytes) : bytes);
    },

    close({ code, reason }) {
      if (code) ws.close(code, reason);
      else ws.close();
    },
  };
})();
