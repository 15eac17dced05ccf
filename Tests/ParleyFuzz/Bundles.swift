import ParleyClient
import ParleyCore
import ParleyProtocol

extension FuzzTarget {
    /// Input: which pieces, then a file that says it is a bundle.
    static let bundles = FuzzTarget(
        "bundles", seeds: { try bundleSeeds() },
        repair: { Array($0.prefix(1)) + Framing.repaired($0.dropFirst()) },
        check: { input in
            guard let pattern = input.first else { return false }
            let file = Array(input.dropFirst())
            let whole = read(file, 0)
            let pieces = read(file, pattern)
            // Where a fault is found may depend on the pieces; that one is, and what came before, may not.
            try hold((whole.fault == nil) == (pieces.fault == nil), "pieces differ: \(whole) and \(pieces)")
            if whole.fault == nil { try hold(whole == pieces, "pieces give other messages") }
            try frontier(of: file, isWhole: whole.fault == nil)
            return whole.fault == nil
        })

    private struct BundleReading: Equatable {
        var messages: [Message] = []
        var fault: BundleError?
    }

    private static func read(_ file: [UInt8], _ pattern: UInt8) -> BundleReading {
        var reader = BundleReader()
        var reading = BundleReading()
        do throws(BundleError) {
            for piece in file.pieces(pattern) { reading.messages += try reader.take(piece) }
            try reader.finish()
        } catch { reading.fault = error }
        return reading
    }

    /// What `bundle create --since` asks of a file: an answer, or an error of bundles.
    private static func frontier(of file: [UInt8], isWhole: Bool) throws {
        do {
            _ = try BundleReader.frontier { try $0(file[...]) }
            try hold(isWhole, "a frontier of a bundle that cannot be read")
        } catch let error as Violation { throw error } catch {
            try hold(error is BundleError, "an error that is none of a bundle: \(error)")
        }
    }

    private static func bundleSeeds() throws -> [[UInt8]] {
        let preface = try Golden.vectors("bundle-preface").first ?? []
        let frames = try Golden.vectors("message").filter { $0.count > 4 }
        func kind(_ number: UInt8) -> [UInt8] { frames.first { $0[4] == number } ?? [] }
        let whole = preface + kind(4) + kind(3) + kind(5) + kind(8)
        return [
            [0] + whole, [9] + preface + kind(4) + kind(8), [1] + preface, [40] + whole + whole,
            [3] + kind(4),
        ]
    }
}
