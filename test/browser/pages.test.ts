import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AXE, AXE_TAGS } from '../support/axe.ts';
import { startChromium } from '../support/chromium.ts';
import { SAMPLE_PAGES, SAMPLE_TIME_MS } from '../support/sample-pages.ts';
import { samplePath, startSampleSite, type SampleSite } from '../support/sample-site.ts';

const HOUR_MS = 3_600_000;
/** They leave the page as soon as scripts run. */
const PASSING = /^post-message/;
/** Errors, and problems with a device's code, differ in words only: two of each stand for all. */
const DIFFERENT = SAMPLE_PAGES.map(({ title }) => title).filter(
  (title) =>
    !PASSING.test(title) && (!/^error|^device-code:/.test(title) || /denied|internal|unknown$/.test(title)),
);

let browser: Browser;
let site: SampleSite;
beforeAll(async () => {
  [browser, site] = await Promise.all([startChromium(), startSampleSite()]);
});
afterAll(async () => {
  await browser.close();
  await site.stop();
});

/** A page of its own context; what its console complained of is there at the end. */
async function inChromium(
  options: BrowserContextOptions,
  use: (page: Page, context: BrowserContext) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
    await use(page, context);
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
  }
}

async function open(page: Page, title: string): Promise<void> {
  await page.goto(site.url + samplePath(title));
}

/** What axe finds wrong, and where. */
async function violationsOn(
  page: Page,
  runOnly: { type: string; values: readonly string[] },
): Promise<string> {
  return page.evaluate<string>(
    `axe.run(document, { runOnly: ${JSON.stringify(runOnly)} }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join(' | ')).join('\\n'))`,
  );
}

describe.each([1280, 360])('every page, %d px wide', { timeout: 60_000 }, (width) => {
  it('breaks no rule of axe in either colour scheme, and fits', async () => {
    // Without motion: a colour in transition is neither one nor the other.
    const look = { reducedMotion: 'reduce', viewport: { width, height: 800 }, bypassCSP: true } as const;
    await inChromium(look, async (page) => {
      for (const title of DIFFERENT) {
        await page.emulateMedia({ colorScheme: 'light' });
        await open(page, title);
        const scrollWidth = await page.evaluate('document.documentElement.scrollWidth');
        expect.soft(scrollWidth, `${title} scrolls`).toBeLessThanOrEqual(width);
        await page.evaluate(AXE);
        expect.soft(await violationsOn(page, { type: 'tag', values: AXE_TAGS }), title).toBe('');
        await page.emulateMedia({ colorScheme: 'dark' });
        const inDark = await violationsOn(page, { type: 'rule', values: ['color-contrast'] });
        expect.soft(inDark, `${title} in dark`).toBe('');
      }
    });
  });
});

it('breaks its own policy nowhere', { timeout: 30_000 }, async () => {
  await inChromium({}, async (page) => {
    await page.addInitScript(
      `addEventListener('securitypolicyviolation', (event) => console.error(event.violatedDirective, event.blockedURI))`,
    );
    for (const { title } of SAMPLE_PAGES.filter((sample) => !PASSING.test(sample.title)))
      await open(page, title);
  });
});

