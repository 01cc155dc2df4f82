// What is on the screen. Whatever people have written gets there as text,
// never as HTML.

const $ = (id) => document.getElementById(id);
const keep = 500; // entries in the log

const title = document.title;
let unread = 0;
let lastAuthor = "";

function element(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

// hue gives a name one of eight colours, the same one on every screen.
function hue(name) {
  let h = 0;
  for (const c of name.toLowerCase()) h = (h * 31 + c.codePointAt(0)) % 65_521;
  return h % 8;
}

// following is true while the end of the log is in sight, and stays there.
let following = true;

function append(entry, mine) {
  const log = $("log");
  log.append(entry);
  while (log.children.length > keep) log.firstChild.remove();
  if (following || mine) scrollToEnd();
  else $("newer").hidden = false;
}

export function scrollToEnd() {
  $("log").scrollTop = $("log").scrollHeight;
  $("newer").hidden = true;
}

export function said({ name, text, at }, mine) {
  const when = new Date(at);
  const clock = when.toLocaleTimeString([], { timeStyle: "short" });
  const more = name === lastAuthor ? " more" : "";
  lastAuthor = name;
  append(
    element("article", { class: "said" + (mine ? " mine" : "") + more },
      element("p", { class: "name", "data-hue": hue(name), dir: "auto" }, mine ? "You" : name),
      element("p", { class: "text", dir: "auto" }, text),
      element("time", { datetime: when.toISOString() }, clock)),
    mine);
  if (document.hidden && !mine) document.title = `(${++unread}) ${title}`;
}

export function happened(text) {
  lastAuthor = "";
  append(element("p", { class: "event" }, text));
}

export function people(names, me) {
  $("people-count").textContent = names.length;
  $("people").replaceChildren(
    ...names.map((name) => {
      const li = element("li", { "data-hue": hue(name) }, element("bdi", {}, name));
      if (name === me) li.append(" ", element("small", {}, "(you)"));
      return li;
    }));
}

const states = { connecting: "Connecting…", online: "Online", offline: "Offline" };
let ticking = 0;

// connection shows the state of the connection; until counts down to the next
// attempt. The countdown is not for screen readers: they hear the state once.
export function connection(state, until) {
  clearInterval(ticking);
  $("connection").hidden = !(state in states);
  $("connection").dataset.state = state;
  if ($("state").textContent !== states[state]) $("state").textContent = states[state] ?? "";
  $("retry").hidden = $("countdown").hidden = !until;
  const tick = () => {
    const seconds = Math.max(1, Math.ceil((until - Date.now()) / 1000));
    $("countdown").textContent = `· retrying in ${seconds} s`;
  };
  if (until) {
    tick();
    ticking = setInterval(tick, 250);
  }
  $("send").disabled = state !== "online";
}

export function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

// error shows what is wrong with a field, or that nothing is.
export function error(field, message) {
  $(field === "name" ? "join-error" : "say-error").textContent = message;
  $(field).setAttribute("aria-invalid", String(message !== ""));
}

// enter shows the chat, leave the form that asks for a name.
export function enter() {
  show(true);
  $("text").focus();
}

export function leave(message) {
  show(false);
  error("name", message);
  $("name").focus();
  $("name").select();
}

function show(chat) {
  $("join").hidden = chat;
  for (const id of ["room", "people-panel", "people-toggle"]) $(id).hidden = !chat;
}

export function togglePeople(open) {
  $("people-panel").classList.toggle("open", open);
  $("people-toggle").setAttribute("aria-expanded", String(open));
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  document.title = title;
});
$("log").addEventListener("scroll", () => {
  const log = $("log");
  following = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  if (following) $("newer").hidden = true;
});
// A notice, or a phone's keyboard, takes room from the log.
new ResizeObserver(() => following && scrollToEnd()).observe($("log"));
