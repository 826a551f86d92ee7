// The little that a page does better with a script; every page works without it.
"use strict";
(() => {
  // Figures that are on their way: look again in a while, a few times, and not while somebody types or the page is hidden.
  const waiting = document.querySelector("[data-again]");
  if (waiting) {
    const key = "lumbung-again";
    const tries = Number(sessionStorage.getItem(key) || 0);
    if (tries < 20) {
      setTimeout(() => {
        if (document.visibilityState === "visible") {
          sessionStorage.setItem(key, String(tries + 1));
          location.reload();
        }
      }, 3000);
    }
  } else {
    sessionStorage.removeItem("lumbung-again");
  }
  // A form that was sent is not sent twice by a second click.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.dataset.sent) {
      if (form.dataset.sent) event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
  });
  // Coming back to a page from the browser's memory: its forms may be sent again.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
    });
  });
})();
