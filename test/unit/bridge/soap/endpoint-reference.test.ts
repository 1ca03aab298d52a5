// Endpoint references: what may stand beside the address without naming another endpoint.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAddress } from '#bridge/soap/endpoint-reference.ts';
import { WSA_2004_NS, WSA_NS } from '#bridge/soap/namespaces.ts';
import { assertRefused, parse } from '#test/support/xml/refusal.ts';

const read = (namespace: string, children: string) =>
  readAddress(
    parse(`<b:EndpointReference xmlns:b="${namespace}">${children}</b:EndpointReference>`).root,
    namespace,
  );
const ADDRESS = '<b:Address> urn:a\n</b:Address>';
const IDENTITY =
  '<Identity xmlns="http://schemas.xmlsoap.org/ws/2006/02/addressingidentity"><Dns>a.example</Dns></Identity>';

for (const namespace of [WSA_NS, WSA_2004_NS]) {
  for (const beside of [
    '',
    '<b:Metadata><x xmlns="urn:x"/></b:Metadata>',
    '<b:PortType>b:x</b:PortType>',
    '<b:ServiceName>b:x</b:ServiceName>',
    '<b:ReferenceParameters/>',
    '<b:ReferenceProperties> </b:ReferenceProperties>',
    IDENTITY,
  ])
    test(`WS-Addressing §2: the address in ${namespace} is read beside ${beside || 'nothing'}`, () => {
      assert.equal(read(namespace, ADDRESS + beside), 'urn:a');
      assert.equal(read(namespace, beside + ADDRESS), 'urn:a');
    });

  for (const beside of [
    '<b:ReferenceParameters><x xmlns="urn:x"/></b:ReferenceParameters>',
    '<b:ReferenceProperties><x xmlns="urn:x"/></b:ReferenceProperties>',
    '<b:Other/>',
    '<Metadata xmlns="urn:x"/>',
    '<ReferenceParameters xmlns="urn:x"/>',
  ])
    test(`WS-Addressing §2: refuses ${beside} beside the address in ${namespace}: it may name another endpoint`, () => {
      assertRefused(() => read(namespace, ADDRESS + beside), 'element-unexpected');
    });

  test(`WS-Addressing §2: refuses an address in ${namespace} that is missing, empty or there twice`, () => {
    assertRefused(() => read(namespace, ''), 'element-missing');
    assertRefused(() => read(namespace, '<b:Address> </b:Address>'), 'text-malformed');
    assertRefused(() => read(namespace, ADDRESS + ADDRESS), 'element-repeated');
  });
}
