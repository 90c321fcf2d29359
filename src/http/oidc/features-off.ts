import type { Configuration } from 'oidc-provider';

/** For a function of a feature that is off: it was never to be called. */
function off(): never {
  throw new Error('a feature that is off was used');
}

/** What the library could do and does not here, each with its reason. */
export const FEATURES_OFF = {
  /** Only for platforms that attest their applications: a workload's own platform token does that here. */
  attestClientAuth: {
    enabled: false,
    ack: undefined,
    additionalSecuritySignal: false,
    challengeSecret: undefined,
    getAttestationSignaturePublicKey: off,
    assertAttestationJwtAndPop: off,
  },
  /** Of every sign-out, wherever it begins, `tell-applications.ts` tells: in one way, bounded in time, counted. */
  backchannelLogout: { enabled: false },
  /** A login that begins elsewhere is what phishing looks like. */
  ciba: {
    enabled: false,
    deliveryModes: ['poll'],
    triggerAuthenticationDevice: off,
    validateBindingMessage: off,
    validateRequestContext: off,
    processLoginHintToken: off,
    processLoginHint: off,
    verifyUserCode: off,
  },
  /** Applications are those of the configuration, and no document of somebody else's adds one. */
  clientIdMetadataDocument: {
    enabled: false,
    ack: undefined,
    allowFetch: off,
    allowClient: off,
    cacheDuration: { min: 30, max: 30 },
  },
  /** Of the library's own development. */
  devInteractions: { enabled: false },
  /** TLS is on the way already; encrypted tokens only hide from the people they are about. */
  encryption: { enabled: false },
  /** Its rules that fit everybody are on for everybody; the profile as a whole would refuse what most applications send. */
  fapi: { enabled: false, profile: undefined },
  /** Introspection is JSON to a client that proved who it is. */
  jwtIntrospection: { enabled: false },
  /** `iss` in the response does against mix-up what they are for. */
  jwtResponseModes: { enabled: false },
  jwtUserinfo: { enabled: false },
  /** TLS ends at a proxy; keys are bound by DPoP. */
  mTLS: {
    enabled: false,
    certificateBoundAccessTokens: false,
    selfSignedTlsClientAuth: false,
    tlsClientAuth: false,
    getCertificate: off,
    certificateAuthorized: off,
    certificateSubjectMatches: off,
  },
  /** Nobody registers an application but an operator. */
  registration: {
    enabled: false,
    initialAccessToken: false,
    policies: undefined,
    idFactory: off,
    secretFactory: off,
    issueRegistrationAccessToken: false,
  },
  registrationManagement: { enabled: false, rotateRegistrationAccessToken: true },
  /** What may be done is decided by policies, not by what a client describes. */
  richAuthorizationRequests: {
    enabled: false,
    types: {},
    authorizationDetailsForGrantSource: off,
    authorizationDetailsForAccessToken: off,
    authorizationDetailsForIntrospection: off,
  },
  rpMetadataChoices: { enabled: false },
  /** Frames and windows of other origins are kept out by every page of ours. */
  webMessageResponseMode: { enabled: false, ack: undefined },
} as const satisfies Configuration['features'];
