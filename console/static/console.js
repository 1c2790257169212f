// Adds keys, a palette, drafts and live updates to the console. Every page works without this file.
"use strict";
(() => {
  const body = document.body;
  const words = (body.dataset.words || "").split("|");
  const fill = (text, ...values) => values.reduce((t, v) => t.replace(/%[sd]/, v), text);
  const byId = id => document.getElementById(id);
  const typing = e => e.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

  // What a form led to has the form's address, which cannot be read again.
  if (body.dataset.self) history.replaceState(null, "", body.dataset.self);

  // --- Deadlines tick without asking the server.
  const span = ms => {
    const s = Math.floor(Math.abs(ms) / 1000), d = Math.floor(s / 86400), h = Math.floor(s / 3600) % 24, m = Math.floor(s / 60) % 60;
    if (d) return h ? fill(words[2], d, h) : fill(words[3], d);
    if (h) return m ? fill(words[4], h, m) : fill(words[5], h);
    return m ? fill(words[6], m) : fill(words[7], s);
  };
  const tick = () => {
    for (const pill of document.querySelectorAll(".sla[data-due]")) {
      const left = Number(pill.dataset.due) - Date.now(), over = left < 0;
      const text = fill(words[over ? 1 : 0], span(left)), shown = pill.querySelector(".left");
      if (shown.textContent !== text) shown.textContent = text;
      if (over && !pill.classList.contains("sla-breached")) {
        pill.classList.remove("sla-running", "sla-soon");
        pill.classList.add("sla-breached");
      }
    }
  };
  setInterval(tick, 10000);

  // --- What is said for a moment goes away: confirmations, and data that was shown in clear.
  const pass = () => {
    for (const e of document.querySelectorAll("[data-passing]")) {
      const seconds = Number(e.dataset.passing);
      if (!seconds) continue;
      e.dataset.passing = "soon";
      setTimeout(() => e.remove(), seconds * 1000);
    }
    if (location.search.includes("done=")) {
      const url = new URL(location.href);
      url.searchParams.delete("done");
      history.replaceState(null, "", url);
    }
  };
  pass();

  // --- The page is read again and changed in place: what is typed, opened or focused stays.
  const callbacks = {
    beforeNodeMorphed(old, fresh) {
      if (old.nodeType !== 1) return true;
      if (old.hasAttribute("data-keep")) { keepForm(old, fresh); return false; }
      if (old.matches("details") && fresh.matches?.("details")) fresh.open = old.open;
      if (old.matches("input, select, textarea") && old.form?.closest("details[open]")) return false;
      if (old.matches("[data-passing=soon]")) return false;
      if (old === document.activeElement && old.matches("input, select, textarea")) return false;
      return true;
    },
    beforeNodeRemoved: node => !(node.nodeType === 1 && node.matches("[data-passing=soon]")),
    afterNodeAdded(node) { if (node.nodeType === 1 && node.matches("li.row")) node.classList.add("new"); },
  };
  // Of a form that is being written in, only what the server has to know of the page changes.
  const keepForm = (old, fresh) => {
    for (const input of old.querySelectorAll("input[data-live]")) {
      const now = fresh.querySelector(`input[data-live][name="${input.name}"]`);
      if (now) input.value = now.value;
    }
  };
  let reading = null, again = false;
  // Reads the page once more, and once again when something happened meanwhile; says whether it is as the server has it.
  const refresh = () => {
    if (reading) { again = true; return reading; }
    reading = (async () => {
      try {
        let whole;
        do { again = false; whole = await read(); } while (again && whole);
        return whole;
      } finally { reading = null; }
    })();
    return reading;
  };
  const read = async () => {
    let answer, text;
    try {
      answer = await fetch(location.href, { headers: { "Accept": "text/html" }, cache: "no-store" });
      text = await answer.text();
    } catch { return false; }
    if (answer.redirected && new URL(answer.url).pathname.startsWith("/sign-in")) { location.reload(); return false; }
    const page = new DOMParser().parseFromString(text, "text/html"), fresh = page.getElementById("main");
    if (!answer.ok || !fresh) return false;
    const at = document.querySelector(".row.at")?.id;
    const below = window.scrollY > 80 ? anchor() : null;
    Idiomorph.morph(byId("main"), fresh, { morphStyle: "outerHTML", callbacks });
    const bell = page.getElementById("bell");
    if (bell) Idiomorph.morph(byId("bell"), bell, { morphStyle: "outerHTML" });
    if (at) byId(at)?.classList.add("at");
    if (below) window.scrollBy(0, (byId(below.id)?.getBoundingClientRect().top ?? below.top) - below.top);
    if (behind) hold(true);
    tick(); pass();
    return true;
  };
  // The first row that is seen stays where it is when others come above it.
  const anchor = () => {
    for (const row of document.querySelectorAll(".row, .said, .happened")) {
      const top = row.getBoundingClientRect().top;
      if (top > 60 && row.id) return { id: row.id, top };
    }
    return null;
  };
  let timer = 0, last = 0;
  const soon = () => {
    if (timer) return;
    const wait = Math.max(Math.random() * 100, last + 500 + Math.random() * 200 - Date.now()); // not all pages at once, and none all the time
    timer = setTimeout(() => { timer = 0; last = Date.now(); refresh(); }, Math.min(wait, 700));
  };

  // --- Live: one connection a page, closed while nobody sees it.
  const about = body.dataset.live;
  let source = null, cursor = body.dataset.cursor, behind = false;
  const number = about?.startsWith("ticket:") ? Number(about.slice(7)) : 0;
  const hold = on => {
    body.classList.toggle("is-offline", on);
    for (const b of document.querySelectorAll("#compose button, .actions button")) b.disabled = on;
  };
  // After a lost connection the page catches up before anybody may send.
  const catchUp = async () => {
    if (!behind || source?.readyState !== EventSource.OPEN) return;
    again = true; // what is being read now may be from before
    const caughtUp = await refresh();
    if (source?.readyState !== EventSource.OPEN) return; // lost again: it comes here again
    if (caughtUp) { behind = false; hold(false); } else setTimeout(catchUp, 1000);
  };
  const connect = () => {
    if (!about || source || document.hidden) return;
    source = new EventSource(`/live?about=${encodeURIComponent(about)}&after=${cursor}`);
    source.addEventListener("open", catchUp);
    source.addEventListener("change", e => {
      cursor = e.lastEventId;
      const news = JSON.parse(e.data), tickets = news.tickets || [];
      if (number ? news.many || tickets.includes(number) || news.bell : news.many || news.moved || news.bell || tickets.length) soon();
    });
    source.addEventListener("watching", e => {
      const names = JSON.parse(e.data), shown = byId("watching");
      if (shown) shown.textContent = names.length ? fill(words[10], names.join(", ")) : "";
    });
    source.addEventListener("signed-out", () => { source.close(); location.reload(); });
    source.addEventListener("error", () => {
      behind = true; hold(true);
      if (source.readyState === EventSource.CLOSED) { source = null; setTimeout(connect, 3000); }
    });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { source?.close(); source = null; } else if (about && !source) { connect(); soon(); }
  });
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", e => { if (e.persisted && about) { source = null; connect(); soon(); } });
  connect();
  // What is sent and answered outside the desk is no event of a ticket: such a page is read again now and then.
  if (about === "integration") setInterval(() => { if (!document.hidden) soon(); }, 10000);

  // --- Drafts are kept on the server while somebody writes.
  const form = document.querySelector("form[data-draft]");
  if (form) {
    const state = byId("draft-state");
    let wait = 0, kept = form.text.value;
    const keep = async () => {
      wait = 0;
      const text = form.text.value;
      if (text === kept) return;
      try {
        const data = new URLSearchParams({ kind: form.kind.value, text });
        const answer = await fetch(form.dataset.draft, { method: "POST", body: data });
        if (answer.ok) kept = text;
        state.textContent = answer.ok ? words[8] : words[9];
      } catch { state.textContent = words[9]; }
    };
    form.addEventListener("input", () => { if (!wait) wait = setTimeout(keep, 1200); });
    form.addEventListener("submit", e => {
      clearTimeout(wait);
      if (form.dataset.sent) { e.preventDefault(); return; }
      form.dataset.sent = "yes";
    });
  }
  addEventListener("pageshow", () => { if (form) delete form.dataset.sent; });

  // --- Menus close when somebody clicks elsewhere, one is open at a time.
  const closeMenus = but => { for (const d of document.querySelectorAll("details.pop[open]")) if (d !== but) d.open = false; };
  document.addEventListener("click", e => closeMenus(e.target.closest("details.pop")));
  const openMenu = id => {
    const d = byId(id);
    if (!d) return;
    closeMenus(d);
    d.open = true;
    const first = d.querySelector("input:not([type=hidden]), select, button.primary");
    (first?.type === "radio" && d.querySelector(`[name="${first.name}"]:checked`) || first)?.focus();
  };

  // --- Keys.
  const rows = () => [...document.querySelectorAll(".row")];
  const step = by => {
    const all = rows();
    if (!all.length) return;
    const now = all.findIndex(r => r.classList.contains("at"));
    const next = Math.min(all.length - 1, Math.max(0, now < 0 ? (by > 0 ? 0 : all.length - 1) : now + by));
    all[now]?.classList.remove("at");
    all[next].classList.add("at");
    all[next].scrollIntoView({ block: "nearest" });
    all[next].querySelector("a").focus({ preventScroll: true });
  };
  const go = path => { location.href = path; };
  const writeAs = kind => {
    const choice = document.querySelector(`#compose [name=kind][value=${kind}]`);
    if (!choice) return;
    choice.checked = true;
    byId("text").focus();
  };
  const menuLink = n => document.querySelectorAll(".side a")[n]?.href;
  const screens = { h: () => go("/"), m: () => go(menuLink(1)), q: () => go(menuLink(2)), d: () => go(menuLink(3)), t: () => go("/tickets"), n: () => go("/notices"), a: () => go("/account") };
  const keys = {
    j: () => step(1), k: () => step(-1),
    o: () => document.querySelector(".row.at a")?.click(),
    "/": () => byId("find")?.focus(),
    r: () => writeAs("reply"), n: () => writeAs("note"),
    a: () => openMenu("do-assign"), s: () => openMenu("do-status"), p: () => openMenu("do-priority"), t: () => openMenu("do-group"),
    m: () => byId("take")?.click(), f: () => openMenu("filter"),
    "]": () => byId("after")?.click(), "[": () => byId("before")?.click(),
    c: () => document.querySelector('.tools a[href="/tickets/new"]')?.click(),
    "?": () => byId("keys")?.showModal(),
  };
  const off = byId("keys-off");
  try { if (off) off.checked = localStorage.getItem("keys") === "off"; } catch { /* nothing is kept then */ }
  off?.addEventListener("change", () => { try { localStorage.setItem("keys", off.checked ? "off" : "on"); } catch { /* likewise */ } });
  let leader = 0;
  document.addEventListener("keydown", e => {
    const mod = e.ctrlKey || e.metaKey;
    if (mod && e.key.toLowerCase() === "k") { e.preventDefault(); openPalette(); return; }
    if (mod && e.key === "Enter" && e.target.closest("form")) {
      e.preventDefault();
      const f = e.target.closest("form"), next = f.querySelector("button[name=next]");
      f.requestSubmit(e.shiftKey && next ? next : f.querySelector("button.primary"));
      return;
    }
    if (e.key === "Escape") {
      const open = document.querySelector("details.pop[open]");
      if (open) { open.open = false; open.querySelector("summary").focus(); } else if (typing(e)) e.target.blur();
      return;
    }
    if (mod || e.altKey || typing(e) || document.querySelector("dialog[open]") || (off && off.checked)) return;
    if (leader && Date.now() - leader < 1500) {
      leader = 0;
      if (screens[e.key]) { e.preventDefault(); screens[e.key](); }
      return;
    }
    if (e.key === "g") { leader = Date.now(); return; }
    if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
  });

  // --- Palette: every link and form of the page, and tickets by number.
  const palette = byId("palette"), input = byId("palette-input"), options = byId("palette-list");
  let offered = [], chosen = 0;
  const commands = () => {
    const list = [...document.querySelectorAll(".side a, .tools a, #me a")].map(a => ({ name: (a.ariaLabel?.replace(/: \d+$/, "") || a.textContent).trim(), run: () => go(a.href) })); // of the bell without its number
    const page = [["r", "[value=reply]"], ["n", "[value=note]"], ["m", "#take"], ["s", "#do-status"], ["a", "#do-assign"], ["t", "#do-group"], ["p", "#do-priority"]];
    for (const [key, at] of page) {
      const e = document.querySelector(at);
      if (e) list.unshift({ name: (e.matches("details") ? e.querySelector("summary") : e.closest("label, form") || e).textContent.trim().split("\n")[0], run: keys[key], key });
    }
    return list.filter(c => c.name);
  };
  const offer = () => {
    const text = input.value.trim().toLowerCase();
    offered = commands().filter(c => !text || c.name.toLowerCase().includes(text));
    if (text) offered.push({ name: fill(words[12], input.value.trim()), run: () => go("/search?q=" + encodeURIComponent(input.value.trim())) });
    if (/^\d+$/.test(text)) offered.unshift({ name: fill(words[11], text), run: () => go("/tickets/" + text) });
    chosen = 0;
    options.replaceChildren(...offered.map((c, i) => {
      const o = document.createElement("div");
      o.role = "option"; o.id = "option-" + i; o.textContent = c.name;
      if (c.key) { const k = document.createElement("kbd"); k.textContent = c.key; o.append(k); }
      o.addEventListener("click", () => take(i));
      return o;
    }));
    mark();
  };
  const mark = () => {
    [...options.children].forEach((o, i) => o.setAttribute("aria-selected", String(i === chosen)));
    input.setAttribute("aria-activedescendant", offered.length ? "option-" + chosen : "");
    options.children[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const take = i => { palette.close(); offered[i]?.run(); };
  const openPalette = () => { if (!palette || palette.open) return; input.value = ""; palette.showModal(); offer(); };
  input?.addEventListener("input", offer);
  input?.addEventListener("keydown", e => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      chosen = (chosen + (e.key === "ArrowDown" ? 1 : -1) + offered.length) % Math.max(1, offered.length);
      mark();
    } else if (e.key === "Enter") { e.preventDefault(); take(chosen); }
  });
  for (const d of document.querySelectorAll("dialog")) d.addEventListener("click", e => { if (e.target === d) d.close(); });
})();
