import { describe, expect, it } from 'vitest';
import { allowsWith, deniesWith } from './fixtures.ts';

const KEY = 'aws:RequestTag/value';

/** Operator, value of the policy, value of the request. */
type Row = readonly [operator: string, operand: unknown, actual: string];

function holds([operator, operand, actual]: Row): boolean {
  return allowsWith({ [operator]: { [KEY]: operand } }, { [KEY]: actual });
}

describe('operators that hold (wire-spec 6.4)', () => {
  it.each<Row>([
    ['NumericEquals', '1', '01'],
    ['NumericEquals', '1', '1.'],
    ['NumericEquals', '1', '1.000'],
    ['NumericEquals', '0.5', '.5'],
    ['NumericEquals', '-0', '0'],
    ['NumericEquals', '100', '1e2'],
    ['NumericEquals', '1e-2', '0.01'],
    ['NumericNotEquals', '9007199254740993', '9007199254740992'],
    ['NumericNotEquals', 'NaN', 'NaN'],
    ['NumericNotEquals', 'Infinity', 'Infinity'],
    ['NumericNotEquals', '1', 'text'],
    ['NumericNotEquals', 'text', '1'],
    ['NumericLessThan', '-1', '-2'],
    ['NumericLessThan', '10', '9.99'],
    ['NumericGreaterThan', '1e-5', '1e5'],
    ['NumericLessThanEquals', 10, '10'],
    ['NumericGreaterThanEquals', '0.1', '0.10'],
    ['NumericLessThan', '1', '-1e99999'],
    ['DateEquals', '2030-01-01', '2030-01-01T00:00:00Z'],
    ['DateEquals', '1893456000', '2030-01-01T00:00Z'],
    ['DateEquals', '2030-01-01T00:00:00.123Z', '2030-01-01T00:00:00.1239999Z'],
    ['DateEquals', '2030-01-01T01:00:00+01:00', '2030-01-01T00:00:00Z'],
    ['DateEquals', '2029-12-31T22:30:00-01:30', '2030-01-01T00:00:00'],
    ['DateNotEquals', '2030-01-01', '2030-02-30'],
    ['DateLessThan', '2030-01-01', '2029-12-31T23:59:59.999Z'],
    ['DateGreaterThanEquals', '2030-01-01', '2030-01-01'],
    ['Bool', true, 'true'],
    ['Bool', 'nonsense', 'false'],
    ['BinaryEquals', 'AAECAw==', 'AAECAw=='],
    ['IpAddress', '2001:db8::/32', '2001:0DB8:0:0::1'],
    ['IpAddress', '::ffff:192.0.2.0/120', '::ffff:192.0.2.7'],
    ['IpAddress', '::/0', 'fe80::1'],
    ['IpAddress', '192.0.2.128/25', '192.0.2.200'],
    ['NotIpAddress', 'not-an-address', '192.0.2.1'],
    ['NotIpAddress', '::/0', '192.0.2.1'],
    ['ArnLike', 'arn:aws:s3:::b*', 'arn:aws:s3:::bucket/key:with:colons'],
    ['ArnLike', 'arn:aws:iam::*:role/${aws:username}', 'arn:aws:iam::1:role/alice'],
    ['ArnNotLike', 'not-an-arn', 'arn:aws:s3:::b'],
    ['StringLike', '${aws:username}*', 'alice-2'],
    ['StringEquals', "${aws:PrincipalTag/none, 'fallback'}", 'fallback'],
    ['StringEquals', "${aws:PrincipalTag/none,''}", ''],
    ['StringNotEquals', '${aws:PrincipalTag/none}', 'anything'],
    ['StringEquals', '${*}${?}${$}', '*?$'],
    ['stringequalsIGNOREcase', 'ΑΣ', 'ας'],
    ['StringNotEquals', [], 'anything'],
  ])('%s %j on %j', (...row) => {
    expect(holds(row)).toBe(true);
  });
});

