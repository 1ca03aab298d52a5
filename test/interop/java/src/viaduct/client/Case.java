// One call with its wanted end.
package viaduct.client;

import java.util.List;

/** @param <S> the server under test, as the client knows it */
public record Case<S>(String name, Wanted wanted, Call<S> call) {

    /** What a case does with the server; it returns what was found, as the end of a line, or throws. */
    public interface Call<S> {
        String run(S server) throws Exception;
    }

    /** @param wanted the one line that is wanted */
    public Case(String name, String wanted, Call<S> call) {
        this(name, Wanted.line(wanted), call);
    }

    /** The cases asked for, or all; `wso2-*` means all whose name begins so. */
    public static <S> List<Case<S>> chosen(List<Case<S>> all, List<String> names) {
        for (var wanted : names) {
            if (all.stream().noneMatch(one -> one.isNamed(wanted))) {
                throw new IllegalArgumentException(
                    "no case " + wanted + "; there are " + String.join(" ", all.stream().map(Case::name).toList()));
            }
        }
        return names.isEmpty() ? all : all.stream().filter(one -> names.stream().anyMatch(one::isNamed)).toList();
    }

    private boolean isNamed(String wanted) {
        return wanted.endsWith("*")
            ? name.startsWith(wanted.substring(0, wanted.length() - 1))
            : name.equals(wanted);
    }
}
