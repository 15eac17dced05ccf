internal import Foundation
internal import ParleyCore

/// Runs seeds, one after the other, and says what came of them.
struct Simulation {
    let options: Options
    private let root: String

    init(_ options: Options) {
        self.options = options
        let memory = "/dev/shm"
        let base = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
        root = base + "/parley-simulate-\(getpid())"
    }

    /// - Returns: the exit code: 0 if all seeds held, 1 if one did not.
    func run() throws -> Int32 {
        if options.listsFlaws {
            for flaw in Self.flaws { print(flaw.rawValue) }
            return 0
        }
        guard plant() else {
            print("flaws exist in a build with --traits PlantedFlaws alone")
            return 64
        }
        mkdir(root, 0o700)
        defer { try? FileManager.default.removeItem(atPath: root) }
        return try runSeeds()
    }

    /// Flaws that this harness must see. The others are the power-cut harness's.
    static let flaws = Flaw.allCases.filter { ![.synchronousNormal, .acknowledgedBeforeCommit].contains($0) }

    private func plant() -> Bool {
        #if PlantedFlaws
            Flaw.planted = options.flaw
            return true
        #else
            return options.flaw == nil
        #endif
    }

    private func runSeeds() throws -> Int32 {
        let began = Date()
        let templates = try (0..<4).map { try Template.make(variant: $0, in: root + "/template\($0)") }
        let seats = try Seats(in: root + "/seat", for: templates)
        let serverSeats = try templates.enumerated().map { number, template in
            try ServerSeat(template, in: root + "/server\(number)")
        }
        var tally = Tally()
        var digest = StableHash()
        for seed in stride(
            from: options.seeds.lowerBound, through: options.seeds.upperBound, by: Int(options.stride))
        {
            let journal = Journal(prints: options.isReplay)
            let folder = root + "/\(seed)"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let variant = Int(seed % 4)
            do {
                seats.clear()
                let run = try Run(
                    seed: seed, template: templates[variant], seats: seats, serverSeat: serverSeats[variant],
                    root: folder, journal: journal)
                defer { tally.add(run.tally) }
                try run.play()
                digest.add(journal.digest)
            } catch let failure as Failure {
                report(seed, failure)
                return 1
            }
            if options.isReplay { print("digest \(journal.digest)") }
            if tally[.seeds].isMultiple(of: Self.stretch) { say(upTo: seed, tally, digest, since: began) }
        }
        if !tally[.seeds].isMultiple(of: Self.stretch) {
            say(upTo: options.seeds.upperBound, tally, digest, since: began)
        }
        for line in tally.lines { print(line) }
        return 0
    }

    /// A long run says after so many seeds how far it has come, so that it may be cut.
    private static let stretch = 1000

    private func say(upTo seed: UInt64, _ tally: Tally, _ digest: StableHash, since began: Date) {
        let count = tally[.seeds]
        let pace = Int(Double(count) / Date().timeIntervalSince(began))
        let line =
            "seeds \(options.seeds.lowerBound)..\(seed): \(count) held, digest "
            + String(digest.value, radix: 16) + ", \(pace) seeds/s\n"
        FileHandle.standardOutput.write(Data(line.utf8))
    }

    private func report(_ seed: UInt64, _ failure: Failure) {
        let flaw = options.flaw.map { " --flaw \($0.rawValue)" } ?? ""
        print("seed \(seed) fails: \(failure.check): \(failure.detail)")
        print("replay: Scripts/simulate --seed \(seed)\(flaw)")
    }
}
