/// Keeps a value until the process ends, which frees all memory at once: to take thousands of records apart
/// just before takes a tenth of a command's time.
func keepToTheEnd<Value>(_ value: Value) { _ = Unmanaged.passRetained(Kept(value)) }

private final class Kept<Value> {
    private let value: Value

    init(_ value: Value) { self.value = value }
}
