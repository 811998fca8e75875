(() => {
  const list = document.getElementById("films"), orders = document.getElementById("orders");
  if (!orders) return;
  orders.hidden = false;
  const place = film => Number(film.dataset.place);
  const compare = {
    place: () => 0,
    seconds: (a, b) => b.dataset.seconds - a.dataset.seconds,
    unsure: (a, b) => b.dataset.unsure - a.dataset.unsure,
    // Films without a word come last.
    label: (a, b) => !a.dataset.label - !b.dataset.label || a.dataset.label.localeCompare(b.dataset.label),
  };
  const buttons = [...orders.querySelectorAll("button")];
  buttons.forEach(button => button.addEventListener("click", () => {
    const by = compare[button.dataset.order];
    list.append(...[...list.children].sort((a, b) => by(a, b) || place(a) - place(b)));
    buttons.forEach(other => other.setAttribute("aria-pressed", other === button));
  }));
})();
