// Says of each assertion in a folder whether OpenSAML takes it: conditions, confirmation and statements. Signatures are left out.
//   AssertionVerdicts FOLDER AUDIENCE RECIPIENT CERTIFICATE-OF-THE-PRESENTER
package viaduct.wss4j;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.shibboleth.shared.xml.ParserPool;
import net.shibboleth.shared.xml.impl.BasicParserPool;
import org.apache.wss4j.common.saml.OpenSAMLUtil;
import org.opensaml.core.xml.util.XMLObjectSupport;
import org.opensaml.saml.common.assertion.ValidationContext;
import org.opensaml.saml.saml2.assertion.SAML20AssertionValidator;
import org.opensaml.saml.saml2.assertion.SAML2AssertionValidationParameters;
import org.opensaml.saml.saml2.assertion.impl.AudienceRestrictionConditionValidator;
import org.opensaml.saml.saml2.assertion.impl.AuthnStatementValidator;
import org.opensaml.saml.saml2.assertion.impl.BearerSubjectConfirmationValidator;
import org.opensaml.saml.saml2.assertion.impl.DelegationRestrictionConditionValidator;
import org.opensaml.saml.saml2.assertion.impl.HolderOfKeySubjectConfirmationValidator;
import org.opensaml.saml.saml2.assertion.impl.OneTimeUseConditionValidator;
import org.opensaml.saml.saml2.assertion.impl.ProxyRestrictionConditionValidator;
import org.opensaml.saml.saml2.core.Assertion;

final class AssertionVerdicts {
    private final ParserPool parsers;
    private final Map<String, Object> terms;

    private AssertionVerdicts(ParserPool parsers, Map<String, Object> terms) {
        this.parsers = parsers;
        this.terms = terms;
    }

    public static void main(String[] words) throws Exception {
        OpenSAMLUtil.initSamlEngine();
        var pool = new BasicParserPool();
        pool.initialize();
        var verdicts = new AssertionVerdicts(pool, terms(words[1], words[2], certificateOf(Path.of(words[3]))));
        try (var files = Files.list(Path.of(words[0]))) {
            for (var file : files.filter(path -> path.toString().endsWith(".xml")).sorted().toList())
                System.out.println(file.getFileName() + " " + verdicts.of(Files.readAllBytes(file)));
        }
    }

    private static Certificate certificateOf(Path file) throws Exception {
        try (var stream = Files.newInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificate(stream);
        }
    }

    private static Map<String, Object> terms(String audience, String recipient, Certificate presenter) {
        var terms = new HashMap<String, Object>();
        terms.put(SAML2AssertionValidationParameters.SIGNATURE_REQUIRED, false);
        terms.put(SAML2AssertionValidationParameters.CLOCK_SKEW, Duration.ofSeconds(60));
        terms.put(SAML2AssertionValidationParameters.LIFETIME, Duration.ofDays(1));
        terms.put(SAML2AssertionValidationParameters.COND_VALID_AUDIENCES, Set.of(audience));
        terms.put(SAML2AssertionValidationParameters.SC_VALID_RECIPIENTS, Set.of(recipient));
        terms.put(SAML2AssertionValidationParameters.SC_CHECK_ADDRESS, false);
        terms.put(SAML2AssertionValidationParameters.SC_HOK_PRESENTER_CERT, presenter);
        terms.put(SAML2AssertionValidationParameters.STMT_AUTHN_CHECK_ADDRESS, false);
        return terms;
    }

    private String of(byte[] text) {
        try {
            var assertion = (Assertion) XMLObjectSupport.unmarshallFromInputStream(parsers, new ByteArrayInputStream(text));
            var context = new ValidationContext(terms);
            var result = validator().validate(assertion, context);
            return result + " " + String.join("; ", context.getValidationFailureMessages()).replace('\n', ' ');
        } catch (Exception problem) {
            return "ERROR " + problem.getMessage();
        }
    }

    private static SAML20AssertionValidator validator() {
        return new SAML20AssertionValidator(
                List.of(
                        new AudienceRestrictionConditionValidator(),
                        new OneTimeUseConditionValidator((context, id, expires) -> true, null),
                        new ProxyRestrictionConditionValidator(),
                        new DelegationRestrictionConditionValidator()),
                List.of(new BearerSubjectConfirmationValidator(), new HolderOfKeySubjectConfirmationValidator()),
                List.of(new AuthnStatementValidator()),
                null,
                null,
                null);
    }
}
