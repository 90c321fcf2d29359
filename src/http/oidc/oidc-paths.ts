/** Where the provider answers, below the issuer. */
export const OIDC_PATHS = {
  authorization: '/oidc/authorize',
  token: '/oidc/token',
  userinfo: '/oidc/userinfo',
  jwks: '/oidc/jwks',
  introspection: '/oidc/introspect',
  revocation: '/oidc/revoke',
  pushedAuthorization: '/oidc/par',
  deviceAuthorization: '/oidc/device_authorization',
  endSession: '/oidc/logout',
  endSessionConfirm: '/oidc/logout/confirm',
  endSessionSuccess: '/oidc/logout/success',
  interaction: '/oidc/interaction',
  device: '/device',
} as const;
