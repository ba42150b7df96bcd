/* What in a reply can be dialled or opened, as nodes: text is never read as markup. The rules are those of links.py. */
// No look-behind: telephones whose browser is some years old could not read the whole file.
const CANDIDATE =
  /(https?:\/\/[^\s<>"]+)|((?:\+?1[-. ])?(?:\([0-9]{3}\) ?|[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4})|(911|988)/g;
const URL_TAIL = /[.,;:!?'”’»)\]]+$/;
const BEFORE = /[\p{L}\p{N}_$#.+-]$/u;
const AFTER = /^(?:[\p{L}\p{N}_]|[-.,:][0-9]|%)/u;

function telephone(number) {
  const digits = number.replace(/[^0-9]/g, "");
  return digits.length >= 10 ? "tel:+" + digits.padStart(11, "1") : "tel:" + digits;
}

function link(text, href) {
  const a = document.createElement("a");
  a.href = href;
  a.textContent = text;
  if (!href.startsWith("tel:")) {
    a.rel = "noopener noreferrer";
    a.target = "_blank";
  }
  return a;
}

function linked(text) {
  const nodes = [];
  let done = 0;
  for (const found of text.matchAll(CANDIDATE)) {
    const end = found.index + found[0].length;
    let shown = found[0];
    let href;
    if (found[1]) {
      shown = shown.replace(URL_TAIL, "");
      href = shown;
    } else if (BEFORE.test(text.slice(0, found.index)) || AFTER.test(text.slice(end))) {
      continue;
    } else {
      href = telephone(shown);
    }
    if (found.index > done) nodes.push(document.createTextNode(text.slice(done, found.index)));
    nodes.push(link(shown, href));
    done = found.index + shown.length;
  }
  if (done < text.length) nodes.push(document.createTextNode(text.slice(done)));
  return nodes;
}
