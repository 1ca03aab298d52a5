// Where the operator has all final answers of WS-Trust 1.3 come in collections, as its schema says: for clients that read nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { anRst, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aPost,
  aSecurityHeader,
  aWsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';

const PATH = '/ws-trust/soap12';
const profiles = changeEndpoints([GENERIC_PROFILE], [{ path: PATH, answersInCollections: true }]);

async function validatedAt(path: string, trust: string): Promise<string> {
  const children = '<t:ValidateTarget><TokenWrapper>a.b.c</TokenWrapper></t:ValidateTarget>';
  const body = anRst({ trust, requestType: `${trust}/Validate`, children });
  const header = `<a:Action>${trust}/RST/Validate</a:Action>${aSecurityHeader()}`;
  const request = anIssueRequest({ soap: '1.2', header, body }, { path });
  const answer = await aWsTrustSetting({ profiles }).front.handle(request);
  assert.equal(answer.status, 200, answer.body);
  return answer.body;
}

test('WS-Trust 1.3 §4.3: where the operator wants it the answer to Validate is a collection of one, and says the same', async () => {
  const [collection, bare] = await Promise.all([
    validatedAt(PATH, TRUST_13),
    validatedAt('/ws-trust', TRUST_13),
  ]);

  const [, inCollection] =
    /<trust:RequestSecurityTokenResponseCollection xmlns:trust="[^"]*">(.*)<\/trust:RequestSecurityTokenResponseCollection><\/s:Body>/.exec(
      collection,
    ) ?? [];
  const [, alone = ''] = /<s:Body>(.*)<\/s:Body>/.exec(bare) ?? [];
  assert.match(alone, /^<trust:RequestSecurityTokenResponse /);
  assert.equal(inCollection, alone.replace(/ xmlns:trust="[^"]*"/, ''));
  // The action of the text is that of one response either way.
  for (const body of [collection, bare])
    assert.ok(body.includes(`>${TRUST_13}/RSTR/ValidateFinal</a:Action>`), body);
});

test('WS-Trust February 2005 has no collection in any answer', async () => {
  assert.doesNotMatch(await validatedAt(PATH, TRUST_2005), /Collection/);
});

test('ws-trust §5: the WSDL says which port answers in collections, and no other does', async () => {
  const request = { ...aPost(''), method: 'GET', path: '/ws-trust', query: '?wsdl' };
  const { body } = await aWsTrustSetting({ profiles }).front.handle(request);

  const types = new Map(
    [...body.matchAll(/<wsdl:binding name="(\w+)_Binding" type="tns:(\w+)">/g)].map(
      ([, port = '', type = '']) => [port, type],
    ),
  );
  assert.deepEqual(Object.fromEntries(types), {
    TransportUT_Port: 'STS13',
    TransportUT_Soap12_Port: 'STSCollections13',
    TransportUT_2005_Port: 'STS2005',
    TransportUT_2005_Soap12_Port: 'STS2005',
  });
  const [, operations = ''] =
    /<wsdl:portType name="STSCollections13">(.*?)<\/wsdl:portType>/.exec(body) ?? [];
  const outputs = [...operations.matchAll(/<wsdl:output message="tns:(\w+)"/g)];
  assert.deepEqual(
    outputs.map(([, message]) => message),
    Array(4).fill('RequestSecurityTokenResponseCollection13'),
  );
});
