// The suggestions under a place, as the editable combobox of WAI-ARIA 1.2; htmx brings the options. Without this file
// the field is a plain one, which understands the same texts.

const comboboxOf = (element) => element.closest?.(".combobox");
const inputOf = (combobox) => combobox.querySelector("input");
const listOf = (input) => comboboxOf(input).querySelector("ul");
const isOpen = (input) => !listOf(input).hidden;
const activeOption = (input) => listOf(input).querySelector("[aria-selected=true]");

const enhance = (input) => {
  listOf(input).setAttribute("role", "listbox");
  input.setAttribute("role", "combobox");
  input.setAttribute("autocomplete", "off");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", listOf(input).id);
  show(input, false);
};

const show = (input, open) => {
  activate(input, null);
  listOf(input).hidden = !open;
  input.setAttribute("aria-expanded", open);
};

const activate = (input, option) => {
  activeOption(input)?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
};

// What was asked for and has not come yet is no longer wanted.
const close = (input) => {
  delete input.dataset.wanted;
  show(input, false);
};

const write = (input, text) => {
  input.value = text;
  close(input);
  input.dispatchEvent(new Event("change", { bubbles: true }));
};

const move = (input, step) => {
  const options = [...listOf(input).children];
  const place = options.indexOf(activeOption(input));
  activate(input, options.at((place < 0 && step < 0 ? step : place + step) % options.length));
};

const ask = (input, step) => {
  input.dataset.wanted = step;
  htmx.trigger(input, "suggest");
};

const arrow = (input, step) => (isOpen(input) ? move(input, step) : ask(input, step));

// Each says whether it has done the key's work; if not, the browser does it.
const keys = {
  ArrowDown: (input) => (arrow(input, 1), true),
  ArrowUp: (input) => (arrow(input, -1), true),
  Enter: (input) => {
    const option = activeOption(input);
    if (option) write(input, option.dataset.value);
    else close(input);
    return option;
  },
  Escape: (input) => {
    const done = isOpen(input) || input.value;
    if (isOpen(input)) close(input);
    else if (input.value) write(input, "");
    return done;
  },
  Tab: close,
  Home: (input) => activate(input, null),
  End: (input) => activate(input, null),
  ArrowLeft: (input) => activate(input, null),
  ArrowRight: (input) => activate(input, null),
};

// With Alt, the vertical arrows open and close the list and leave the options alone.
const altKeys = {
  ArrowDown: (input) => (isOpen(input) || ask(input, 0), true),
  ArrowUp: (input) => (close(input), true),
};

// With another modifier, an arrow selects text or scrolls: that is the browser's.
const keyOf = (event) => {
  if (!event.key.startsWith("Arrow")) return keys[event.key];
  if (event.ctrlKey || event.shiftKey || event.metaKey) return undefined;
  return (event.altKey ? altKeys : keys)[event.key];
};

document.addEventListener("keydown", (event) => {
  const combobox = comboboxOf(event.target);
  if (combobox && !event.isComposing && keyOf(event)?.(inputOf(combobox))) event.preventDefault();
});
document.addEventListener("input", (event) => {
  if (!comboboxOf(event.target)) return;
  activate(event.target, null);
  event.target.dataset.wanted = 0;
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (!event.target.matches(".combobox > ul")) return;
  const input = inputOf(comboboxOf(event.target));
  show(input, "wanted" in input.dataset && event.target.children.length > 0);
  if (isOpen(input) && input.dataset.wanted !== "0") move(input, Number(input.dataset.wanted));
});

// The text keeps the focus while one points at the list.
document.addEventListener("mousedown", (event) => {
  if (event.target.closest(".combobox > ul")) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) write(inputOf(comboboxOf(option)), option.dataset.value);
});
document.addEventListener("focusout", (event) => {
  const combobox = comboboxOf(event.target);
  if (combobox && !combobox.contains(event.relatedTarget)) close(inputOf(combobox));
});

document.addEventListener("htmx:load", (event) => {
  for (const input of event.target.querySelectorAll(".combobox > input")) enhance(input);
});
