import type { FederationError } from '../../domain/errors.ts';
import { answerTo } from './errors.ts';
import { escapeXml, isStructure, renderElements, type Structure } from './xml.ts';

export type Format = 'xml' | 'json';

export type Rendered = { readonly status: number; readonly contentType: string; readonly body: string };

const STS_NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
/** STS answers InvalidAction in the namespace of the front door, not in its own (wire-spec 1.1). */
const FAULT_NAMESPACE = 'http://webservices.amazon.com/AWSFault/2005-15-09';

/** The answer of a successful action (wire-spec 1.1), as XML or, where `Accept: application/json` asks, JSON. */
export function renderResult(action: string, result: Structure, requestId: string, format: Format): Rendered {
  const content = { [`${action}Result`]: result, ResponseMetadata: { RequestId: requestId } };
  return format === 'json'
    ? json(200, { [`${action}Response`]: content })
    : xml(200, `${action}Response`, STS_NAMESPACE, content);
}

export type ErrorOptions = {
  readonly requestId: string;
  readonly format: Format;
  /** `message`: the reference also ends the message, where people see it. */
  readonly errorReference: 'element' | 'message';
};

/** The answer to a failure: AWS's code, text and status; the reference and the sealed trace ride in elements of their own. */
export function renderError(error: FederationError, options: ErrorOptions): Rendered {
  const answer = answerTo(error);
  const { reference, encodedMessage } = error.refusal ?? {};
  const suffix = options.errorReference === 'message' && reference ? ` (reference ${reference})` : '';
  const message =
    answer.message === undefined && suffix === '' ? undefined : `${answer.message ?? ''}${suffix}`;
  const fault = {
    Type: answer.status >= 500 ? 'Receiver' : 'Sender',
    Code: answer.code,
    Message: message,
    Reference: reference,
    EncodedMessage: encodedMessage,
  };
  const content = { Error: fault, RequestId: options.requestId };
  if (options.format === 'json') return json(answer.status, content);
  const namespace = error.code === 'invalid-action' ? FAULT_NAMESPACE : STS_NAMESPACE;
  return xml(answer.status, 'ErrorResponse', namespace, content);
}

/** The answer to a fault of ours: nothing but the request's id. */
export function renderInternalFailure(requestId: string): Rendered {
  const Error = {
    Type: 'Receiver',
    Code: 'InternalFailure',
    Message: 'The request failed for an unknown reason.',
  };
  return xml(500, 'ErrorResponse', STS_NAMESPACE, { Error, RequestId: requestId });
}

function xml(status: number, root: string, namespace: string, content: Structure): Rendered {
  const body = `<${root} xmlns="${escapeXml(namespace)}">\n${renderElements(content, '  ')}</${root}>\n`;
  return { status, contentType: 'text/xml', body };
}

function json(status: number, content: Structure): Rendered {
  return { status, contentType: 'application/json', body: JSON.stringify(toJson(content)) };
}

function toJson(structure: Structure): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(structure).map(([name, member]) => {
      if (member instanceof Date) return [name, Math.floor(member.getTime() / 1000)];
      return [name, isStructure(member) ? toJson(member) : member];
    }),
  );
}
