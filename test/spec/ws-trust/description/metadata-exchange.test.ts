// The metadata exchange (ws-trust §5): a WS-Transfer Get gets the WSDL, and nothing else passes for one or comes from its address.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { contentTypeOf } from '#bridge/soap/soap-version.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { anEnvelope, SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aPost,
  aWsTrustSetting,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';

const WSDL = 'http://schemas.xmlsoap.org/wsdl/';
const MEX_PATH = '/adfs/services/trust/mex';
const GET_ACTION = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get';
for (const soap of SOAP_VERSIONS)
  test(`ws-trust §5: a WS-Transfer Get over SOAP ${soap} gets the same document in mex:Metadata`, async () => {
    const header = `<a:Action s:mustUnderstand="1">${GET_ACTION}</a:Action><a:MessageID>urn:uuid:1</a:MessageID>`;
    const message = anEnvelope({ version: soap, header, body: '' });

    for (const path of [MEX_PATH, '/ws-trust']) {
      const answer = await aWsTrustSetting().front.handle(aPost(message, { soap, path }));

      const plain = await aWsTrustSetting().front.handle({
        ...aPost(''),
        method: 'GET',
        path,
        query: '?wsdl',
      });
      assert.equal(answer.headers['content-type'], contentTypeOf(soap));
      assert.ok(answer.body.includes(`>${GET_ACTION}Response</a:Action>`), answer.body);
      assert.ok(
        answer.body.includes(
          '<s:Body><mex:Metadata xmlns:mex="http://schemas.xmlsoap.org/ws/2004/09/mex"><mex:MetadataSection ' +
            `Dialect="${WSDL}" Identifier="${TRUST_13}/">${plain.body}</mex:MetadataSection></mex:Metadata></s:Body>`,
        ),
      );
      parseXml(Buffer.from(answer.body));
    }
  });

for (const path of [MEX_PATH, '/ws-trust'])
  test(`ws-trust W11: a WS-Transfer Get may have the address that is called as SOAPAction: ${path}`, async () => {
    const ask = (soapaction: string) => {
      const body = anEnvelope({
        version: '1.1',
        header: `<a:Action>${GET_ACTION}</a:Action>`,
        body: '',
      });
      const headers = { 'content-type': contentTypeOf('1.1'), soapaction };
      return aWsTrustSetting().front.handle(aPost(body, { path, headers }));
    };

    const answer = await ask(`"https://sts.example.org${path}"`);
    const elsewhere = await ask('"https://sts.example.org/other"');

    assert.equal(answer.status, 200, answer.body);
    assert.match(answer.body, /<mex:Metadata /);
    assert.equal(faultCodeOf(elsewhere), 'trust:InvalidRequest');
  });

test('ws-trust §5: an empty Body with no more than its address as SOAPAction asks for nothing', async () => {
  const headers = {
    'content-type': contentTypeOf('1.1'),
    soapaction: '"https://sts.example.org/ws-trust"',
  };

  const answer = await aWsTrustSetting().front.handle(
    aPost(anEnvelope({ version: '1.1', body: '' }), { headers }),
  );

  assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
});

test('ws-trust §5: the metadata address issues nothing', async () => {
  const setting = aWsTrustSetting();

  const answer = await setting.front.handle(anIssueRequest({ body: anRst() }, { path: MEX_PATH }));

  assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
  assert.deepEqual(setting.asked, []);
});

test('ws-trust §5: an empty Body without the action of a Get is no request for metadata', async () => {
  const answer = await aWsTrustSetting().front.handle(aPost(anEnvelope({ body: '' })));

  assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
});

test('xml-security A9: the action of a Get over a request to issue is refused, not answered', async () => {
  const header = `<a:Action>${GET_ACTION}</a:Action>`;

  const answer = await aWsTrustSetting().front.handle(anIssueRequest({ header }));

  assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
});
