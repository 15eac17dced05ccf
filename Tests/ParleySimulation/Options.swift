internal import ParleyCore

/// What the command line asks for.
struct Options {
    struct Fault: Error {
        let sentence: String
    }

    static let usage = """
        usage: parley-simulate --seeds A..B [--stride N] [--flaw NAME]    run these seeds, or every N-th
               parley-simulate --seed N [--flaw NAME]                     run one and print what happens
               parley-simulate --flaws                                    print the flaws that it should catch
        """

    var seeds: ClosedRange<UInt64> = 1...100
    var stride: UInt64 = 1
    /// One seed, with every event printed.
    var isReplay = false
    var flaw: Flaw?
    var listsFlaws = false

    init(_ arguments: [String]) throws(Fault) {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            if option == "--flaws" {
                listsFlaws = true
                continue
            }
            guard let value = rest.popFirst() else { throw Fault(sentence: "\(option) wants a value") }
            switch option {
            case "--seeds": seeds = try Self.range(value)
            case "--stride": stride = try Self.number(value)
            case "--flaw":
                guard let flaw = Flaw(rawValue: value) else {
                    throw Fault(sentence: "no flaw is named \(value)")
                }
                self.flaw = flaw
            case "--seed":
                let seed = try Self.number(value)
                (seeds, isReplay) = (seed...seed, true)
            default: throw Fault(sentence: "there is no option \(option)")
            }
        }
    }

    private static func number(_ text: String) throws(Fault) -> UInt64 {
        guard let number = UInt64(text), number > 0 else { throw Fault(sentence: "\(text) is no number") }
        return number
    }

    private static func range(_ text: String) throws(Fault) -> ClosedRange<UInt64> {
        let ends = text.split(separator: "..", omittingEmptySubsequences: false).map(String.init)
        guard ends.count == 2 else { throw Fault(sentence: "\(text) is no range; write 1..100") }
        let (first, last) = (try number(ends[0]), try number(ends[1]))
        guard first <= last else { throw Fault(sentence: "\(text) ends before it begins") }
        return first...last
    }
}
