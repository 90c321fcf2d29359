const FIVE_MINUTES = 300_000;
const box = document.querySelector('[data-expires]');
const left = box.querySelector('[data-left]');
// The clock of this device may be wrong: whichever of the two ends first.
const endMs = Math.min(Number(box.dataset.expires), Date.now() + Number(box.dataset.seconds) * 1000);

function clock(ms) {
  const seconds = Math.ceil(ms / 1000);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  return [Math.floor(seconds / 3600), ...parts].join(':');
}

function tick() {
  const leftMs = endMs - Date.now();
  const ended = leftMs <= 0;
  left.hidden = ended;
  left.textContent = left.dataset.left.replace('#', clock(leftMs));
  box.querySelector('[data-soon]').hidden = ended || leftMs > FIVE_MINUTES;
  box.querySelector('[data-ended]').hidden = !ended;
  if (ended) clearInterval(timer);
}

const timer = setInterval(tick, 1000);
tick();
