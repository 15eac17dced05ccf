internal import Crypto
internal import Foundation
package import ParleyCore

/// Ids of records that several sites may make while apart: UUID version 5 (RFC 9562, section 5.5) in a
/// namespace of our own, so that all of them make the same record.
package enum DerivedID {
    /// Fixed for ever: the namespace for names of Parley records.
    package static let namespace: [UInt8] = [
        0x6E, 0x1B, 0x3A, 0x52, 0x8C, 0x0D, 0x4F, 0x7E, 0x9A, 0x41, 0x2D, 0x93, 0xB5, 0xF0, 0x17, 0xC8,
    ]

    /// The record of a kind that holds an external key, `system:native-id`.
    package static func record(kind: UInt32, key: String) -> RecordID {
        uuid(name: tag(kind) + Array(canonical(key).utf8))
    }

    /// The link between two records.
    package static func link(from: RecordID, relation: String, to: RecordID) -> RecordID {
        let linkKind = Schema.assessments[name: "link"]?.tag ?? 0
        return uuid(
            name: tag(linkKind) + from.number.bigEndianBytes + Array(relation.utf8) + to.number.bigEndianBytes
        )
    }

    /// A UUID of other names, such as those of exported objects. No record's name begins as these do.
    package static func named(_ name: [UInt8]) -> RecordID { uuid(name: name) }

    /// The canonical form of an external key: NFC, trimmed, ASCII capitals of its system made small.
    /// By code points, so that any language can do the same; no other letter changes.
    package static func canonical(_ key: String) -> String {
        if isCanonical(key.utf8) { return key }
        let spaces: [Unicode.Scalar] = [" ", "\t", "\n", "\r"]
        let composed = key.precomposedStringWithCanonicalMapping.unicodeScalars
        var scalars = Array(composed.drop(while: spaces.contains))
        while let last = scalars.last, spaces.contains(last) { scalars.removeLast() }
        for index in 0..<(scalars.firstIndex(of: ":") ?? 0) where ("A"..."Z").contains(scalars[index]) {
            scalars[index] = Unicode.Scalar(UInt8(scalars[index].value + 32))
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// ASCII without blanks and without capitals is canonical as it stands; nearly all keys are.
    private static func isCanonical(_ key: String.UTF8View) -> Bool {
        key.allSatisfy { (0x21...0x7E).contains($0) && !(0x41...0x5A).contains($0) }
    }

    /// The kind's tag as a varint and a NUL.
    private static func tag(_ kind: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(kind))
        bytes.append(0)
        return bytes
    }

    private static func uuid(name: [UInt8]) -> RecordID {
        var bytes = Array(Insecure.SHA1.hash(data: namespace + name).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        return RecordID(UInt128(folding: bytes))
    }
}
