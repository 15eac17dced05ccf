package import ParleyCore

/// The name of a STIX object: `TYPE--UUID`.
package struct StixID: Hashable, Sendable {
    package let text: String
    package let type: String

    package init?(_ text: String) {
        guard let dashes = text.firstRange(of: "--") else { return nil }
        let type = text[..<dashes.lowerBound]
        guard Self.isType(type), Self.isUUID(text[dashes.upperBound...].utf8) else { return nil }
        (self.text, self.type) = (text, String(type))
    }

    package init(type: String, _ id: RecordID) {
        (self.type, text) = (type, type + "--" + Self.uuid(id))
    }

    /// The key that a record of an imported object holds.
    package var key: String { "stix:" + text }

    /// Begins the object's UUID: enough to tell objects without a name apart.
    var short: String { String(text.dropFirst(type.count + 2).prefix(8)) }

    /// Version 5, as derived ids are: ours, and those of many cyber observables.
    var isDerived: Bool { text.dropFirst(type.count + 2).dropFirst(14).first == "5" }

    static func isType(_ text: some StringProtocol) -> Bool {
        (1...250).contains(text.utf8.count)
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }

    private static func isUUID(_ text: Substring.UTF8View) -> Bool {
        text.count == 36
            && text.enumerated().allSatisfy { place, byte in
                [8, 13, 18, 23].contains(place)
                    ? byte == 45 : Character(Unicode.Scalar(byte)).isHexDigit
            }
    }

    static func uuid(_ id: RecordID) -> String {
        var text = Array(id.number.bigEndianBytes.hex.utf8)
        for place in [20, 16, 12, 8] { text.insert(45, at: place) }
        return String(decoding: text, as: UTF8.self)
    }
}

/// How names are derived, which needs a hash that this module does not have.
package struct StixNames: Sendable {
    package let record: @Sendable (UInt32, String) -> RecordID
    let derived: @Sendable ([UInt8]) -> RecordID

    /// - Parameters:
    ///   - record: the id of the record that an import of a key makes.
    ///   - derived: a UUID of version 5 of other names.
    package init(
        record: @escaping @Sendable (UInt32, String) -> RecordID,
        derived: @escaping @Sendable ([UInt8]) -> RecordID
    ) {
        (self.record, self.derived) = (record, derived)
    }

    func uuid(_ parts: [UInt8]...) -> RecordID {
        derived(Array("stix\0".utf8) + parts.joined(separator: [0]))
    }

    /// The UUID under which a record of ours is exported.
    func uuid(of record: RecordID) -> RecordID { uuid(record.number.bigEndianBytes) }
}
