internal import ParleyCore

/// What people compare of a channel key: the first 100 bits of its labelled hash, as five groups of four
/// characters. Nobody finds another key with the same.
package struct KeyFingerprint: Hashable, Sendable, CustomStringConvertible {
    /// `7KQ2-0F3M-..`
    package let description: String

    /// - Parameter key: a channel key, 32 bytes.
    package init(_ key: [UInt8]) {
        let letters = Array(Crockford.encode(Label.fingerprint.hash(key)).prefix(20))
        description = stride(from: 0, to: 20, by: 4).map { String(letters[$0..<$0 + 4]) }
            .joined(separator: "-")
    }
}

extension DevicePublicKeys {
    package var fingerprint: KeyFingerprint { KeyFingerprint(channel) }
}
