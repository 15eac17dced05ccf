import Foundation
import ParleyClient

/// The machine's clock and randomness, which only the commands read.
enum SystemAmbient {
    static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    static let ambient = Ambient(now: now, random: random)
}
