// Messages under a secret, torn apart and put together at random: by who captured one, and by who has the secret and signs no more than the
// policy wants (xml-security D5, E9).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  aSecretMessage,
  aSecretSetting,
  openAnswer,
  type SecretWishes,
  sendSecretly,
  withDerivedKeys,
} from '#test/support/soap/secret-message.ts';
import { USER } from '#test/support/ws-trust/ws-trust.ts';

const secret = Buffer.alloc(32, 5);
const FORMS: readonly SecretWishes[] = [{ secret }, withDerivedKeys(secret)];
const NAMES =
  'EncryptedKey EncryptedData ReferenceList DataReference EncryptionMethod CipherData CipherValue KeyInfo SecurityTokenReference Reference DerivedKeyToken Nonce Length Timestamp Created UsernameToken Password Signature SignedInfo Transforms DigestValue Security Action To Body Envelope';

/** Where elements of these names stand. */
function spansOf(message: string): readonly string[] {
  return NAMES.split(' ').flatMap((local) => [
    ...new Set(message.match(new RegExp(`<(\\w+:${local})(?: [^>]*)?(?:/>|>.*?</\\1>)`, 'gs'))),
  ]);
}

type Tear = (message: string) => string;

const tear: fc.Arbitrary<Tear> = fc.oneof(
  fc
    .tuple(fc.nat(), fc.nat(), fc.constantFrom('drop', 'double', 'replace', 'before', 'behind'))
    .map(([first, second, how]) => (message: string) => {
      const spans = spansOf(message);
      const [one = '', other = ''] = [spans[first % spans.length], spans[second % spans.length]];
      const changed = {
        drop: '',
        double: one + one,
        replace: other,
        before: other + one,
        behind: one + other,
      }[how];
      return message.replace(one, () => changed);
    }),
  fc
    .tuple(fc.nat(), fc.constantFrom('', '<', '"', 'A', '#', '&', '\0', '<!--x-->', 'é'))
    .map(([at, text]) => (message: string) => {
      const place = at % message.length;
      return message.slice(0, place) + text + message.slice(place + 1);
    }),
  fc.tuple(fc.nat(), fc.nat()).map(([first, second]) => (message: string) => {
    const ids = [...new Set([...message.matchAll(/Id="([^"]+)"/g)].map(([, id = '']) => id))];
    const [one = '', other = ''] = [ids[first % ids.length], ids[second % ids.length]];
    return message.replace(`"#${one}"`, `"#${other}"`);
  }),
  fc
    .tuple(fc.nat(), fc.nat(), fc.constantFrom('Id', 'wsu:Id', 'xml:id', 'Type', 'Algorithm'))
    .map(([first, second, name]) => (message: string) => {
      const ids = [...message.matchAll(/Id="([^"]+)"/g)].map(([, id = '']) => id);
      const tags = [...message.matchAll(/<[\w:]+(?=[ >])/g)];
      const { index = 0, 0: tag } = tags[first % tags.length] ?? { 0: '' };
      const at = index + tag.length;
      const id = ids[second % ids.length] ?? '';
      return `${message.slice(0, at)} ${name}="${id}"${message.slice(at)}`;
    }),
);

const tears = fc.array(tear, { minLength: 1, maxLength: 3 });
const torn =
  (changes: readonly Tear[]): Tear =>
  (message) =>
    changes.reduce((text, change) => change(text), message);

/** It is refused as any message is, or it is the one that was sent. */
async function requireSound(message: string): Promise<void> {
  const setting = aSecretSetting();

  const answer = await sendSecretly(message, setting);

  assert.deepEqual(setting.errors, []);
  if (answer.status === 500) {
    assert.notEqual(answer.reason, 'server-error');
    assert.deepEqual(setting.asked, []);
    return;
  }
  assert.equal(answer.status, 200);
  assert.equal(setting.asked.length, 1);
  assert.equal(setting.asked[0]?.requestor.id, USER.name);
  assert.match(openAnswer(answer.body, secret), /<saml:Assertion /);
}

describe('xml-security D5: a torn message under a secret is refused, or is what it was', () => {
  for (const [index, form] of FORMS.entries()) {
    const what = index === 0 ? 'the secret itself' : 'derived keys';

    test(`by who captured it: ${what}`, async () => {
      const whole = aSecretMessage(form);
      await fc.assert(
        fc.asyncProperty(tears, (changes) => requireSound(torn(changes)(whole))),
        { numRuns: 200 },
      );
    });

    test(`by who has its secret: ${what}`, async () => {
      await fc.assert(
        fc.asyncProperty(tears, async (changes) => {
          const edit = torn(changes);
          let message = '';
          try {
            message = aSecretMessage({ ...form, edit });
          } catch {
            // What was to be encrypted is not there any more.
            fc.pre(false);
          }
          await requireSound(message);
        }),
        { numRuns: 200 },
      );
    });
  }
});
