internal import CFaultyDisk
internal import Foundation
internal import ParleyCore

/// Numbers from the command line: `--cuts N --seed S --flaw NAME`.
struct Options {
    var cuts = 500
    var seed: UInt64 = 1
    var flaw: String?

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { break }
            switch name {
            case "--cuts": cuts = Int(value) ?? cuts
            case "--seed": seed = UInt64(value) ?? seed
            case "--flaw": flaw = value
            default: break
            }
        }
    }
}

let options = Options(Array(CommandLine.arguments.dropFirst()))
_ = faulty_disk_install()
let root = "/dev/shm/parley-powercut-\(ProcessInfo.processInfo.processIdentifier)"
#if PlantedFlaws
Flaw.planted = options.flaw.flatMap { Flaw(rawValue: $0) }
#endif
var done = 0
var seed = options.seed
while done < options.cuts {
    do { try Episode(seed: seed, cuts: 20, root: root).run() } catch {
        print("seed \(error.seed), cut \(error.cut): \(error.reason)")
        for line in error.story.suffix(30) { print("  " + line) }
        exit(1)
    }
    done += 20
    seed += 1
}
try? FileManager.default.removeItem(atPath: root)
let counts = faulty_disk_counts()
print("promise: power-cuts count=\(counts.cuts)")
print(counts)
