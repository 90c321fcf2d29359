const { startAuthentication, startRegistration, browserSupportsWebAuthn } = window.SimpleWebAuthnBrowser;
const PROBLEMS = { NotAllowedError: 'cancelled', AbortError: 'cancelled', InvalidStateError: 'known' };
const form = document.querySelector('form[data-passkey]');
const button = form.querySelector('button');

function show(problem) {
  for (const text of form.querySelectorAll('[data-problem]')) text.hidden = text.dataset.problem !== problem;
}

async function ask(event) {
  event.preventDefault();
  show(undefined);
  button.disabled = true;
  try {
    const start = form.dataset.passkey === 'create' ? startRegistration : startAuthentication;
    const response = await start({ optionsJSON: JSON.parse(form.dataset.options) });
    form.elements.response.value = JSON.stringify(response);
    form.submit();
  } catch (error) {
    // The library wraps what the browser said.
    show(PROBLEMS[error.name] ?? PROBLEMS[error.cause?.name] ?? 'failed');
    button.disabled = false;
  }
}

if (browserSupportsWebAuthn()) {
  button.hidden = false;
  form.addEventListener('submit', ask);
} else show('unsupported');
