import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { writeFault } from '#bridge/soap/fault.ts';
import { SOAP11_NS, SOAP12_NS, WSA_2004_NS, WSA_NS } from '#bridge/soap/namespaces.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { TRUST_13 } from '#test/support/ws-trust/rst.ts';

const FAULT = {
  party: 'Sender',
  code: { prefix: 'trust', uri: TRUST_13, local: 'InvalidRequest' },
  reason: 'The request was invalid or malformed',
} as const;

const texts = (element: XmlElement): readonly string[] =>
  element.children.flatMap((child) => (typeof child === 'string' ? [child] : texts(child)));

test('ws-trust W12: a SOAP 1.1 fault is Envelope, Body, Fault with faultcode and faultstring, nothing more', () => {
  const text = writeFault({ version: '1.1', addressing: undefined }, FAULT);

  assert.equal(
    text,
    `<s:Envelope xmlns:s="${SOAP11_NS}" xmlns:trust="${TRUST_13}"><s:Body><s:Fault>` +
      '<faultcode>trust:InvalidRequest</faultcode>' +
      '<faultstring>The request was invalid or malformed</faultstring></s:Fault></s:Body></s:Envelope>',
  );
  assert.equal(texts(parseXml(Buffer.from(text)).root).length, 2);
});

test('ws-trust W12: a SOAP 1.2 fault has one prefixed Subcode, no deeper one, and one Text; the prefix is declared on the Fault', () => {
  assert.equal(
    writeFault({ version: '1.2', addressing: undefined }, FAULT),
    `<s:Envelope xmlns:s="${SOAP12_NS}"><s:Body><s:Fault xmlns:s="${SOAP12_NS}" xmlns:trust="${TRUST_13}"><s:Code>` +
      '<s:Value>s:Sender</s:Value><s:Subcode><s:Value>trust:InvalidRequest</s:Value></s:Subcode></s:Code>' +
      '<s:Reason><s:Text xml:lang="en">The request was invalid or malformed</s:Text></s:Reason>' +
      '</s:Fault></s:Body></s:Envelope>',
  );
});

const ACTIONS = [
  [WSA_NS, `${WSA_NS}/soap/fault`, ''],
  [
    WSA_2004_NS,
    `${WSA_2004_NS}/fault`,
    `<a:To xmlns:a="${WSA_2004_NS}">${WSA_2004_NS}/role/anonymous</a:To>`,
  ],
] as const;
for (const [namespace, action, to] of ACTIONS)
  test(`ws-trust W12: addressing headers of ${namespace} only when the request had them`, () => {
    const addressing = { namespace, messageId: 'urn:uuid:1 & <more> é' };

    const text = writeFault({ version: '1.2', addressing }, FAULT);

    assert.ok(
      text.includes(
        `<s:Header><a:Action xmlns:a="${namespace}">${action}</a:Action>` +
          `<a:RelatesTo xmlns:a="${namespace}">urn:uuid:1 &amp; &lt;more&gt; &#xE9;</a:RelatesTo>${to}</s:Header>`,
      ),
      text,
    );
  });

test('SOAP 1.1 §4.4.1: the codes of SOAP itself stand in faultcode; in SOAP 1.2 they are the Code', () => {
  const fault = { ...FAULT, party: 'MustUnderstand' } as const;

  assert.match(
    writeFault({ version: '1.1', addressing: undefined }, fault),
    /<faultcode>s:MustUnderstand<\/faultcode>/,
  );
  assert.match(
    writeFault({ version: '1.2', addressing: undefined }, fault),
    /<s:Value>s:MustUnderstand<\/s:Value><s:Subcode><s:Value>trust:InvalidRequest</,
  );
});
