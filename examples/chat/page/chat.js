// The page: who we are, what the server says, what people type.

import { Link } from "./link.js";
import * as view from "./view.js";

const $ = (id) => document.getElementById(id);
const maxName = 32; // characters; the server has the last word
const maxText = 1000;

const me = { name: "", key: "" };
let here = []; // names
let newest = 0; // the time of the newest message on the screen
let unsure = ""; // sent, and not yet seen to come back
let inside = false;

const address = new URL("ws", location.href);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const link = new Link(address, { hello, message, state });

// The key lets nobody but this tab take its own name back, after a lost
// connection or a reload.
function hello() {
  return { type: "join", name: me.name, key: me.key };
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

function message(m) {
  switch (m.type) {
    case "welcome":
      return welcome(m);
    case "said":
      return said(m);
    case "joined":
      here = here.filter((n) => n !== m.name).concat(m.name);
      view.happened(`${m.name} joined`);
      return showPeople();
    case "left":
      here = here.filter((n) => n !== m.name);
      view.happened(`${m.name} left`);
      return showPeople();
    case "error":
      return view.error("text", m.text);
  }
}

function welcome({ name, people, recent }) {
  const again = inside;
  me.name = name;
  here = people ?? [];
  sessionStorage.setItem("me", JSON.stringify(me));
  link.welcomed();
  view.notice("");
  showPeople();
  if (!again) {
    inside = true;
    view.enter();
  }
  const lost = unsure;
  for (const m of recent ?? []) said(m);
  view.happened(again ? "You are back" : `You joined as ${name}`);
  if (lost && unsure && !$("text").value) {
    unsure = "";
    $("text").value = lost;
    view.error("text", "This message was lost with the connection. Send it again?");
  }
}

function said(m) {
  if (m.at <= newest) return; // seen before the connection was lost
  newest = m.at;
  const mine = m.name === me.name;
  if (mine && m.text === unsure) unsure = "";
  view.said(m, mine);
}

function showPeople() {
  const order = new Intl.Collator();
  view.people(here.toSorted(order.compare), me.name);
}

const ends = {
  1001: "The server is going away, probably to come back soon.",
  1008: "Your connection could not keep up, or broke a rule.",
  1009: "The message was too long for the server.",
  1011: "Something went wrong in the server.",
  1012: "The server is restarting.",
  1013: "The server is busy.",
};

function state(name, end) {
  $("join-button").disabled = name === "connecting" && !inside;
  view.connection(name, end?.retryAt);
  switch (name) {
    case "offline": {
      let why = ends[end.code] ?? (end.opened ? "The connection was lost." : "The server cannot be reached, or has no room.");
      if (end.code === 1001 && end.reason) why = `${end.reason[0].toUpperCase()}${end.reason.slice(1)}.`;
      if (inside) view.notice(why);
      else view.error("name", why);
      break;
    }
    case "refused":
      inside = false;
      view.leave(end.reason || `The server has closed the connection (${end.code}).`);
  }
}

const length = (s) => [...s].length; // in characters, as the server counts

$("join").addEventListener("submit", (e) => {
  e.preventDefault();
  const name = $("name").value.normalize().trim();
  view.error("name", "");
  if (!name) return view.leave("Please enter a name.");
  if (length(name) > maxName) return view.leave(`This name is too long: ${maxName} characters at most.`);
  if (name !== me.name) me.key = newKey();
  me.name = name;
  link.open();
});

$("say").addEventListener("submit", (e) => {
  e.preventDefault();
  const text = $("text").value.trim();
  if (!text || $("send").disabled || !checkLength()) return;
  if (!link.send({ type: "say", text })) return;
  unsure = text;
  $("text").value = "";
  grow();
  $("text").focus();
});

function checkLength() {
  const n = length($("text").value.trim());
  view.error("text", n > maxText ? `${n} characters: ${n - maxText} too many.` : "");
  return n <= maxText;
}

function grow() {
  const text = $("text");
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`;
}

$("text").addEventListener("input", () => {
  checkLength();
  grow();
});
$("text").addEventListener("keydown", (e) => {
  if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
  e.preventDefault();
  $("say").requestSubmit();
});
$("retry").addEventListener("click", () => link.retry());
$("newer").addEventListener("click", view.scrollToEnd);
$("people-toggle").addEventListener("click", (e) =>
  view.togglePeople(e.currentTarget.getAttribute("aria-expanded") !== "true"));
document.addEventListener("keydown", (e) => e.key === "Escape" && view.togglePeople(false));

// A reload comes back under the same name.
const before = JSON.parse(sessionStorage.getItem("me") ?? "null");
if (before) {
  Object.assign(me, before);
  $("name").value = me.name;
  link.open();
}
