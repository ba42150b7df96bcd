/* Our own page: links that ask their question in the chat, and languages that change without leaving it. */
const chat = document.querySelector("department-chat");

async function speak(link) {
  const answer = await fetch(link.href);
  if (!answer.ok) throw new Error(`no page: ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (other) part.replaceChildren(...document.adoptNode(other).childNodes);
    if (other?.ariaLabel) part.setAttribute("aria-label", other.ariaLabel);
  }
  document.title = fresh.title;
  document.documentElement.lang = fresh.documentElement.lang;
  history.replaceState(null, "", link.href);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-choice], a[data-language]");
  if (!link || !chat || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (link.dataset.choice) {
    chat.ask(link.textContent, link.dataset.choice);
    chat.scrollIntoView({ block: "nearest" });
    return chat.shadowRoot.querySelector('[role="log"]').focus({ preventScroll: true });
  }
  const { language } = link.dataset;
  chat.speak(language);
  speak(link).then(
    () => document.querySelector(`a[data-language="${language}"]`).focus(),
    () => {}, // no line: the chat has changed, the page follows at the next load
  );
});
