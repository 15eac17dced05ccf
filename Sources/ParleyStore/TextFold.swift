internal import Foundation
internal import GRDB

/// Text without its case and diacritics, for comparisons.
enum TextFold {
    /// The function's name in SQL.
    static let function = "parley_fold"

    /// As FTS5's `unicode61 remove_diacritics 2` does it: Latin letters lose their diacritics, Cyrillic ones
    /// keep theirs (и and й are two letters).
    static func fold(_ text: String) -> String {
        var folded: [UInt8] = []
        var text = text
        text.withUTF8 { fold(UnsafeRawBufferPointer($0), into: &folded) }
        return String(decoding: folded, as: UTF8.self)
    }

    /// The same for UTF-8, of which most is ASCII.
    static func fold(_ text: UnsafeRawBufferPointer, into folded: inout [UInt8]) {
        folded.reserveCapacity(folded.count + text.count)
        var start = 0
        while start < text.count {
            let foreign = text[start...].firstIndex { $0 >= 0x80 } ?? text.count
            folded.append(
                contentsOf: text[start..<foreign].lazy.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 })
            start = text[foreign...].firstIndex { $0 < 0x80 } ?? text.count
            if start > foreign {
                fold(String(decoding: text[foreign..<start], as: UTF8.self), onto: &folded)
            }
        }
    }

    private static func fold(_ foreign: String, onto folded: inout [UInt8]) {
        for scalar in foreign.unicodeScalars {
            switch scalar.value {
            case 0x300...0x36F: continue
            case 0x400...0x45F: append(cyrillic: scalar.value, to: &folded)
            case 0x460...0x52F: folded.append(contentsOf: String(scalar).lowercased().utf8)
            default:
                let plain = String(scalar).folding(
                    options: [.caseInsensitive, .diacriticInsensitive], locale: nil)
                folded.append(contentsOf: plain.utf8)
            }
        }
    }

    private static func append(cyrillic scalar: UInt32, to folded: inout [UInt8]) {
        let small = scalar < 0x410 ? scalar + 0x50 : scalar < 0x430 ? scalar + 0x20 : scalar
        folded.append(UInt8(0xC0 | small >> 6))
        folded.append(UInt8(0x80 | small & 0x3F))
    }

    static func install(in db: Database) {
        db.add(
            function: DatabaseFunction(function, argumentCount: 1, pure: true) { values in
                String.fromDatabaseValue(values[0]).map(fold)
            })
    }
}
