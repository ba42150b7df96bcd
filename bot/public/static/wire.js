/* The line to the server: it comes back by itself, and what was not answered is asked again. */
const MOST_CHARACTERS = 100000;
const MOST_BYTES = 250000; // the server takes 256 KiB
const BEGINNING = 0.8; // of a text that is too long; the rest is its end
const FIRST_RETRY = 500; // milliseconds, doubled each time
const LAST_RETRY = 15000;
const NO_ANSWER = 20000; // a line that brings nothing for so long is taken for dead
const DISMISSED = 1013; // the code of a line that was closed to make room for others
const MOST_TRIES = 3; // of a message the server took and did not answer

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* The beginning and the end of a text that is too long; the text itself when it is not. */
function cut(text, most = MOST_CHARACTERS) {
  if (text.length <= most) return text;
  const head = Math.floor(most * BEGINNING);
  return text.slice(0, head) + "\n" + text.slice(head - most + 1);
}

class Wire {
  /* `on` holds what the chat does: frame(frame), state(isOpen), settled(), gaveUp(), advisories(list). */
  constructor(address, memory, on) {
    Object.assign(this, { address, memory, on, socket: null, isOpen: false, retry: FIRST_RETRY, timer: 0, language: "" });
    addEventListener("online", () => this.connect());
    addEventListener("offline", () => this.socket?.close());
    addEventListener("pageshow", () => this.socket && this.connect());
    document.addEventListener("visibilitychange", () => !document.hidden && this.socket && this.connect());
  }

  connect() {
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.timer);
    const socket = (this.socket = new WebSocket(this.address));
    const { memory } = this;
    socket.onopen = () => {
      memory.told ??= this.language;
      this.put({ hello: { session: memory.session, since: memory.since, language: this.language } });
    };
    socket.onmessage = (event) => socket === this.socket && this.read(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.socket && (event.code === DISMISSED ? this.rest() : this.lost());
  }

  /* Begin another conversation. */
  restart() {
    const before = this.socket;
    this.socket = null;
    this.isOpen = false;
    before?.close();
    this.memory.forget();
    this.connect();
  }

  /* Too many chats were open and this one was silent longest: the next question opens it again. */
  rest() {
    this.isOpen = false;
    if (this.memory.waiting.length) this.lost();
  }

  lost() {
    this.isOpen = false;
    this.on.state(false);
    this.timer = setTimeout(() => this.connect(), this.retry * (0.75 + Math.random() / 2));
    this.retry = Math.min(this.retry * 2, LAST_RETRY);
  }

  read(said) {
    const { memory } = this;
    for (const frame of said.frames || []) {
      this.settle(frame.to);
      if (memory.takes(frame)) this.on.frame(frame);
    }
    if (said.session) {
      memory.session = said.session;
      this.retry = FIRST_RETRY;
      this.isOpen = true;
      this.on.state(true);
      if (memory.told !== this.language) this.speak(this.language);
      [...memory.waiting].forEach((item) => this.transmit(item));
    }
    if (said.advisories) this.on.advisories(said.advisories);
    if (said.done) this.settle(said.done);
    if (said.failed) {
      const item = memory.waiting.find((each) => each.id === said.failed);
      if (item) setTimeout(() => this.isOpen && this.transmit(item), FIRST_RETRY * 2 ** item.tries);
    }
    memory.keep();
  }

  settle(id) {
    this.memory.waiting = this.memory.waiting.filter((item) => item.id !== id);
    this.on.settled();
  }

  /* Ask something: at once, or as soon as there is a line. */
  ask(item) {
    this.memory.waiting.push({ ...item, tries: 0 });
    this.memory.keep();
    if (this.isOpen) this.transmit(this.memory.waiting.at(-1));
    else this.connect();
  }

  /* Tell the bot the language; only the last wish counts. */
  speak(language) {
    this.language = language;
    const { memory } = this;
    if (memory.told === null || memory.told === language) return;
    memory.told = language;
    memory.waiting = memory.waiting.filter((item) => !item.isHidden);
    this.ask({ id: newId(), text: "/language " + language, isHidden: true });
  }

  transmit(item) {
    if (!this.memory.waiting.includes(item)) return;
    if (item.tries >= MOST_TRIES) {
      this.settle(item.id);
      return this.on.gaveUp();
    }
    item.tries += 1;
    const { id, text, choice } = item;
    this.put(choice === undefined ? { id, text, language: this.language } : { id, choice, language: this.language });
    const { socket } = this;
    setTimeout(() => {
      if (socket === this.socket && this.isOpen && this.memory.waiting.includes(item)) socket.close();
    }, NO_ANSWER);
  }

  put(frame) {
    let line = JSON.stringify(frame);
    for (let most = MOST_CHARACTERS; new TextEncoder().encode(line).length > MOST_BYTES; most /= 2) {
      line = JSON.stringify({ ...frame, text: cut(frame.text, most) });
    }
    this.socket.send(line);
  }
}
