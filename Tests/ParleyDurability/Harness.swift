internal import CFaultyDisk
internal import Foundation
internal import ParleyCore

/// What the command line asks for.
struct Options {
    enum Task: Equatable { case cuts, teeth, faults }

    var task = Task.cuts
    var cuts = 500
    var seed: UInt64 = 1
    var flaw: Flaw?

    /// - Throws: `Violation` for what it does not know.
    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            switch name {
            case "--teeth": task = .teeth
            case "--io-errors": task = .faults
            case "--cuts": cuts = try Self.value(of: name, &rest)
            case "--seed": seed = try Self.value(of: name, &rest)
            case "--flaw": flaw = try Self.value(of: name, &rest)
            default:
                throw Violation(
                    "usage: parley-powercut [--cuts N] [--seed S] [--flaw NAME] | --teeth | --io-errors")
            }
        }
    }

    private static func value<Value: LosslessStringConvertible>(
        of name: String, _ rest: inout ArraySlice<String>
    ) throws -> Value {
        guard let value = rest.popFirst().flatMap({ Value($0) }) else { throw Violation("\(name): a value?") }
        return value
    }
}

extension Flaw: LosslessStringConvertible {
    package init?(_ description: String) { self.init(rawValue: description) }
    package var description: String { rawValue }
}

/// Runs what was asked for, and prints how often.
struct Harness {
    static let cutsPerEpisode = 20
    /// What a power cut must bring to light, and the number of cuts within which it must.
    static let teeth: [Flaw] = [.synchronousNormal, .acknowledgedBeforeCommit, .leftMarkedLate]
    static let patience = 2000

    private let options: Options
    private let root: String

    init(_ options: Options, root: String) { (self.options, self.root) = (options, root) }

    func run() throws {
        switch options.task {
        case .cuts: try cutPower()
        case .teeth: try bite()
        case .faults:
            var sweep = try Sweep(root: root)
            let counts = try sweep.run()
            print("promise: io-error-points count=\(counts.points)")
        }
    }

    private func cutPower() throws {
        if let failure = live(cuts: options.cuts, with: options.flaw) {
            for line in failure.story.suffix(40) { print("  \(line)") }
            throw Violation("seed \(failure.seed), cut \(failure.cut): \(failure.reason)")
        }
        print(FaultyDiskReport(faulty_disk_counts()).text)
        print("promise: power-cuts count=\(faulty_disk_counts().cuts)")
    }

    private func live(cuts: Int, with flaw: Flaw?) -> Episode.Failure? {
        let episodes = (cuts + Self.cutsPerEpisode - 1) / Self.cutsPerEpisode
        for seed in options.seed..<(options.seed + UInt64(episodes)) {
            let episode = Episode(seed: seed, cuts: Self.cutsPerEpisode, root: root, flaw: flaw)
            do { try episode.run() } catch { return error }
            let done = (seed - options.seed + 1) * UInt64(Self.cutsPerEpisode)
            if done.isMultiple(of: 10_000) {
                print("so far \(done) power cuts")
                fflush(nil)
            }
        }
        return nil
    }

    private func bite() throws {
        for flaw in Self.teeth {
            guard let failure = live(cuts: Self.patience, with: flaw) else {
                throw Violation("\(flaw) was not caught within \(Self.patience) power cuts")
            }
            try require(failure.cut > 0, "\(flaw): \(failure.reason), before anybody had worked")
            print("\(flaw): caught by seed \(failure.seed), cut \(failure.cut): \(failure.reason)")
        }
        print("promise: power-cut-teeth count=\(Self.teeth.count)")
    }
}

struct FaultyDiskReport {
    let text: String

    init(_ counts: FaultyDiskCounts) {
        text = """
            \(counts.cuts) power cuts in \(counts.writes) writes and \(counts.syncs) syncs. Of what was not synced \
            \(counts.kept) operations survived, \(counts.dropped) did not, \(counts.torn) were torn \
            (\(counts.garbled) sectors of garbage); \(counts.entries) files came back or went.
            """
    }
}
