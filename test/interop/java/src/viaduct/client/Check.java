// What must be so of what the server sent.
package viaduct.client;

public final class Check {
    private Check() { }

    public static void require(boolean isTrue, String otherwise) {
        if (!isTrue) {
            throw new IllegalStateException(otherwise);
        }
    }
}
