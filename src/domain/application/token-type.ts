/** The types of tokens that can be exchanged, or asked for. @see RFC 8693 3 */
export const TOKEN_TYPES = {
  'access-token': 'urn:ietf:params:oauth:token-type:access_token',
  'id-token': 'urn:ietf:params:oauth:token-type:id_token',
  /** Any JWT: one of ours, or of a configured provider. */
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  saml2: 'urn:ietf:params:oauth:token-type:saml2',
  /** Temporary credentials of a role: `<access key id>:<secret access key>:<session token>`. */
  aws4: 'urn:rolebridge:params:oauth:token-type:aws4',
} as const;

export type TokenType = keyof typeof TOKEN_TYPES;
