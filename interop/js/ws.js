// A peer made of the npm package ws: a client after "dial", a server after
// "listen".
'use strict';

const http = require('node:http');
const https = require('node:https');
const { WebSocket, WebSocketServer } = require('ws');
const { say, hear, encode, decode } = require('./lines');

let ws; // the connection, once it is open

// attach reports what happens on a connection.
function attach(socket) {
  let trouble;
  socket.on('message', (data, binary) => {
    say({ event: 'message', type: binary ? 'binary' : 'text', data: encode(data) });
  });
  socket.on('pong', (data) => say({ event: 'pong', data: encode(data) }));
  socket.on('error', (err) => { trouble = err.message; });
  socket.on('close', (code, reason) => {
    const clean = socket._closeFrameReceived && socket._closeFrameSent;
    say({ event: 'closed', code, reason: reason.toString(), clean, text: trouble });
  });
}

function opened(socket) {
  ws = socket;
  say({ event: 'open', protocol: socket.protocol, extensions: socket.extensions });
}

function dial({ url, protocols, origin, limit, cert }) {
  const socket = new WebSocket(url, protocols || [], { origin, maxPayload: limit || 0, ca: cert });
  let refused = false;
  socket.on('open', () => {
    attach(socket);
    opened(socket);
  });
  socket.on('unexpected-response', (_, res) => {
    refused = true;
    const chunks = [];
    res.on('data', (chunk) => chunks.push(chunk));
    res.on('end', () => {
      say({ event: 'failed', status: res.statusCode, header: res.headers, data: encode(Buffer.concat(chunks)) });
    });
  });
  socket.on('error', (err) => {
    if (!refused && !ws) say({ event: 'failed', text: err.message });
  });
}

function listen({ protocols, limit, cert, key }) {
  const server = cert ? https.createServer({ cert, key }) : http.createServer();
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: limit || 0,
    perMessageDeflate: true,
    handleProtocols: (offered) => (protocols || []).find((p) => offered.has(p)) || false,
  });
  server.on('upgrade', (req, socket, head) => {
    switch (req.url) {
      case '/refuse':
        socket.end('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm="interop"\r\n' +
          'Content-Type: text/plain\r\nContent-Length: 13\r\nConnection: close\r\n\r\nwho are you?\n');
        return;
      case '/redirect':
        socket.end('HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        return;
    }
    wss.handleUpgrade(req, socket, head, (accepted) => {
      attach(accepted);
      opened(accepted);
    });
  });
  server.listen(0, '127.0.0.1', () => {
    say({ event: 'listening', text: `${cert ? 'wss' : 'ws'}://127.0.0.1:${server.address().port}` });
  });
}

const kind = (type) => ({ binary: type === 'binary' });

function fragments({ type, parts }) {
  parts.forEach((part, i) => {
    ws.send(decode(part), { ...kind(type), fin: i === parts.length - 1 });
    if (i === 0) ws.ping('between');
  });
}

const actions = {
  dial,
  listen,
  fragments,
  send: ({ type, data }) => ws.send(decode(data), kind(type)),
  ping: ({ data }) => ws.ping(decode(data)),
  raw: ({ data }) => ws._socket.write(decode(data)),
  close: ({ code, reason }) => (code ? ws.close(code, reason) : ws.close()),
  drop: () => ws.terminate(),
};

hear((command) => actions[command.do](command));
