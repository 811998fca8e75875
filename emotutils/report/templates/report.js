(() => {
  const m = JSON.parse(document.getElementById("moments").textContent);
  const $ = id => document.getElementById(id);
  const time = $("time"), cursor = $("cursor"), readout = $("readout"), slider = $("moment"), film = $("film");
  const n = m.count, end = n * m.step, unsure = new Set(m.unsure);
  if (!n) return;
  const clock = t => {
    const s = Math.floor(t + 1e-6), two = x => String(x).padStart(2, "0");
    return (s < 3600 ? Math.floor(s / 60) : Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60)) + ":" + two(s % 60);
  };
  const exact = t => clock(t) + (m.step % 1 ? "." + Math.floor((t % 1) * 10 + 1e-6) : "");
  const top = (lane, i) => {
    const p = lane.percent[i];
    if (!p) return lane.gap;
    const words = p.map((v, k) => [v, k]).sort((a, b) => b[0] - a[0]).slice(0, 3).map(([v, k]) => m.emotions[k] + " " + (v / 100).toFixed(2)).join(", ");
    const before = lane.unshifted.length ? " (without the baseline: " + (lane.unshifted[i] || "–") + ")" : "";
    const whose = lane.whose[i] ? "person " + lane.whose[i] + ": " : "";
    return whose + (lane === m.lanes.at(-1) && unsure.has(i) ? "not sure: " : "") + words + before;
  };
  const pictures = [...document.querySelectorAll(".pictures button")];
  const lines = [...document.querySelectorAll(".transcript button")];
  let now = -1, at = 0, said = "";
  // The lines that are said now; the list scrolls to the first, and the page stays where it is.
  const speak = () => {
    const current = lines.filter(b => +b.dataset.t <= at + 1e-3 && at < +b.dataset.end);
    const key = current.map(b => b.dataset.t).join();
    if (key === said) return;
    said = key;
    lines.forEach(b => current.includes(b) ? b.setAttribute("aria-current", "true") : b.removeAttribute("aria-current"));
    if (!current.length) return;
    const list = $("transcript"), line = current[0].parentElement;
    const above = line.offsetTop < list.scrollTop, below = line.offsetTop + line.offsetHeight > list.scrollTop + list.clientHeight;
    if (above || below) list.scrollTop = line.offsetTop - list.clientHeight / 3;
  };
  const show = t => {
    at = Math.max(0, Math.min(end, t));
    cursor.hidden = false;
    cursor.style.left = 100 * at / end + "%";
    speak();
    const i = Math.min(n - 1, Math.floor(at / m.step + 1e-3));
    if (i === now) return;
    now = i;
    const rows = m.lanes.map(lane => [lane.title, top(lane, i)]);
    const alike = pair => pair.values[i] === null ? "–" : pair.values[i].toFixed(2);
    const several = m.agreement.length > 1;
    const agreement = m.agreement.map(pair => (several ? pair.words + " " : "") + alike(pair)).join(", ");
    rows.unshift(["at " + exact(i * m.step), "agreement " + (agreement || "–")]);
    readout.replaceChildren(...rows.map(([title, words]) => {
      const box = document.createElement("div"), b = document.createElement("b");
      b.textContent = title;
      box.append(b, words);
      return box;
    }));
    slider.value = i;
    slider.setAttribute("aria-valuetext", rows.map(r => r.join(": ")).join("; "));
    const seen = pictures.filter(b => b.dataset.t <= at + 1e-3).at(-1);
    if (seen) seen.closest("ul").scrollLeft = seen.offsetLeft - seen.closest("ul").offsetLeft - 40;
    pictures.forEach(b => b === seen ? b.setAttribute("aria-current", "true") : b.removeAttribute("aria-current"));
  };
  const inView = () => {
    const box = time.parentElement, x = time.offsetWidth * at / end;
    if (x < box.scrollLeft || x > box.scrollLeft + box.clientWidth) box.scrollLeft = x - box.clientWidth / 2;
  };
  // The film is there once its length is known; until then, and without it, the page works alone.
  let playable = false;
  const go = t => {
    show(t);
    if (playable) film.currentTime = Math.min(at, film.duration || at);
  };
  if (film) {
    const follow = () => {
      show(film.currentTime);
      inView();
    };
    const run = () => {
      follow();
      if (!film.paused && !film.ended) requestAnimationFrame(run);
    };
    const ready = () => {
      playable = true;
      film.hidden = false;
    };
    const gone = () => {
      playable = false;
      film.hidden = $("jumps").hidden = true;
      $("nofilm").hidden = false;
    };
    film.addEventListener("loadedmetadata", ready);
    film.addEventListener("error", gone);
    film.addEventListener("play", run);
    film.addEventListener("seeking", follow);
    // Both may have happened before this script ran.
    if (film.error) gone();
    else if (film.readyState) ready();
  }
  readout.hidden = slider.hidden = $("hint").hidden = false;
  show(0);
  const pointed = e => {
    const box = time.getBoundingClientRect();
    return end * (e.clientX - box.left) / box.width;
  };
  time.addEventListener("pointermove", e => {
    if (e.pointerType !== "mouse") return;  // a finger scrolls; its tap is a click
    if (e.buttons & 1) go(pointed(e));
    else if (!playable || film.paused) show(pointed(e));
  });
  time.addEventListener("pointerleave", () => playable && show(film.currentTime));
  time.addEventListener("click", e => go(pointed(e)));
  slider.addEventListener("input", () => { go(slider.value * m.step); inView(); });
  document.querySelectorAll("[data-t]").forEach(b => b.addEventListener("click", () => {
    go(+b.dataset.t);
    inView();
    if (!lines.includes(b)) $("h-time").scrollIntoView({block: "start"});
  }));
  const zoom = $("zoom");
  zoom.hidden = false;
  zoom.querySelectorAll("button").forEach(b => b.addEventListener("click", () => {
    time.style.setProperty("--zoom", b.dataset.zoom);
    zoom.querySelectorAll("button").forEach(o => o.setAttribute("aria-pressed", o === b));
    inView();
  }));
})();
