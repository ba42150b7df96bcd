/* "Did this help?" under an answer: two buttons, of which one press counts and stays to be seen. */
const RATES = "/useful "; // what the values of the two buttons begin with

function isRating({ value }) {
  return value.startsWith(RATES);
}

/* The question as a group of buttons, in a list; an empty list when it was not asked. `shown` keeps what was pressed. */
function rating(shown, press) {
  const choices = (shown.choices || []).filter(isRating);
  const buttons = choices.map(({ label, value }) =>
    element("button", {
      type: "button",
      textContent: label,
      onclick: () => {
        if (shown.rated) return;
        shown.rated = value;
        mark();
        press({ label, value });
      },
    }),
  );
  const mark = () => {
    buttons.forEach((button, at) => {
      button.setAttribute("aria-pressed", String(shown.rated === choices[at].value));
      // Not `disabled`: that would take the focus away from whoever has just pressed it.
      if (shown.rated) button.setAttribute("aria-disabled", "true");
    });
  };
  mark();
  const asked = element("span", { word: "rating" });
  asked.setAttribute("aria-hidden", "true"); // the group is called by the same words
  return choices.length ? [element("div", { className: "rating", role: "group", named: "rating" }, asked, ...buttons)] : [];
}