describe('scripts', () => {
  it('copy a whole block, also what is masked', async () => {
    await inChromium({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
      await open(page, 'credentials');
      const button = page.getByRole('button', { name: 'Copy' }).first();
      await button.click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      const copied = await page.evaluate<string>('navigator.clipboard.readText()');
      expect(copied).toMatch(
        /^export AWS_ACCESS_KEY_ID='ASIA\w{16}'\nexport AWS_SECRET_ACCESS_KEY='wJalr[^']+'\n/,
      );
      expect(copied).toMatch(/'\n$/);
      expect(copied).not.toContain('•');
      expect(await page.getByRole('status').filter({ hasText: 'Copied' }).count()).toBe(1);
    });
  });

  it('copy a single value without a line end, and a key without its gaps', async () => {
    await inChromium({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
      await open(page, 'credentials');
      await page.getByText('Single values').click();
      await page.getByRole('button', { name: 'Copy Secret access key' }).click();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
        'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      );
      await open(page, 'mfa-add-totp');
      await page.getByRole('button', { name: 'Copy the key' }).click();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP');
    });
  });

  it('count down, warn before the end and say when it has come', async () => {
    await inChromium({}, async (page) => {
      await page.clock.install({ time: SAMPLE_TIME_MS });
      await open(page, 'credentials');
      const left = page.locator('[data-left]');
      expect(await left.textContent()).toBe('1:00:00 left');
      await page.clock.runFor(61_000);
      expect(await left.textContent()).toBe('0:58:59 left');
      expect(await page.getByText('less than five minutes').isVisible()).toBe(false);
      await page.clock.runFor(HOUR_MS - 300_000);
      expect(await page.getByText('less than five minutes').isVisible()).toBe(true);
      await page.clock.runFor(300_000);
      expect(await page.getByText('have expired').isVisible()).toBe(true);
      expect(await left.isVisible()).toBe(false);
      expect(await page.getByText('less than five minutes').isVisible()).toBe(false);
    });
  });

  it('count no longer than the credentials last when the clock of the device is wrong', async () => {
    await inChromium({}, async (page) => {
      await page.clock.install({ time: SAMPLE_TIME_MS - 5 * HOUR_MS });
      await open(page, 'credentials');
      expect(await page.locator('[data-left]').textContent()).toBe('1:00:00 left');
    });
  });

  it('pass a message on by themselves', async () => {
    await inChromium({}, async (page) => {
      await page.route('https://idp.example.com/**', (route) =>
        route.fulfill({ body: 'Hello', contentType: 'text/html' }),
      );
      const [request] = await Promise.all([
        page.waitForRequest('https://idp.example.com/sso'),
        open(page, 'post-message: sign-in'),
      ]);
      expect(request.postData()).toBe('SAMLRequest=PHNhbWw%2B&RelayState=a%22b');
    });
  });

  it('offer to print', async () => {
    await inChromium({}, async (page) => {
      await page.addInitScript('window.print = () => { document.title = "printed"; }');
      await open(page, 'recovery-codes');
      await page.getByRole('button', { name: 'Print' }).click();
      expect(await page.title()).toBe('printed');
    });
  });
});

describe('a passkey', () => {
  it('is made and posted', async () => {
    await inChromium({}, async (page) => {
      await addAuthenticator(page);
      await open(page, 'mfa-add-passkey');
      await page.getByRole('button', { name: 'Create a passkey' }).click();
      await page.getByText('Posted.').waitFor();
      const { path, body } = site.posted.at(-1) ?? { path: '', body: '' };
      expect(path).toBe('/mfa/add/passkey');
      const form = new URLSearchParams(body);
      expect(form.get('form_token')).toBe('sample-form-token');
      expect(form.get('name')).toBe('Passkey');
      expect(form.get('return_to')).toBe('/roles');
      expect(JSON.parse(form.get('response') ?? '')).toMatchObject({ type: 'public-key' });
    });
  });

  it('that is not there ends in words and another try', async () => {
    await inChromium({}, async (page) => {
      await page.addInitScript(
        `navigator.credentials.get = () => Promise.reject(new DOMException('no', 'NotAllowedError'))`,
      );
      await open(page, 'mfa-verify: passkey');
      const button = page.getByRole('button', { name: 'Use your passkey' });
      await button.click();
      await page.getByText('That was cancelled or took too long').waitFor();
      expect(await button.isEnabled()).toBe(true);
      expect(new URL(page.url()).pathname).toBe(samplePath('mfa-verify: passkey'));
    });
  });

  it('that is enrolled already is called so', async () => {
    await inChromium({}, async (page) => {
      await page.addInitScript(
        `navigator.credentials.create = () => Promise.reject(new DOMException('no', 'InvalidStateError'))`,
      );
      await open(page, 'mfa-add-passkey');
      await page.getByRole('button', { name: 'Create a passkey' }).click();
      await page.getByText('is enrolled already').waitFor();
    });
  });

  it('is not offered where the browser knows none', async () => {
    await inChromium({}, async (page) => {
      await page.addInitScript('delete window.PublicKeyCredential');
      await open(page, 'mfa-verify: passkey');
      await page.getByText('This browser cannot use passkeys').waitFor();
      expect(await page.getByRole('button').count()).toBe(0);
      expect(await page.getByRole('link', { name: 'Use a code from your app' }).isVisible()).toBe(true);
    });
  });
});

