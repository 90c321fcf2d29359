import { FederationError } from '../../domain/errors.ts';
import { limitAttempts } from '../../domain/mfa/attempt-limit.ts';
import { attemptOf } from '../../domain/mfa/attempt.ts';
import type { PersonExchange } from '../page-exchange.ts';
import { answerBrowser, type BrowserDeps } from './browser-endpoint.ts';
import { OIDC_PATHS } from './oidc-paths.ts';

const MAX_CODE_CHARS = 20;

/** `GET /device`: asks for the code. One that a link brought stands in the form, and opens nothing by itself. */
export async function askForCode(exchange: PersonExchange, deps: BrowserDeps): Promise<void> {
  const userCode = new URLSearchParams(exchange.ctx.querystring).get('user_code')?.slice(0, MAX_CODE_CHARS);
  const request = { eventName: 'ApproveDevice', method: 'GET', url: OIDC_PATHS.device } as const;
  await answerBrowser(exchange, { ...request, ...(userCode && { userCode }) }, deps);
}

/** `POST /device`: shows what the code is of, and, once the person said so, lets the device go on. */
export async function takeCode(exchange: PersonExchange, deps: BrowserDeps): Promise<void> {
  const body = (await exchange.form()).toString();
  const request = { eventName: 'ApproveDevice', method: 'POST', url: OIDC_PATHS.device, body } as const;
  const attempt = attemptOf(exchange.session, exchange.facts, 'device-code');
  const wrong = new FederationError('factor-refused', 'no device has this code');
  try {
    await limitAttempts(attempt, deps.sessions, async () => {
      const { codeProblem } = await answerBrowser(exchange, request, deps);
      if (codeProblem === 'unknown') throw wrong;
    });
  } catch (error) {
    // It is on the page by then, and was counted.
    if (error !== wrong) throw error;
  }
}
