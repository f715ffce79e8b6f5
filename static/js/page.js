// Comfort only: every page works without this file.

// A menu closes when one clicks or tabs elsewhere, and on Escape.
const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
};
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.activeElement.closest("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A form is sent once; coming back by history sets it free again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "true";
  (event.submitter ?? form.querySelector(".button.is-primary"))?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

// Nobody reads a page that is hidden: it asks for no news, and says so by this header of those that do.
document.addEventListener("htmx:configRequest", (event) => {
  if (document.visibilityState === "visible") event.detail.headers["Page-Visible"] = "true";
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const polls = event.target.getAttribute("hx-trigger")?.startsWith("every");
  if (polls && document.visibilityState === "hidden") event.preventDefault();
});

// What htmx brings back with mistakes starts at their summary; in a whole page, its autofocus does that.
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) event.target.querySelector(".error-summary")?.focus();
});
