import Foundation
import Glibc
import ParleyFuzz

#if Fuzzing

    /// The target that this process runs: `PARLEY_FUZZ_TARGET`.
    private let target: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["PARLEY_FUZZ_TARGET"] ?? ""
        guard let target = FuzzTarget.named(name) else {
            give("PARLEY_FUZZ_TARGET is one of \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
        }
        return target
    }()

    private let seeds = (try? target.seeds()) ?? []

    private func give(_ reason: String) -> Never {
        FileHandle.standardError.write(Data((reason + "\n").utf8))
        abort()
    }

    @_cdecl("LLVMFuzzerTestOneInput")
    public func testOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
        do { _ = try target.check(Array(UnsafeBufferPointer(start: data, count: size))) } catch {
            give("\(error)")
        }
        return 0
    }

    @_silgen_name("LLVMFuzzerMutate")
    private func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ longest: Int) -> Int

    /// libFuzzer's own mutations and ours, one time in two repaired so that they get deep.
    @_cdecl("LLVMFuzzerCustomMutator")
    public func customMutator(
        _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ longest: Int, _ seed: CUnsignedInt
    ) -> Int {
        let count = seed & 2 == 0 ? mutate(data, size, longest) : size
        var bytes = Array(UnsafeBufferPointer(start: data, count: count))
        if seed & 2 != 0 {
            var mutator = Mutator(seed: UInt64(seed))
            bytes = mutator.mutated(bytes, with: seeds)
        }
        if seed & 1 == 0 { bytes = target.repair(bytes) }
        bytes = Array(bytes.prefix(longest))
        for (index, byte) in bytes.enumerated() { data[index] = byte }
        return bytes.count
    }

#else

    /// Without libFuzzer: writes a target's seeds into a folder, or runs files through it, one after the other.
    @main
    enum Fuzzer {
        static func main() throws {
            let words = CommandLine.arguments.dropFirst()
            guard let name = words.dropFirst().first, let target = FuzzTarget.named(name), words.count > 2
            else {
                print("usage: parley-fuzz seeds TARGET FOLDER\n       parley-fuzz run TARGET FILE..")
                exit(64)
            }
            for path in words.dropFirst(2) {
                guard words.first == "seeds" else {
                    let taken = try target.check(Array(Data(contentsOf: URL(filePath: path))))
                    print("\(path): \(taken ? "taken" : "refused")")
                    continue
                }
                for (index, seed) in try target.seeds().enumerated() {
                    try Data(seed).write(to: URL(filePath: path).appending(path: "seed-\(index)"))
                }
            }
        }
    }

#endif
