// Buttons that need scripts stay hidden without them, and where the page may not write to the clipboard (plain http).
const status = document.createElement('p');
status.className = 'hidden';
status.setAttribute('role', 'status');
document.body.append(status);

/** All lines of a block, also those that are masked on the screen. */
function textOf(source) {
  const lines = [...source.querySelectorAll('[data-line]')].map((line) => line.textContent);
  if (lines.length === 0) return source.dataset.copyText ?? source.textContent;
  // The last line of several is to run when it is pasted into a shell.
  return lines.length === 1 ? lines[0] : `${lines.join('\n')}\n`;
}

async function copy(button) {
  const before = button.textContent;
  await navigator.clipboard.writeText(textOf(document.getElementById(button.dataset.copy)));
  button.textContent = button.dataset.done;
  status.textContent = button.dataset.done;
  setTimeout(() => {
    button.textContent = before;
    status.textContent = '';
  }, 2000);
}

for (const button of navigator.clipboard ? document.querySelectorAll('[data-copy]') : []) {
  button.hidden = false;
  button.addEventListener('click', () => void copy(button));
}
