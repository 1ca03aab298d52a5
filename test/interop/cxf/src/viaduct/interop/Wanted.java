// The end a case must come to. A fault is wanted by its code: a refusal for another reason is not the refusal under test.
package viaduct.interop;

import java.util.Set;

record Wanted(Outcome.Kind kind, Set<String> faultCodes) {
    static final Wanted OK = new Wanted(Outcome.Kind.OK, Set.of());

    static Wanted fault(String... codes) {
        return new Wanted(Outcome.Kind.FAULT, Set.of(codes));
    }

    boolean isMetBy(Outcome outcome) {
        return outcome.kind() == kind
            && (kind == Outcome.Kind.OK || faultCodes.contains(outcome.line().replaceFirst("^fault=", "")));
    }

    String description() {
        return kind == Outcome.Kind.OK ? "ok" : "fault " + String.join(" or ", faultCodes);
    }
}