describe('operators that do not hold (wire-spec 6.4)', () => {
  it.each<Row>([
    ['NumericEquals', 'NaN', 'NaN'],
    ['NumericEquals', '', ''],
    ['NumericEquals', '1', ' 1'],
    ['NumericEquals', '1', '0x1'],
    ['NumericEquals', '1', '1_0'],
    ['NumericEquals', '9007199254740993', '9007199254740992'],
    ['NumericEquals', '1', '1e9999999999'],
    ['NumericLessThan', '5', 'text'],
    ['NumericLessThan', 'text', '5'],
    ['NumericGreaterThan', '-1', '-2'],
    ['DateEquals', 'not-a-date', 'not-a-date'],
    ['DateEquals', '2030-03-02', '2030-02-30'],
    ['DateEquals', '2030-01-01', '2030-01-01T24:00:00Z'],
    ['DateEquals', '2030-01-02', '2030-01-01T25:00:00Z'],
    ['DateEquals', '2030-01-01', '2030-1-1'],
    ['DateLessThan', '2030-01-01', ''],
    ['Bool', 'true', 'yes'],
    ['Bool', 'yes', 'true'],
    ['BinaryEquals', 'YQ==', 'YQ'],
    ['BinaryEquals', 'YQ==', 'no-binary'],
    ['IpAddress', '192.0.2.0/24', '192.0.2.1/32'],
    ['IpAddress', '192.0.2.1', '192.0.2.01'],
    ['IpAddress', '192.0.2.0/33', '192.0.2.0'],
    ['IpAddress', '192.0.2.0/', '192.0.2.0'],
    ['IpAddress', '0.0.0.0/0', '1.2.3'],
    ['IpAddress', '0.0.0.0/0', '1.2.3.4.5'],
    ['IpAddress', '0.0.0.0/0', '1.2.3.256'],
    ['IpAddress', '::/0', '1::2::3'],
    ['IpAddress', '::/0', '1:2:3:4:5:6:7'],
    ['IpAddress', '::/0', '1:2:3:4:5:6:7:8::'],
    ['IpAddress', '::/0', 'fe80::1%eth0'],
    ['NotIpAddress', '192.0.2.0/24', 'not-an-address'],
    ['ArnLike', '*', 'arn:aws:s3:::b'],
    ['ArnLike', 'arn:aws:s3:*', 'arn:aws:s3:::b'],
    ['ArnLike', 'arn:aws:s3:::*', 'arn:aws:s3'],
    ['ArnNotLike', 'arn:aws:s3:::*', 'arn:aws:s3'],
    ['StringLike', '${aws:PrincipalTag/none}*', 'anything'],
    ['StringEquals', '${aws:PrincipalTag/none}', ''],
    ['StringEqualsIgnoreCase', 'ſ', 's'],
    ['StringEqualsIgnoreCase', 'ß', 'SS'],
    ['StringEqualsIgnoreCase', 'İ', 'i'],
    ['StringEquals', [], ''],
  ])('%s %j on %j', (...row) => {
    expect(holds(row)).toBe(false);
  });
});

describe('absent, present and multivalued keys (wire-spec 6.4, table)', () => {
  it.each([
    ['StringEquals', false],
    ['StringNotEquals', true],
    ['StringEqualsIfExists', true],
    ['StringNotEqualsIfExists', true],
    ['ForAnyValue:StringEquals', false],
    ['ForAnyValue:StringNotEquals', false],
    ['ForAllValues:StringEquals', true],
    ['ForAllValues:StringNotEquals', true],
    ['ForAnyValue:StringEqualsIfExists', true],
    ['Bool', false],
    ['NotIpAddress', true],
    ['ArnLike', false],
  ])('%s on an absent key, and on an empty list, is %s', (operator, expected) => {
    expect(allowsWith({ [operator]: { 'aws:TagKeys': 'team' } }, {})).toBe(expected);
    expect(allowsWith({ [operator]: { 'aws:TagKeys': 'team' } }, { 'aws:TagKeys': [] })).toBe(expected);
  });

  it.each([
    'StringEquals',
    'StringNotEquals',
    'StringEqualsIfExists',
    'StringNotEqualsIfExists',
    'StringLike',
  ])('%s never holds for a list, whatever is in it', (operator) => {
    const condition = { [operator]: { 'aws:TagKeys': 'team' } };
    for (const values of [['team'], ['env'], ['team', 'env'], 'team', 'env']) {
      expect(allowsWith(condition, { 'aws:TagKeys': values })).toBe(false);
    }
  });

  it.each([
    ['ForAnyValue:StringNotEquals', ['team', 'env'], true],
    ['ForAnyValue:StringNotEquals', ['team'], false],
    ['ForAllValues:StringNotEquals', ['env', 'stage'], true],
    ['forallvalues:StringLike', ['team', 'teams'], false],
    ['ForAllValues:StringEquals', ['team', 'team'], true],
  ])('%s team on %j is %s', (operator, values, expected) => {
    expect(allowsWith({ [operator]: { 'aws:TagKeys': 'team' } }, { 'aws:TagKeys': values })).toBe(expected);
  });

  it.each([
    [true, {}, true],
    ['TRUE', {}, true],
    ['false', {}, false],
    [['true', 'false'], {}, true],
    ['true', { [KEY]: '' }, false],
    ['false', { [KEY]: '' }, true],
    ['false', { [KEY]: ['a', 'b'] }, true],
    ['true', { [KEY]: [] }, true],
  ])('Null %j on %j is %s', (operand, context, expected) => {
    expect(allowsWith({ Null: { [KEY]: operand } }, context)).toBe(expected);
  });

  it('compares names of keys and variables without case, values with it', () => {
    expect(
      allowsWith({ StringEquals: { 'AWS:requesttag/VALUE': '${AWS:UserName}' } }, { [KEY]: 'alice' }),
    ).toBe(true);
    expect(
      allowsWith({ StringEquals: { 'AWS:requesttag/VALUE': '${AWS:UserName}' } }, { [KEY]: 'Alice' }),
    ).toBe(false);
  });
});