describe('without JavaScript', () => {
  const plain = { javaScriptEnabled: false };

  it('the tabs change and the secret shows when it is asked for, by keyboard alone', async () => {
    await inChromium(plain, async (page) => {
      await open(page, 'credentials');
      const secret = page.locator('#block-bash .secret').first();
      expect(await secret.isVisible()).toBe(false);
      await page.getByLabel('Show the secret values').focus();
      await page.keyboard.press('Space');
      expect(await secret.isVisible()).toBe(true);
      expect(await page.locator('#block-bash .masked').first().isVisible()).toBe(false);
      await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('#block-bash').isVisible()).toBe(false);
      expect(await page.locator('#block-powershell').isVisible()).toBe(true);
    });
  });

  it('nothing is offered that would do nothing', async () => {
    await inChromium(plain, async (page) => {
      for (const { title } of SAMPLE_PAGES) {
        await open(page, title);
        const idle = page.locator('[data-copy], [data-print], [data-left], [data-passkey] button');
        for (const part of await idle.all()) expect(await part.isVisible(), title).toBe(false);
      }
    });
  });

  it('passkeys say why they do not work, and another way is there', async () => {
    await inChromium(plain, async (page) => {
      await open(page, 'mfa-verify: passkey');
      expect(await page.locator('noscript p').isVisible()).toBe(true);
      expect(await page.getByRole('link', { name: 'Use a code from your app' }).isVisible()).toBe(true);
    });
  });

  it('forms post what they hold', async () => {
    await inChromium(plain, async (page) => {
      await open(page, 'mfa-verify');
      await page.getByLabel('Code from your app').fill('123 456');
      await page.keyboard.press('Enter');
      await page.getByText('Posted.').waitFor();
      expect(Object.fromEntries(new URLSearchParams(site.posted.at(-1)?.body))).toEqual({
        form_token: 'sample-form-token',
        method: 'totp',
        return_to: '/roles/arn%3Aaws%3Aiam%3A%3A210987654321%3Arole%2Fpeople%2FProductionAdmin',
        role: 'ProductionAdmin',
        code: '123 456',
      });
    });
  });

  it('recovery codes can be downloaded', async () => {
    await inChromium(plain, async (page) => {
      await open(page, 'recovery-codes');
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Download' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('recovery-codes.txt');
    });
  });

  it('a message is passed on by a button', async () => {
    await inChromium(plain, async (page) => {
      await page.route('https://idp.example.com/**', (route) =>
        route.fulfill({ body: 'Hello', contentType: 'text/html' }),
      );
      await open(page, 'post-message: sign-out');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('Hello').waitFor();
    });
  });
});

describe('keyboard and screen reader', () => {
  it('land on the problem first, and the field says what is wrong', async () => {
    await inChromium({}, async (page) => {
      await open(page, 'mfa-verify: wrong code');
      expect(await page.title()).toMatch(/^Problem: /);
      expect(await page.evaluate('document.activeElement.id')).toBe('problem');
      const field = page.getByLabel('Code from your app');
      expect(await field.getAttribute('aria-invalid')).not.toBeNull();
      expect(await field.getAttribute('aria-describedby')).toBe('problem code-hint');
      expect(await field.getAttribute('maxlength')).toBeNull();
    });
  });

  it('reach the content at once (WCAG 2.2, 2.4.1)', async () => {
    await inChromium({}, async (page) => {
      await open(page, 'roles');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
    });
  });

  it('speak the language of the browser', async () => {
    await inChromium({ locale: 'de-AT' }, async (page) => {
      await open(page, 'roles');
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Rollen');
      expect(await page.locator('html').getAttribute('lang')).toBe('de');
    });
  });
});

it('nothing to see through comes up on paper but the codes', async () => {
  await inChromium({}, async (page) => {
    await page.emulateMedia({ media: 'print' });
    await open(page, 'recovery-codes');
    expect(await page.locator('#codes').isVisible()).toBe(true);
    expect(await page.getByRole('navigation').isVisible()).toBe(false);
    expect(await page.getByRole('button').count()).toBe(0);
  });
});

async function addAuthenticator(page: Page): Promise<void> {
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('WebAuthn.enable');
  await devTools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  });
}
