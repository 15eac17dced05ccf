import Foundation
import ParleyFuzz
import Testing

/// What the fuzzers do by the million, here by the thousand in every run: see `Scripts/fuzz`.
@Suite("Bytes from strangers")
struct FuzzTests {
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../FuzzCorpus").standardizedFileURL
    private static let mutations = 1500

    private static func files(_ name: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: corpus.appending(path: name), includingPropertiesForKeys: nil
        ).sorted { $0.path < $1.path }
    }

    @Test("every input of the corpus keeps every promise", arguments: FuzzTarget.all.map(\.name))
    func corpus(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let files = try Self.files(name)
        var taken = 0
        for file in files {
            do {
                if try target.check(Array(Data(contentsOf: file))) { taken += 1 }
            } catch { Issue.record("\(name)/\(file.lastPathComponent): \(error)") }
        }
        #expect(taken > 0, "nothing of the corpus is taken as well-formed")
        print("promise: fuzz-corpus count=\(files.count)")
    }

    @Test("no folder of the corpus is without a target")
    func folders() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
        #expect(Set(names) == Set(FuzzTarget.all.map(\.name)))
    }

    @Test("mutated inputs, one in two repaired so that it gets deep", arguments: FuzzTarget.all.map(\.name))
    func mutated(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let seeds = try target.seeds()
        for seed in seeds {
            do { _ = try target.check(seed) } catch { Issue.record("\(name), a seed: \(error)") }
        }
        var mutator = Mutator(seed: 1)
        var taken = 0
        for number in 0..<Self.mutations {
            let input = mutator.mutated(seeds[mutator.below(seeds.count)], with: seeds)
            let bytes = number.isMultiple(of: 2) ? target.repair(input) : input
            do {
                if try target.check(bytes) { taken += 1 }
            } catch { Issue.record("\(name), \(hex(bytes)): \(error)") }
        }
        #expect(taken > Self.mutations / 200, "\(taken) of \(Self.mutations) were taken as well-formed")
        print("promise: fuzz-mutations count=\(Self.mutations)")
        print("promise: fuzz-mutations-taken count=\(taken)")
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