describe('what the request puts in cannot act as pattern or structure (wire-spec 6.5)', () => {
  const pattern = 'aws:PrincipalTag/pattern';

  it('takes a wildcard in a variable’s value literally', () => {
    const condition = { StringLike: { [KEY]: 'team-${aws:PrincipalTag/pattern}' } };
    expect(allowsWith(condition, { [KEY]: 'team-red', [pattern]: '*' })).toBe(false);
    expect(allowsWith(condition, { [KEY]: 'team-*', [pattern]: '*' })).toBe(true);
  });

  it('does not let a colon in a value move the parts of an ARN', () => {
    const condition = { ArnLike: { [KEY]: 'arn:aws:iam::${aws:PrincipalTag/pattern}:role/*' } };
    expect(allowsWith(condition, { [KEY]: 'arn:aws:iam::1:role/x:role/y', [pattern]: '1:role/x' })).toBe(
      false,
    );
    expect(allowsWith(condition, { [KEY]: 'arn:aws:iam::1:role/x', [pattern]: '1' })).toBe(true);
  });

  it('does not expand a variable inside a variable’s value', () => {
    const condition = { StringEquals: { [KEY]: '${aws:PrincipalTag/pattern}' } };
    expect(allowsWith(condition, { [KEY]: 'alice', [pattern]: '${aws:username}' })).toBe(false);
  });
});

describe('an ARN pattern that becomes no ARN through a variable fails closed (wire-spec 6.4)', () => {
  const context = { [KEY]: 'arn:aws:s3:::b', 'aws:PrincipalTag/p': 'no-arn' };

  it.each(['ArnLike', 'ArnNotLike', 'ArnEquals', 'ArnNotEquals', 'ArnLikeIfExists'])('%s', (operator) => {
    const condition = { [operator]: { [KEY]: '${aws:PrincipalTag/p}' } };
    expect(allowsWith(condition, context)).toBe(false);
    expect(deniesWith(condition, context)).toBe(true);
  });

  it.each(['ForAnyValue:ArnLike', 'ForAllValues:ArnNotLike'])('%s', (operator) => {
    const condition = { [operator]: { [KEY]: '${aws:PrincipalTag/p}' } };
    const list = { ...context, [KEY]: ['arn:aws:s3:::b', 'arn:aws:s3:::c'] };
    expect(allowsWith(condition, list)).toBe(false);
    expect(deniesWith(condition, list)).toBe(true);
  });

  it('does not need the operand in error when another one matches', () => {
    const condition = { ArnLike: { [KEY]: ['${aws:PrincipalTag/p}', 'arn:aws:s3:::*'] } };
    expect(allowsWith(condition, context)).toBe(true);
  });

  it('leaves a Deny without effect when another of its conditions is false', () => {
    const condition = { ArnLike: { [KEY]: '${aws:PrincipalTag/p}' }, StringEquals: { [KEY]: 'else' } };
    expect(deniesWith(condition, context)).toBe(false);
  });
});
