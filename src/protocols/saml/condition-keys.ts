import type { SamlProvider } from '../../domain/identity/saml-provider.ts';
import type { ContextValue } from '../../domain/policy/request.ts';
import type { SamlAttributes } from './read-attributes.ts';
import { refuseResponse, RESPONSE_INVALID } from './refusal.ts';
import { AWS_ATTRIBUTE_PREFIX } from './session-attributes.ts';

export type ConditionFacts = {
  readonly recipient: string;
  readonly issuer: string;
  readonly subject: string;
  readonly subjectType: string;
  readonly nameQualifier: string;
  readonly attributes: SamlAttributes;
};

const MAX_ATTRIBUTES = 500;
const OID = 'urn:oid:';
const EDU_PERSON = 'urn:oid:1.3.6.1.4.1.5923.1.1.1.';
const EDU_ORG = 'urn:oid:1.3.6.1.4.1.5923.1.2.1.';
const SOAP_CLAIMS = 'http://schemas.xmlsoap.org/claims/';
const IDENTITY_CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';

/** AWS's short names for directory attributes (wire-spec 4). */
const DIRECTORY_NAMES: ReadonlyMap<string, string> = new Map([
  [`${EDU_PERSON}1`, 'eduPersonAffiliation'],
  [`${EDU_PERSON}2`, 'eduPersonNickname'],
  [`${EDU_PERSON}3`, 'eduPersonOrgDN'],
  [`${EDU_PERSON}4`, 'eduPersonOrgUnitDN'],
  [`${EDU_PERSON}5`, 'eduPersonPrimaryAffiliation'],
  [`${EDU_PERSON}6`, 'eduPersonPrincipalName'],
  [`${EDU_PERSON}7`, 'eduPersonEntitlement'],
  [`${EDU_PERSON}8`, 'eduPersonPrimaryOrgUnitDN'],
  [`${EDU_PERSON}9`, 'eduPersonScopedAffiliation'],
  [`${EDU_PERSON}10`, 'eduPersonTargetedID'],
  [`${EDU_PERSON}11`, 'eduPersonAssurance'],
  [`${EDU_ORG}2`, 'eduOrgHomePageURI'],
  [`${EDU_ORG}3`, 'eduOrgIdentityAuthNPolicyURI'],
  [`${EDU_ORG}4`, 'eduOrgLegalName'],
  [`${EDU_ORG}5`, 'eduOrgSuperiorURI'],
  [`${EDU_ORG}6`, 'eduOrgWhitePagesURI'],
  ['urn:oid:2.5.4.3', 'cn'],
  ['2.5.4.3', 'commonName'],
  ['2.5.4.4', 'surname'],
  ['2.5.4.42', 'givenName'],
  ['2.5.4.45', 'x500UniqueIdentifier'],
  ['0.9.2342.19200300.100.1.1', 'uid'],
  ['0.9.2342.19200300.100.1.3', 'mail'],
  ['0.9.2342.19200300.100.1.45', 'organizationStatus'],
  [`${IDENTITY_CLAIMS}name`, 'name'],
  [`${IDENTITY_CLAIMS}givenname`, 'givenName'],
  [`${IDENTITY_CLAIMS}surname`, 'surname'],
  [`${IDENTITY_CLAIMS}emailaddress`, 'mail'],
  [`${SOAP_CLAIMS}CommonName`, 'commonName'],
  ['http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid', 'uid'],
]);

/**
 * The short names that AWS types as lists and that directories fill with several values. They are lists even with one
 * value, so that a policy which forgets the set operator fails for everybody and at once (wire-spec 6.4).
 */
const LISTS: ReadonlySet<string> = new Set(
  [
    'eduPersonAffiliation',
    'eduPersonNickname',
    'eduPersonOrgUnitDN',
    'eduPersonEntitlement',
    'eduPersonScopedAffiliation',
    'eduPersonTargetedID',
    'eduPersonAssurance',
    'eduOrgHomePageURI',
    'eduOrgIdentityAuthNPolicyURI',
    'eduOrgLegalName',
    'eduOrgSuperiorURI',
    'eduOrgWhitePagesURI',
  ].map((name) => name.toLowerCase()),
);

/**
 * What a verified assertion says as condition keys: AWS's own, and every attribute as `saml:<Name>` and, where it is a
 * directory attribute, by AWS's short name as well.
 *
 * One value is a text, several are a list, list-typed names are always lists; an attribute without values has no key.
 * The attributes that steer the session (`https://aws.amazon.com/SAML/Attributes/…`) have none, as with AWS.
 *
 * @throws FederationError `invalid-identity-token` where two different values would share a key
 * @see wire-spec 4, 6.4
 */
export function samlConditionKeys(
  facts: ConditionFacts,
  provider: SamlProvider,
): ReadonlyMap<string, ContextValue> {
  const entries: Entry[] = [
    ['aud', facts.recipient],
    ['iss', facts.issuer],
    ['sub', facts.subject],
    ['sub_type', facts.subjectType],
    ['namequalifier', facts.nameQualifier],
    ['doc', `${provider.account}/${provider.name}`],
    ...attributeEntries(facts.attributes),
  ];
  const keys = new Map<string, ContextValue>();
  const taken = new Map<string, string>();
  for (const [name, value] of entries) {
    const text = JSON.stringify(value);
    // Names compare without case: of `sub` and `Sub`, or of two spellings of mail, either could be the one that a policy meant.
    if ((taken.get(name.toLowerCase()) ?? text) !== text)
      throw refuseResponse(RESPONSE_INVALID, `attributes give saml:${name} different values`);
    if (!taken.has(name.toLowerCase())) keys.set(`saml:${name}`, value);
    taken.set(name.toLowerCase(), text);
  }
  return keys;
}

type Entry = readonly [name: string, value: ContextValue];

function attributeEntries(attributes: SamlAttributes): readonly Entry[] {
  if (attributes.size > MAX_ATTRIBUTES)
    throw refuseResponse(RESPONSE_INVALID, `more than ${MAX_ATTRIBUTES} attributes`);
  return [...attributes]
    .filter(([name, values]) => values.length > 0 && !name.startsWith(AWS_ATTRIBUTE_PREFIX))
    .flatMap(([name, values]) => {
      const short = shortNameOf(name);
      const value = typed(short ?? name, values);
      return short === undefined
        ? [[name, value] as const]
        : [[name, value] as const, [short, value] as const];
    });
}

/** AWS lists the X.500 names without `urn:oid:`; the SAML X.500 profile, hence every identity provider, writes it. */
function shortNameOf(name: string): string | undefined {
  const bare = name.startsWith(OID) ? name.slice(OID.length) : name;
  return DIRECTORY_NAMES.get(name) ?? DIRECTORY_NAMES.get(bare);
}

function typed(name: string, values: readonly string[]): ContextValue {
  const [value, ...others] = values;
  return value === undefined || others.length > 0 || LISTS.has(name.toLowerCase()) ? values : value;
}
