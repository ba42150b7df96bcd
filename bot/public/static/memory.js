/* What the browser remembers of one conversation, in this tab only and until it is closed. */
const KEY = "department-chat";
const MOST_SHOWN = 60; // messages; more would not fit what a tab may store

class Memory {
  constructor() {
    this.forget();
    try {
      Object.assign(this, JSON.parse(sessionStorage.getItem(KEY)) || {});
    } catch {
      // A site may be denied storage: then a reload begins anew.
    }
  }

  forget() {
    // `told` is the language the bot was last told; `waiting` are messages without an answer.
    Object.assign(this, { session: null, seen: [], told: null, shown: [], waiting: [], draft: "" });
  }

  get since() {
    return Math.max(0, ...this.seen);
  }

  /* Whether the frame is new; a reply that was replayed is not. */
  takes(frame) {
    if (this.seen.includes(frame.seq)) return false;
    this.seen = [...this.seen, frame.seq].slice(-100);
    return true;
  }

  keep() {
    this.shown = this.shown.slice(-MOST_SHOWN);
    for (const shown of [this.shown, []]) {
      try {
        return sessionStorage.setItem(KEY, JSON.stringify({ ...this, shown }));
      } catch {
        // Too much for a tab: what is waiting matters more than what was said.
      }
    }
  }
}
