<?php
// Asks for tokens with SoapClient, as PHP programs do that have the address of a WSDL, or of AD FS: the credential is a SoapHeader that the
// program writes, the request is XML in the `any` of the WSDL, or the whole Body. Each assertion is verified with DOM and OpenSSL.

declare(strict_types=1);

const TRUST_13 = 'http://docs.oasis-open.org/ws-sx/ws-trust/200512';
const TRUST_2005 = 'http://schemas.xmlsoap.org/ws/2005/02/trust';
const SAML11 = 'urn:oasis:names:tc:SAML:1.0:assertion';
const SAML20 = 'urn:oasis:names:tc:SAML:2.0:assertion';
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const PASSWORD_TEXT = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText';
const WSA = 'http://www.w3.org/2005/08/addressing';
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const NOBODY = 'urn:viaduct:interop:nobody';

$options = getopt('', array_map(
    fn (string $name): string => "$name:",
    ['url', 'tls-cert', 'saml-cert', 'user', 'password-file', 'applies-to'],
));
foreach (['url', 'tls-cert', 'saml-cert', 'user', 'password-file', 'applies-to'] as $name) {
    if (!isset($options[$name])) {
        fwrite(STDERR, "--$name is missing\n");
        exit(2);
    }
}
$password = rtrim(file_get_contents($options['password-file']));
$origin = preg_replace('#^(https://[^/]+).*$#', '$1', $options['url']);

function quoted(string $text): string
{
    return htmlspecialchars($text, ENT_XML1 | ENT_QUOTES);
}

function credential(string $user, string $password): SoapHeader
{
    $now = time();
    $times = sprintf(
        '<u:Timestamp><u:Created>%s</u:Created><u:Expires>%s</u:Expires></u:Timestamp>',
        gmdate('Y-m-d\TH:i:s\Z', $now),
        gmdate('Y-m-d\TH:i:s\Z', $now + 300),
    );
    $token = sprintf(
        '<o:UsernameToken><o:Username>%s</o:Username><o:Password Type="%s">%s</o:Password></o:UsernameToken>',
        quoted($user),
        PASSWORD_TEXT,
        quoted($password),
    );
    $header = sprintf('<o:Security xmlns:o="%s" xmlns:u="%s">%s%s</o:Security>', WSSE, WSU, $times, $token);
    return new SoapHeader(WSSE, 'Security', new SoapVar($header, XSD_ANYXML));
}

/** The children of the request. */
function children(string $trust, string $type, string $target): string
{
    $bearer = $trust === TRUST_13 ? "$trust/Bearer" : 'http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey';
    $policy = 'http://schemas.xmlsoap.org/ws/2004/09/policy';
    $address = sprintf('<a:EndpointReference xmlns:a="%s"><a:Address>%s</a:Address></a:EndpointReference>', WSA, quoted($target));
    return "<t:TokenType xmlns:t=\"$trust\">$type</t:TokenType><t:RequestType xmlns:t=\"$trust\">$trust/Issue</t:RequestType>"
        . "<t:KeyType xmlns:t=\"$trust\">$bearer</t:KeyType><p:AppliesTo xmlns:p=\"$policy\">$address</p:AppliesTo>";
}

function settings(array $options, int $version): array
{
    $tls = ['cafile' => $options['tls-cert'], 'verify_peer' => true, 'verify_peer_name' => true];
    return [
        'trace' => true,
        'soap_version' => $version,
        'stream_context' => stream_context_create(['ssl' => $tls]),
        'cache_wsdl' => WSDL_CACHE_NONE,
    ];
}

/** The server answered with a fault, whose code has this local name; or the digest of the assertion is another. */
class Refused extends Exception
{
}

/** Gives the answer. Of a fault of SOAP 1.2 SoapFault tells Sender or Receiver; the code is in the answer alone. */
function answerTo(SoapClient $client, callable $call): string
{
    try {
        $call();
    } catch (SoapFault $fault) {
        $isRead = preg_match('#<s:Subcode><s:Value>([^<]*)<#', $client->__getLastResponse() ?? '', $found) === 1;
        throw new Refused(preg_replace('#^.*:#', '', $isRead ? $found[1] : $fault->faultcode), previous: $fault);
    }
    return $client->__getLastResponse();
}

/** From the WSDL: the operation is Issue, what it takes is any. */
function fromWsdl(array $options, int $version, string $password, string $type, string $target): string
{
    $client = new SoapClient("{$options['url']}?wsdl", settings($options, $version));
    $client->__setSoapHeaders([credential($options['user'], $password)]);
    return answerTo($client, fn () => $client->Issue(['any' => children(TRUST_13, $type, $target)]));
}

