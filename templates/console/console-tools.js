// Data, SQL and operation: copy buttons, completion, Ctrl+Enter, and the time of a question that runs. Nothing here is needed.
(() => {
  const each = (selector, work) => document.querySelectorAll(selector).forEach(work);

  // What needs the script is shown by it.
  each("[data-with-script]", (element) => { element.hidden = false; });

  each("[data-copy]", (element) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy second";
    button.textContent = "Salin";
    const said = document.createElement("span");
    said.className = "hidden";
    said.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      const text = element.textContent;
      const whole = element.hasAttribute("data-copy-place") ? location.origin + text : text;
      try {
        await navigator.clipboard.writeText(whole);
        button.textContent = "Tersalin";
        said.textContent = "Tersalin";
      } catch {
        // Without the right to the clipboard the text is selected for the keys.
        getSelection().selectAllChildren(element);
      }
      setTimeout(() => { button.textContent = "Salin"; said.textContent = ""; }, 2000);
    });
    element.after(button, said);
  });

  // A form that is answered by a file leaves its page where it is, and may be sent again.
  each("form[data-stays]", (form) => {
    form.addEventListener("submit", () => setTimeout(() => {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
    }, 1500));
  });

  each("[data-running]", (element) => {
    const elapsed = element.querySelector("[data-elapsed]");
    const began = Date.now() - Number(element.dataset.seconds) * 1000;
    setInterval(() => { elapsed.textContent = String(Math.floor((Date.now() - began) / 1000)); }, 250);
    const look = async () => {
      try {
        const answer = await fetch(element.dataset.running, { cache: "no-store" });
        if (!answer.ok || !(await answer.json()).runs) return location.reload();
      } catch { /* the next look may succeed */ }
      setTimeout(look, 1000);
    };
    setTimeout(look, 500);
  });

  each("textarea[data-words]", (editor) => {
    editor.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        editor.form.requestSubmit(editor.form.querySelector("[data-run]"));
      }
    });
    complete(editor);
  });

  function complete(editor) {
    const list = document.createElement("ul");
    list.id = "saran";
    list.className = "offers";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Saran");
    list.hidden = true;
    editor.after(list);
    editor.setAttribute("aria-controls", list.id);
    editor.setAttribute("aria-autocomplete", "list");
    let words = null;
    let chosen = -1;
    let begun = "";

    const load = async () => {
      if (words) return words;
      const answer = await fetch(editor.dataset.words);
      words = answer.ok ? await answer.json() : { keywords: [], tables: {} };
      return words;
    };

    // The tables that the statement names after FROM and JOIN, by what they are called there.
    const named = (all) => {
      const found = new Map();
      const tables = /\b(?:from|join)\s+([a-z_][\w.]*)(?:\s+(?:as\s+)?(?!on\b|where\b|join\b|left\b|group\b|order\b|limit\b)([a-z_]\w*))?/gi;
      for (const [, table, alias] of editor.value.matchAll(tables)) {
        const name = table.toLowerCase();
        const columns = all.tables[name] || all.tables["mart." + name];
        if (columns) found.set((alias || name.split(".").pop()).toLowerCase(), columns);
      }
      return found;
    };

    const offers = (all, word, before) => {
      const dot = word.lastIndexOf(".");
      const known = named(all);
      if (dot >= 0) {
        const owner = word.slice(0, dot).toLowerCase();
        const rest = word.slice(dot + 1).toLowerCase();
        const of = [...(known.get(owner) || []), ...(all.tables[owner] || [])];
        const inSchema = Object.keys(all.tables).filter((name) => name.startsWith(owner + ".")).map((name) => name.slice(owner.length + 1));
        return [rest, [...of, ...inSchema]];
      }
      const wantsTable = /\b(from|join|describe)\s*$/i.test(before);
      const tables = Object.keys(all.tables);
      if (wantsTable) return [word.toLowerCase(), tables];
      const lower = word === word.toLowerCase();
      const keys = all.keywords.map((key) => (lower ? key.toLowerCase() : key));
      return [word.toLowerCase(), [...[...known.values()].flat(), ...known.keys(), ...keys, ...tables]];
    };

    const close = () => {
      list.hidden = true;
      list.replaceChildren();
      chosen = -1;
      editor.removeAttribute("aria-activedescendant");
    };

    const mark = (at) => {
      chosen = (at + list.children.length) % list.children.length;
      [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === chosen)));
      editor.setAttribute("aria-activedescendant", list.children[chosen].id);
      list.children[chosen].scrollIntoView({ block: "nearest" });
    };

    const take = (text) => {
      const at = editor.selectionStart;
      editor.setRangeText(text, at - begun.length, at, "end");
      close();
      editor.focus();
    };

    const show = async (asked) => {
      const at = editor.selectionStart;
      const before = editor.value.slice(0, at);
      const word = before.match(/[\w.]*$/)[0];
      // Within a text nothing is offered.
      const quotes = (before.match(/'/g) || []).length;
      if (quotes % 2 || (!asked && word.length < 2)) return close();
      const all = await load();
      if (editor.selectionStart !== at) return;
      const [rest, candidates] = offers(all, word, before.slice(0, at - word.length));
      begun = rest;
      const fits = [...new Set(candidates)].filter((text) => text.toLowerCase().startsWith(rest) && text.toLowerCase() !== rest).slice(0, 12);
      if (!fits.length) return close();
      list.replaceChildren(...fits.map((text, i) => {
        const item = document.createElement("li");
        item.id = "saran-" + i;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.textContent = text;
        item.addEventListener("mousedown", (event) => { event.preventDefault(); take(text); });
        return item;
      }));
      list.hidden = false;
      chosen = -1;
      if (asked) mark(0);
    };

    editor.addEventListener("input", () => { show(false); });
    editor.addEventListener("blur", close);
    editor.addEventListener("keydown", (event) => {
      if (event.key === " " && event.ctrlKey) { event.preventDefault(); show(true); return; }
      if (list.hidden) return;
      if (event.key === "ArrowDown") { event.preventDefault(); mark(chosen + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); mark(chosen < 0 ? list.children.length - 1 : chosen - 1); }
      else if (event.key === "Escape") { event.preventDefault(); close(); }
      else if ((event.key === "Tab" || event.key === "Enter") && chosen >= 0 && !event.ctrlKey) { event.preventDefault(); take(list.children[chosen].textContent); }
    });
  }
})();
