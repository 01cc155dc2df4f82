// A WebSocket that comes back: it connects, says hello, and when the
// connection is lost it tries again, later each time and never in step with
// the other pages that have lost theirs.

const shortest = 500; // ms
const longest = 15_000;
const patience = 10_000; // for the server's welcome
const stable = 10_000; // a connection of that age has been a success

export class Link {
  #url;
  #on; // { hello(), message(data), state(name, detail) }
  #socket = null;
  #failures = 0;
  #timer = 0; // whatever is awaited: the welcome, the age, the next attempt
  #waiting = false; // for the next attempt

  constructor(url, on) {
    this.#url = url;
    this.#on = on;
    addEventListener("online", () => this.retry());
    addEventListener("offline", () => this.#socket && this.#lost({ code: 1006 }));
    document.addEventListener("visibilitychange", () => document.hidden || this.retry());
  }

  // open connects. A connection there is gives way.
  open() {
    this.close();
    this.#on.state("connecting");
    const socket = (this.#socket = new WebSocket(this.#url));
    let opened = false;
    socket.onopen = () => {
      opened = true;
      socket.send(JSON.stringify(this.#on.hello()));
    };
    socket.onmessage = (e) => this.#on.message(JSON.parse(e.data));
    socket.onclose = (e) => this.#lost({ code: e.code, reason: e.reason, opened });
    this.#timer = setTimeout(() => this.#lost({ code: 1006 }), patience);
  }

  // welcomed tells the link that the server has let us in.
  welcomed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#failures = 0), stable);
    this.#on.state("online");
  }

  // send reports whether there was a connection to send on.
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  // retry does not wait for the next attempt any longer.
  retry() {
    if (this.#waiting) this.open();
  }

  // close gives up, without a word to the page.
  close() {
    clearTimeout(this.#timer);
    this.#waiting = false;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #lost(end) {
    this.close();
    // 4000 and up are the chat's own: the server has a reason for people,
    // and would have the same one again.
    if (end.code >= 4000) {
      this.#on.state("refused", end);
      return;
    }
    const ceiling = Math.min(longest, shortest * 2 ** this.#failures++);
    const delay = shortest + Math.random() * ceiling;
    this.#waiting = true;
    this.#timer = setTimeout(() => this.open(), delay);
    this.#on.state("offline", { ...end, retryAt: Date.now() + delay });
  }
}
