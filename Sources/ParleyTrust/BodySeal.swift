import Crypto
import Foundation
package import ParleyCore

/// Seals and opens the packed bodies of one device under one epoch. Deriving its key costs about as much as
/// sealing a small body, so whoever seals many keeps it.
///
///     +-------+=================================================+-----+
///     | nonce |  sealed: size varint, packed body, zero bytes   | tag |
///     |  12   |  a multiple of 16, 64 or 256 bytes by its size  | 16  |
///     +-------+=================================================+-----+
///
/// The header's bytes, which name the size of all this, are bound to it.
package struct BodySeal: Sendable {
    private let key: SymmetricKey

    /// - Parameters:
    ///   - epochKey: of the epoch that the header names.
    ///   - device: whose chain the changeset is of.
    package init(under epochKey: Secret, of device: DeviceID) {
        key = Label.bodyKey.symmetricKey(from: epochKey, device.number.bigEndianBytes)
    }

    /// Bytes of a stored body with a packed body of `size` bytes: what its header says.
    package static func sealedSize(ofPacked size: Int) -> Int {
        Cipher.nonceSize + Padding.padded(size) + Cipher.tagSize
    }

    /// - Parameters:
    ///   - header: its encoding, up to and with the size that ``sealedSize(ofPacked:)`` gives.
    ///   - nonce: 12 random bytes, never derived: a copied or restored chain would repeat them.
    package func seal(
        _ packed: [UInt8], header: [UInt8], nonce: [UInt8]
    ) throws(TrustError) -> [UInt8] {
        nonce + (try Cipher.seal(Padding.pad(packed), under: key, nonce: nonce, binding: header))
    }

    /// - Parameters:
    ///   - bytes: a whole changeset.
    ///   - range: of the body in it; what stands before it is the header.
    /// - Returns: the packed body, or nil where this key does not open it.
    /// - Throws: where the key opens it and what it holds has no right form.
    package func open(
        _ bytes: [UInt8], in range: Range<Int>
    ) throws(MalformedBytes) -> [UInt8]? {
        guard range.count >= Cipher.nonceSize + Cipher.tagSize else { return nil }
        let sealed = bytes[range].dropFirst(Cipher.nonceSize)
        let nonce = bytes[range].prefix(Cipher.nonceSize)
        guard
            let plain = Cipher.open(
                sealed, under: key, nonce: nonce, binding: bytes[..<range.lowerBound])
        else { return nil }
        return try Padding.strip(plain)
    }
}

/// Hides the exact length of a body. Between 512 and 4,096 bytes the units of Padmé (Nikitin et al. 2019) are 32 to
/// 128 bytes; 256 there cost a changeset of 64 writes 2 bytes a write.
enum Padding {
    private static let middleUnit = 64
    private static let formerMiddleUnit = 256

    static func padded(_ size: Int) -> Int {
        var length: [UInt8] = []
        length.append(varint: UInt64(size))
        return rounded(length.count + size)
    }

    private static func rounded(_ size: Int, middleUnit: Int = middleUnit) -> Int {
        let unit = size > 4096 ? 256 : size > 512 ? middleUnit : 16
        return (size + unit - 1) / unit * unit
    }

    static func pad(_ content: [UInt8]) -> [UInt8] {
        let whole = padded(content.count)
        var plain: [UInt8] = []
        plain.reserveCapacity(whole)
        plain.append(varint: UInt64(content.count))
        plain.append(contentsOf: content)
        plain.append(contentsOf: repeatElement(0, count: whole - plain.count))
        return plain
    }

    /// Takes the former padding too: stores hold it.
    static func strip(_ plain: [UInt8]) throws(MalformedBytes) -> [UInt8] {
        var reader = ByteReader(plain)
        let content = try reader.take(
            try reader.length(atMost: ChangesetHeader.longestBody, "packed size"), "packed body")
        let size = plain.count - reader.remaining
        let wholes = [rounded(size), rounded(size, middleUnit: formerMiddleUnit)]
        guard wholes.contains(plain.count) else {
            throw reader.failure(.trailing, "padding")
        }
        while !reader.isAtEnd {
            guard try reader.byte("padding") == 0 else { throw reader.failure(.notAllowed, "padding") }
        }
        return content
    }
}
