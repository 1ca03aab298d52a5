// The end a case must come to. A fault is wanted by its code: a refusal for another reason is not the refusal under test.
package viaduct.client;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** @param lines any of these; none for whatever was asked for */
public record Wanted(String description, Set<String> lines) {
    public static final Wanted OK = new Wanted("ok", Set.of());

    static Wanted line(String line) {
        return new Wanted(line, Set.of(line));
    }

    public static Wanted fault(String... codes) {
        return new Wanted("fault " + String.join(" or ", codes),
            Stream.of(codes).map(code -> Outcome.fault(code).line()).collect(Collectors.toSet()));
    }

    boolean isMetBy(Outcome outcome) {
        return lines.isEmpty() ? outcome.line().startsWith("ok ") : lines.contains(outcome.line());
    }
}
