/** Somebody who may be picked on a sign-in page, made up like everything here. */
export type DemoPerson = {
  /** In the page's form, and part of nothing else. */
  readonly id: string;
  /** What the provider calls them for ever. */
  readonly subject: string;
  readonly name: string;
  readonly email: string;
  /** What is worth knowing before one picks them. */
  readonly note: string;
};

/** Google's subjects are numbers of 21 digits. `hostedDomain`: of a Workspace account, and absent from a private one. */
export const GOOGLE_PEOPLE: readonly (DemoPerson & { readonly hostedDomain?: string })[] = [
  {
    id: 'maya',
    subject: '100000000000000000001',
    name: 'Maya Chen',
    email: 'maya@acme.example',
    hostedDomain: 'acme.example',
    note: 'On call: may become production-admin with a second factor',
  },
  {
    id: 'tom',
    subject: '100000000000000000002',
    name: 'Tom Okafor',
    email: 'tom@acme.example',
    hostedDomain: 'acme.example',
    note: 'Of acme.example: may read',
  },
  {
    id: 'lena',
    subject: '100000000000000000003',
    name: 'Lena Vogt',
    email: 'lena@mail.example',
    note: 'A private account: not let in',
  },
];

export const COGNITO_PEOPLE: readonly (DemoPerson & {
  readonly groups: readonly string[];
  readonly department: string;
})[] = [
  {
    id: 'priya',
    subject: '7d1c7c52-2b1f-4b8e-9a52-5e0b6a3f1d01',
    name: 'Priya Nair',
    email: 'priya@partner.example',
    groups: ['developers'],
    department: 'engineering',
    note: 'Group developers',
  },
  {
    id: 'jonas',
    subject: '7d1c7c52-2b1f-4b8e-9a52-5e0b6a3f1d02',
    name: 'Jonas Weber',
    email: 'jonas@partner.example',
    groups: ['developers', 'release-managers'],
    department: 'platform',
    note: 'Groups developers and release-managers',
  },
  {
    id: 'sofia',
    subject: '7d1c7c52-2b1f-4b8e-9a52-5e0b6a3f1d03',
    name: 'Sofia Rossi',
    email: 'sofia@partner.example',
    groups: [],
    department: 'design',
    note: 'In no group: signs in and finds no role',
  },
];

export const CORPORATE_PEOPLE: readonly (DemoPerson & {
  readonly department: string;
  readonly roles: readonly string[];
})[] = [
  {
    id: 'alice',
    subject: 'alice',
    name: 'Alice Martin',
    email: 'alice@corp.acme.example',
    department: 'engineering',
    roles: ['reports', 'billing'],
    note: 'Engineering: may read reports',
  },
  {
    id: 'bob',
    subject: 'bob',
    name: 'Bob Keller',
    email: 'bob@corp.acme.example',
    department: 'finance',
    roles: ['reports', 'billing'],
    note: 'Finance: may see invoices',
  },
];
