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
        uuid { name in
            name.append(varint: UInt64(kind))
            name.append(0)
            name.append(contentsOf: canonical(key).utf8)
        }
    }

    /// The link between two records.
    package static func link(from: RecordID, relation: String, to: RecordID) -> RecordID {
        let linkKind = Schema.assessments[name: "link"]?.tag ?? 0
        return uuid { name in
            name.append(varint: UInt64(linkKind))
            name.append(0)
            name.append(uint128: from.number)
            name.append(contentsOf: relation.utf8)
            name.append(uint128: to.number)
        }
    }

    /// A UUID of other names, such as those of exported objects. No record's name begins as these do.
    package static func named(_ name: [UInt8]) -> RecordID { uuid { $0 += name } }

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
        let isPlain = { (bytes: UnsafeBufferPointer<UInt8>) in
            bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && !($0 > 0x40 && $0 < 0x5B) }
        }
        return key.withContiguousStorageIfAvailable(isPlain) ?? false
    }

    /// - Parameter append: the name; of a record the kind's tag as a varint, a NUL, and what follows.
    private static func uuid(_ append: (inout [UInt8]) -> Void) -> RecordID {
        var name = namespace
        name.reserveCapacity(128)
        append(&name)
        let hash = Insecure.SHA1.hash(data: name).withUnsafeBytes {
            UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self))
        }
        // The version, 5, and the variant.
        let fixed: UInt128 = 0xF000 << 64 | 0xC000 << 48
        return RecordID(hash & ~fixed | 0x5000 << 64 | 0x8000 << 48)
    }
}
