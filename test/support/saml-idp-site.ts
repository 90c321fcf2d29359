import { createServer } from 'node:http';
import { parseRedirect, redirectUrl, xmlOf } from '../../src/protocols/saml/bindings.ts';
import { renderLogoutResponse } from '../../src/protocols/saml/logout.ts';
import { SAML_ASSERTION } from '../../src/protocols/saml/namespaces.ts';
import { parseXml, requiredAttribute, requiredChild, textOf } from '../../src/protocols/saml/xml-document.ts';
import { createTestIdp, metadataXml, PERSISTENT, type TestIdp } from './saml/identity-provider.ts';
import { respond } from './saml-browser.ts';

type SamlPerson = { readonly sub: string; readonly name: string };

/** An identity provider with pages, at `localhost` as the bridge is: cookies of plain http do not come along from elsewhere. */
export type SamlIdpSite = {
  readonly idp: TestIdp;
  readonly metadata: string;
  readonly stop: () => Promise<void>;
};

const REFUSED =
  '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></samlp:StatusCode>';

/** Starts it: `/sso` has a button for each person and one to cancel, each of which posts an answer; `/slo` signs out at once. */
export async function startSamlIdpSite(people: readonly SamlPerson[]): Promise<SamlIdpSite> {
  const holder: { idp?: TestIdp } = {};
  const server = createServer((request, response) => {
    const { idp } = holder;
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (idp === undefined || !['/sso', '/slo'].includes(url.pathname)) {
      response.writeHead(404).end();
      return;
    }
    if (url.pathname === '/slo') response.writeHead(302, { location: signOut(url, idp) }).end();
    else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(url, idp, people));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const idp = createTestIdp(`http://localhost:${port}/saml`);
  holder.idp = idp;
  return {
    idp,
    metadata: metadataXml(idp),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function page(url: URL, idp: TestIdp, people: readonly SamlPerson[]): string {
  const { id, root, relayState } = readRequest(url);
  const acs = requiredAttribute(root, 'AssertionConsumerServiceURL');
  const [publicUrl = '', provider = ''] = acs.split(/\/saml\/|\/acs/);
  const about = { idp, requestId: id, publicUrl, provider };
  const form = (name: string, message: string): string =>
    `<form method="post" action="${acs}"><input type="hidden" name="RelayState" value="${relayState}">
    <input type="hidden" name="SAMLResponse" value="${message}"><button>${name}</button></form>`;
  const forms = people.map(({ sub, name }) =>
    form(name, respond(about, { nameId: `<saml:NameID Format="${PERSISTENT}">${sub}</saml:NameID>` })),
  );
  const cancel = form('Cancel', respond(about, { status: REFUSED }));
  return `<!doctype html><html lang="en"><title>Identity provider</title><h1>Corporate sign-in</h1>${forms.join('')}${cancel}</html>`;
}

function signOut(url: URL, { entityId, key }: TestIdp): string {
  const { id, root, relayState } = readRequest(url);
  const destination = textOf(requiredChild(root, SAML_ASSERTION, 'Issuer')).replace(/\/metadata$/, '/slo');
  const outgoing = { id: `_logout-${id}`, issueInstantMs: Date.now(), destination, issuer: entityId };
  const xml = renderLogoutResponse(outgoing, id);
  const message = { kind: 'SAMLResponse', xml, relayState } as const;
  return redirectUrl(destination, message, { key, algorithm: 'rsa-sha256' });
}

function readRequest({ search, searchParams }: URL) {
  const root = parseXml(xmlOf(parseRedirect(search.slice(1))));
  return { id: requiredAttribute(root, 'ID'), root, relayState: searchParams.get('RelayState') ?? '' };
}
