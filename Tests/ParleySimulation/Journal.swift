/// What happened in a run, one line an event: printed on request, and always hashed, so that two runs of one
/// seed can be compared across processes and builds.
final class Journal {
    private let prints: Bool
    private var hash = StableHash()
    private var step = 0

    init(prints: Bool) { self.prints = prints }

    func nextStep() { step += 1 }

    func note(_ event: String) {
        hash.add(event)
        if prints { print("\(step)\t\(event)") }
    }

    func add(_ number: UInt64) { hash.add(number) }

    var digest: String {
        let digits = String(hash.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
