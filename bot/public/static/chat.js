/* The chat as a custom element: inline on our own page, behind a button in the corner of another site's. */
const PATIENCE = 1000; // milliseconds before a pause is worth a word
const NARROW = "(max-width: 30rem), (max-height: 30rem)";

function element(name, properties = {}, ...children) {
  const { word, named, role, ...rest } = properties;
  const node = Object.assign(document.createElement(name), rest);
  if (role) node.setAttribute("role", role);
  // The phrase a node shows, or is called by: a change of language finds them again.
  if (word) node.dataset.word = word;
  if (named) node.dataset.named = named;
  node.append(...children);
  return node;
}

/* The language a reply is in, where the page has words for it: what stands around it is said in that language, too. */
function spoken({ language }) {
  return language in CHAT.words ? language : "";
}

function call() {
  return element("a", { className: "call", href: "tel:911", word: "call_911" });
}

class DepartmentChat extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    this.memory = new Memory();
    this.isInline = this.hasAttribute("inline");
    this.language = this.firstLanguage();
    this.draw();
    const address = new URL("chat", CHAT.home);
    address.protocol = address.protocol.replace("http", "ws");
    this.wire = new Wire(address, this.memory, {
      frame: (frame) => this.hear(frame),
      state: (isOpen) => this.connection(isOpen),
      settled: () => this.mark(),
      gaveUp: () => this.say("failed"),
      advisories: (list) => this.advise(list),
    });
    this.wire.language = this.language;
    this.memory.shown.forEach((said) => this.show(said));
    this.field.value = this.memory.draft;
    this.label();
    this.grow();
    if (this.isInline) this.begin();
  }

  /* Put a question as if it had been typed, or pressed when it has a value. */
  ask(text, choice) {
    const typed = cut(text.trim());
    if (!typed) return;
    const id = newId();
    const said = { id, text: typed, isMine: true };
    this.memory.shown.push(said);
    this.say(text.trim().length > typed.length ? "too_long" : null);
    this.show(said);
    this.wire.ask({ id, text: typed, choice });
    this.mark();
  }

  /* Say whether an answer helped. What was pressed is seen where it was pressed, so it is not said once more. */
  rate({ label, value }) {
    this.wire.ask({ id: newId(), text: label, choice: value });
    this.mark();
  }

  /* Change the language of everything shown, and tell the bot. */
  speak(language) {
    if (!(language in CHAT.words)) return;
    this.language = language;
    this.memory.language = language;
    this.wire.speak(language);
    this.memory.keep();
    this.label();
  }

  firstLanguage() {
    const wishes = [
      this.isInline ? null : this.memory.language,
      this.isInline ? null : new URLSearchParams(location.search).get("lang"),
      document.documentElement.lang,
      ...navigator.languages,
    ];
    const known = wishes.map((wish) => (wish || "").slice(0, 2).toLowerCase()).find((wish) => wish in CHAT.words);
    return known || Object.keys(CHAT.words)[0];
  }

  draw() {
    const root = this.attachShadow({ mode: "open" });
    this.log = element("div", { className: "log", tabIndex: 0, role: "log", named: "conversation" });
    this.log.setAttribute("aria-live", "polite");
    this.status = element("p", { className: "status", role: "status" });
    this.alarm = element("p", { className: "unseen", role: "alert" });
    this.field = element("textarea", { id: "field", rows: 1, autocomplete: "off", enterKeyHint: "send", dir: "auto" });
    const send = element("button", { type: "submit", className: "send", word: "send" });
    const again = element("button", { type: "button", className: "plain", word: "new", onclick: () => this.restart() });
    const form = element(
      "form",
      {},
      element("div", { className: "row" }, element("label", { htmlFor: "field", word: "label" }), again),
      element("div", { className: "row" }, this.field, send),
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      this.submit();
    };
    this.field.onkeydown = (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    };
    this.field.oninput = () => {
      this.memory.draft = this.field.value;
      this.memory.keep();
      this.grow();
    };
    // On our own page the banner is the page's; on another site it stands in the panel.
    this.notices = element("div", { className: "advisories" });
    this.notices.setAttribute("aria-live", "polite");
    const body = [...(this.isInline ? [] : [this.notices]), this.log, this.status, this.alarm, form];
    if (this.isInline) {
      this.panel = element("div", { className: "panel inline" }, ...body);
      root.append(this.panel);
    } else {
      this.drawLauncher(root, body);
    }
    this.dress(root);
  }

  drawLauncher(root, body) {
    const close = element("button", { type: "button", className: "plain", word: "close", onclick: () => this.panel.close() });
    const heading = element("h2", { id: "heading", word: "heading" });
    this.picker = element("div", { className: "languages", role: "group", named: "language" });
    for (const [code, words] of Object.entries(CHAT.words)) {
      const pick = element("button", { type: "button", className: "plain", lang: code, textContent: words.language_name });
      pick.onclick = () => this.speak(code);
      this.picker.append(pick);
    }
    const head = element(
      "div",
      { className: "head" },
      element("div", { className: "row" }, heading, close),
      element("div", { className: "row" }, element("p", { word: "not_watched" }), call()),
      this.picker,
    );
    this.panel = element("dialog", { className: "panel" }, head, ...body);
    this.panel.setAttribute("aria-labelledby", "heading");
    this.panel.onkeydown = (event) => event.key === "Escape" && this.panel.close();
    this.panel.onclose = () => this.opener.focus();
    this.opener = element("button", { type: "button", className: "opener", word: "open", onclick: () => this.open() });
    root.append(this.opener, this.panel);
  }

  /* A style sheet of its own needs no leave from the site's policy; browsers before 2023 load it instead. */
  dress(root) {
    if ("adoptedStyleSheets" in root) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CHAT.style);
      root.adoptedStyleSheets = [sheet];
    } else {
      root.prepend(...CHAT.sheets.map((path) => element("link", { rel: "stylesheet", href: new URL(path, CHAT.home) })));
    }
  }

  open() {
    // Where the panel covers the page, the page behind must not take the focus.
    if (matchMedia(NARROW).matches) this.panel.showModal();
    else this.panel.show();
    this.field.focus();
    this.begin();
  }

  begin() {
    this.wire.connect();
    this.soon(() => !this.wire.isOpen && this.status.dataset.word !== "offline" && this.say("connecting"));
    this.log.scrollTop = this.log.scrollHeight;
  }

  restart() {
    this.log.replaceChildren();
    this.say(null);
    this.field.value = "";
    this.wire.restart();
    this.memory.keep();
    this.field.focus();
  }

  submit() {
    this.ask(this.field.value);
    this.field.value = this.memory.draft = "";
    this.memory.keep();
    this.grow();
    this.field.focus();
  }

  hear(frame) {
    const said = { text: frame.text, choices: frame.choices, isUrgent: frame.urgent, language: frame.language };
    this.memory.shown.push(said);
    if (["thinking", "online"].includes(this.status.dataset.word)) this.say(null);
    this.show(said);
    if (said.isUrgent) {
      this.alarm.lang = spoken(said) || this.language;
      this.alarm.textContent = this.word("call_911", this.alarm.lang);
    }
  }

  show(shown) {
    const { id, text, isMine, isUrgent } = shown;
    const who = element("span", { className: "unseen", word: isMine ? "you" : "bot" });
    const said = element("div", { className: isMine ? "said mine" : "said" }, who);
    const add = (words) => {
      said.append(element("div", { className: "text", dir: "auto" }, ...(isMine ? [words] : linked(words))));
    };
    if (isMine) said.dataset.id = id;
    if (spoken(shown)) said.lang = spoken(shown);
    if (isUrgent) {
      // The button comes right after the first line: on a small screen the rest of the words would push it out of sight.
      const [first, ...rest] = text.split("\n");
      said.classList.add("urgent");
      add(first);
      said.append(call());
      if (rest.length) add(rest.join("\n"));
    } else add(text);
    const choices = (shown.choices || []).filter((choice) => !isRating(choice));
    if (choices.length) {
      const group = element("div", { className: "choices", role: "group", named: "choices" });
      for (const { label, value } of choices) {
        group.append(element("button", { type: "button", textContent: label, onclick: () => this.ask(label, value) }));
      }
      said.append(group);
    }
    said.append(...rating(shown, (choice) => this.rate(choice)));
    this.log.append(said);
    this.label(said);
    // An answer that an emergency overtook must not push the 911 message out of sight.
    const isOvertaken = !isMine && !isUrgent && said.previousElementSibling?.classList.contains("urgent");
    // The beginning of a long reply, not its end.
    if (!isOvertaken) this.log.scrollTop = said.offsetTop - 8;
  }

  /* Show the advisories in effect; drawn anew only when something changed, so that nobody loses the place they are at. */
  advise(list = this.advisories) {
    const drawn = JSON.stringify([list, this.language]);
    if (!list || drawn === this.drawn) return;
    this.advisories = list;
    this.drawn = drawn;
    const away = this.isInline ? {} : { target: "_blank", rel: "noopener noreferrer" };
    const to = (url) => new URL(`${url}?lang=${this.language}`, CHAT.home).href;
    const lines = list.map(({ level, shape, headlines, url }) => {
      const lang = this.language in headlines ? this.language : Object.keys(headlines)[0];
      const mark = element("span", { textContent: shape });
      mark.setAttribute("aria-hidden", "true");
      const word = element("span", { className: "level" }, mark, ` ${this.word("level_" + level)}`);
      const headline = element("span", { lang, textContent: headlines[lang] });
      return element("a", { className: `advisory ${level}`, href: to(url), ...away }, word, " ", headline);
    });
    const all = element("a", { className: "more", href: to("advisories"), textContent: this.word("advisories_all"), ...away });
    const section = element("section", {}, ...lines, all);
    section.setAttribute("aria-label", this.word("advisories"));
    const place = this.isInline ? document.querySelector('[data-part="advisories"]') : this.notices;
    place?.replaceChildren(...(list.length ? [section] : []));
  }

  connection(isOpen) {
    const before = this.status.dataset.word;
    if (isOpen) this.say(before === "offline" ? "online" : null);
    else if (!navigator.onLine) this.say("offline");
    else this.soon(() => !this.wire.isOpen && this.say("offline"));
    this.mark();
  }

  /* Tell messages that wait for the line from those that wait for their answer. */
  mark() {
    const waiting = new Set(this.memory.waiting.map((item) => item.id));
    for (const said of this.log.querySelectorAll(".mine")) {
      const isStuck = waiting.has(said.dataset.id) && !this.wire.isOpen;
      const note = said.querySelector(".note");
      if (isStuck && !note) said.append(element("div", { className: "note", word: "waiting" }));
      else if (!isStuck) note?.remove();
    }
    if (!waiting.size && this.status.dataset.word === "thinking") this.say(null);
    if (waiting.size && this.wire.isOpen) {
      this.soon(() => this.memory.waiting.length && this.wire.isOpen && !this.status.dataset.word && this.say("thinking"));
    }
    this.label(this.log);
  }

  say(word) {
    const isAtEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
    if (word) this.status.dataset.word = word;
    else delete this.status.dataset.word;
    this.status.textContent = word ? this.word(word) : "";
    // What was in sight stays in sight when the line below it grows.
    if (isAtEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  soon(act) {
    setTimeout(act, PATIENCE);
  }

  word(name, language = this.language) {
    return CHAT.words[language][name] || "";
  }

  /* What a node is to show: within a reply in the language of that, elsewhere in the one of the page. */
  wordAt(node, name) {
    return this.word(name, node.closest(".said")?.lang || this.language);
  }

  label(root = this.shadowRoot) {
    for (const node of root.querySelectorAll("[data-word]")) {
      const shown = this.wordAt(node, node.dataset.word) + (node.matches(".said > .unseen") ? ": " : "");
      if (node.textContent !== shown) node.textContent = shown;
    }
    for (const node of root.querySelectorAll("[data-named]")) node.setAttribute("aria-label", this.wordAt(node, node.dataset.named));
    for (const pick of this.picker?.children ?? []) pick.setAttribute("aria-pressed", String(pick.lang === this.language));
    if (root === this.shadowRoot) this.advise();
    this.panel.lang = this.language;
    if (this.opener) this.opener.lang = this.language;
  }

  /* As many lines as were typed; the style sheet sets the most. */
  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 4}px`;
  }
}

if (!customElements.get("department-chat")) {
  customElements.define("department-chat", DepartmentChat);
  const settle = () => {
    if (!document.querySelector("department-chat")) document.body.append(document.createElement("department-chat"));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", settle);
  else settle();
}