/** Without a WSDL, as scripts for AD FS do it: SOAP 1.2, WS-Addressing, and the Body as it is. */
function atAddress(array $options, string $address, string $trust, string $password, string $type, string $target): string
{
    $form = ['location' => $address, 'uri' => $trust, 'style' => SOAP_DOCUMENT, 'use' => SOAP_LITERAL];
    $client = new SoapClient(null, $form + settings($options, SOAP_1_2));
    $client->__setSoapHeaders([
        new SoapHeader(WSA, 'Action', "$trust/RST/Issue", true),
        new SoapHeader(WSA, 'To', $address, true),
        credential($options['user'], $password),
    ]);
    $request = "<t:RequestSecurityToken xmlns:t=\"$trust\">" . children($trust, $type, $target) . '</t:RequestSecurityToken>';
    $body = new SoapVar($request, XSD_ANYXML);
    $action = ['soapaction' => "$trust/RST/Issue"];
    return answerTo($client, fn () => $client->__soapCall('RequestSecurityToken', [$body], $action));
}

/** Verifies the assertion in an answer: what it refers to, the digest, the signature. Gives the subject and the audience. */
function check(string $answer, string $type, array $options): string
{
    $document = new DOMDocument();
    $document->loadXML($answer);
    $found = $document->getElementsByTagNameNS($type, 'Assertion');
    if ($found->length !== 1) {
        throw new Exception("{$found->length} assertions of the type");
    }
    // Cut out, as it is stored or sent on.
    $cut = new DOMDocument();
    $cut->loadXML($document->saveXML($found->item(0)));
    $assertion = $cut->documentElement;
    $path = new DOMXPath($cut);
    $path->registerNamespace('ds', DS);
    $path->registerNamespace('s', $type);
    $id = $assertion->getAttribute($type === SAML20 ? 'ID' : 'AssertionID');
    if ($path->evaluate('string(//ds:Reference/@URI)') !== "#$id") {
        throw new Exception('the signature does not cover the assertion');
    }
    $signed = $path->query('/s:Assertion/ds:Signature/ds:SignedInfo')->item(0)->C14N(true);
    $value = base64_decode($path->evaluate('string(//ds:SignatureValue)'));
    $key = openssl_pkey_get_public(file_get_contents($options['saml-cert']));
    if (openssl_verify($signed, $value, $key, OPENSSL_ALGO_SHA256) !== 1) {
        throw new Exception('the signature is wrong');
    }
    $digest = $path->evaluate('string(//ds:DigestValue)');
    $assertion->removeChild($path->query('/s:Assertion/ds:Signature')->item(0));
    if (base64_encode(hash('sha256', $assertion->C14N(true), true)) !== $digest) {
        throw new Refused('digest');
    }
    $subject = $path->evaluate($type === SAML20 ? 'string(//s:NameID)' : 'string(//s:NameIdentifier)');
    return "subject=$subject audience={$path->evaluate('string(//s:Audience)')}";
}

$cases = [];
foreach (['soap11' => SOAP_1_1, 'soap12' => SOAP_1_2] as $soap => $version) {
    foreach (['saml11' => SAML11, 'saml2' => SAML20] as $name => $type) {
        $cases["wsdl-$soap-$name"] = [null, $type, fn () => fromWsdl($options, $version, $password, $type, $options['applies-to'])];
    }
    $cases["wsdl-$soap-wrong-password"]
        = ['FailedAuthentication', SAML20, fn () => fromWsdl($options, $version, "$password-wrong", SAML20, $options['applies-to'])];
    $cases["wsdl-$soap-unknown-applies-to"] = ['InvalidScope', SAML20, fn () => fromWsdl($options, $version, $password, SAML20, NOBODY)];
}
$cases['wsdl-changed'] = [
    'digest',
    SAML20,
    fn () => str_replace(
        '@example.org<',
        '@example.com<',
        fromWsdl($options, SOAP_1_1, $password, SAML20, $options['applies-to']),
    ),
];
foreach (['13' => TRUST_13, '2005' => TRUST_2005] as $folder => $trust) {
    $address = "$origin/adfs/services/trust/$folder/UsernameMixed";
    foreach (['saml11' => SAML11, 'saml2' => SAML20] as $name => $type) {
        $cases["adfs-$folder-$name"] = [null, $type, fn () => atAddress($options, $address, $trust, $password, $type, $options['applies-to'])];
    }
    $cases["adfs-$folder-wrong-password"]
        = ['FailedAuthentication', SAML20, fn () => atAddress($options, $address, $trust, "$password-wrong", SAML20, $options['applies-to'])];
}

$allAsWanted = true;
foreach ($cases as $name => [$fault, $type, $call]) {
    try {
        $line = 'ok ' . check($call(), $type, $options);
    } catch (Refused $refused) {
        $line = "fault={$refused->getMessage()}";
    } catch (Throwable $problem) {
        $line = 'error=' . get_class($problem) . ": {$problem->getMessage()}";
    }
    $wanted = $fault === null ? 'ok' : "fault=$fault";
    $isAsWanted = explode(' ', $line)[0] === $wanted;
    $allAsWanted = $allAsWanted && $isAsWanted;
    echo "case $name $line", $isAsWanted ? '' : " UNEXPECTED, wanted $wanted", "\n";
}
exit($allAsWanted ? 0 : 1);
